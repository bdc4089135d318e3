package jinja

import (
	"fmt"
	"strings"
)

// state is one rendering.
type state struct {
	template *Template
	lib      *library
	left     budget
	line     int // of what is evaluated, for errors
	out      *strings.Builder
	root     []any  // the template's variables by number; missing where there is none
	scope    *scope // of the innermost block, nil at the template's own level
	captured any    // the text that a filter block's filters begin with
}

// scope holds the variables of a block; there are few, so a list will do.
type scope struct {
	parent *scope
	vars   []variable
}

type variable struct {
	id    int
	value any
}

type missingType struct{}

// missing stands where there is no value, not even an undefined one.
var missing any = missingType{}

func (st *state) fail(format string, args ...any) {
	panic(&Error{st.line, fmt.Sprintf(format, args...)})
}

func (st *state) lookup(id int) any {
	for s := st.scope; s != nil; s = s.parent {
		for i := range s.vars {
			if s.vars[i].id == id {
				return s.vars[i].value
			}
		}
	}
	return st.root[id]
}

func (st *state) set(id int, v any) {
	if st.scope == nil {
		st.root[id] = v
		return
	}
	st.scope.set(id, v)
}

func (s *scope) set(id int, v any) {
	for i := range s.vars {
		if s.vars[i].id == id {
			s.vars[i].value = v
			return
		}
	}
	s.vars = append(s.vars, variable{id, v})
}

func (st *state) eval(e expr) any {
	st.left.steps--
	if st.left.steps < 0 {
		st.work(0)
	}
	st.deeper()
	v := e.eval(st)
	st.left.depth--
	return v
}

// exec runs statements until one jumps.
func (st *state) exec(body []stmt) jump {
	st.deeper()
	for _, s := range body {
		st.work(1)
		if j := s.exec(st); j != jumpNone {
			st.left.depth--
			return j
		}
	}
	st.left.depth--
	return jumpNone
}

// write appends to the text, or to the block or macro that is captured.
func (st *state) write(s string) {
	if len(s) > st.left.output {
		st.fail("the text is longer than %d bytes", maxOutput)
	}
	st.left.output -= len(s)
	st.alloc(len(s))
	st.out.WriteString(s)
}

// join joins strings, counting the result before it is made.
func (st *state) join(parts []string, separator string) string {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	st.alloc(n)
	st.repeated(len(separator), len(parts)-1)
	return strings.Join(parts, separator)
}
