package jinja

import "strings"

type forStmt struct {
	line            int
	target          target
	iter            expr
	test            expr // may be nil
	recursive       bool
	body, otherwise []stmt
	loop            int // the number of the variable loop
}

// loop is the variable of that name: a loop's state.
type loop struct {
	over            any // what is iterated
	it              *iterator
	index           int // from 0; -1 before the first element
	depth           int
	size            int // -1 while it is not known
	before, current any
	after           any // the next element if it has been looked at, else missing
	changed         any // the values of the last call of changed()
	stmt            *forStmt
	scope           *scope // around the loop
}

func (s *forStmt) exec(st *state) jump {
	st.line = s.line
	over := st.eval(s.iter)
	if !s.recursive {
		s.run(st, over, 0)
		return jumpNone
	}
	out := st.out
	st.out = &strings.Builder{}
	s.run(st, over, 0)
	text := st.out.String()
	st.out = out
	st.write(text)
	return jumpNone
}

// run runs the loop over a value, in the scope where it stands.
func (s *forStmt) run(st *state, over any, depth int) {
	outer := st.scope
	l := &loop{over: over, it: st.iterate(over), index: -1, depth: depth, size: -1, after: missing, changed: missing, stmt: s, scope: outer}
	if s.test != nil {
		l.over, l.it = nil, s.filtered(st, l.it)
	}
	inner := &scope{parent: outer}
	whole := false // the body was run to its end
	for l.advance(st) {
		inner.vars = inner.vars[:0]
		inner.set(s.loop, l)
		st.scope = inner
		s.target.assign(st, l.current)
		st.work(1)
		j := st.exec(s.body)
		if j == jumpBreak {
			break
		}
		whole = whole || j == jumpNone
	}
	st.scope = outer
	if !whole && s.otherwise != nil { // also after breaks and continues only, as in jinja2
		st.scope = &scope{parent: outer}
		st.exec(s.otherwise)
		st.scope = outer
	}
}

// filtered yields the elements that pass the loop's test.
func (s *forStmt) filtered(st *state, it *iterator) *iterator {
	outer := st.scope
	return &iterator{"generator", func() (any, bool) {
		current := st.scope
		defer func() { st.scope = current }()
		for v, ok := it.next(); ok; v, ok = it.next() {
			st.scope = &scope{parent: outer}
			s.target.assign(st, v)
			if st.truth(st.eval(s.test)) {
				return v, true
			}
		}
		return nil, false
	}}
}

func (l *loop) advance(st *state) bool {
	v := l.after
	l.after = missing
	if v == missing {
		var ok bool
		if v, ok = l.it.next(); !ok {
			return false
		}
	}
	l.index++
	l.before, l.current = l.current, v
	return true
}

func (l *loop) peek() any {
	if l.after == missing {
		if v, ok := l.it.next(); ok {
			l.after = v
		}
	}
	return l.after
}

func (l *loop) length(st *state) int {
	if l.size >= 0 {
		return l.size
	}
	if l.over != nil {
		if n, ok := st.length(l.over); ok {
			l.size = n
			return n
		}
	}
	rest := st.list(l.it)
	l.it = iterateList("list_iterator", rest)
	l.size = len(rest) + l.index + 1
	if l.after != missing {
		l.size++
	}
	return l.size
}

func (l *loop) attribute(st *state, name string) (any, bool) {
	switch name {
	case "index":
		return int64(l.index + 1), true
	case "index0":
		return int64(l.index), true
	case "first":
		return l.index == 0, true
	case "last":
		return l.peek() == missing, true
	case "length":
		return int64(l.length(st)), true
	case "revindex":
		return int64(l.length(st) - l.index), true
	case "revindex0":
		return int64(l.length(st) - l.index - 1), true
	case "depth":
		return int64(l.depth + 1), true
	case "depth0":
		return int64(l.depth), true
	case "previtem":
		if l.index == 0 {
			return &undefined{hint: "there is no previous item"}, true
		}
		return l.before, true
	case "nextitem":
		if v := l.peek(); v != missing {
			return v, true
		}
		return &undefined{hint: "there is no next item"}, true
	}
	return nil, false
}

var loopMethods = map[string]*function{
	"cycle": {name: "cycle", raw: func(st *state, a callArgs) any {
		l, values := a.positional[0].(*loop), a.positional[1:]
		if len(values) == 0 || len(a.keywords) > 0 {
			st.fail("loop.cycle() takes values")
		}
		return values[l.index%len(values)]
	}},
	"changed": {name: "changed", raw: func(st *state, a callArgs) any {
		l, values := a.positional[0].(*loop), tuple(a.positional[1:])
		if l.changed != missing && st.equal(l.changed, values) {
			return false
		}
		l.changed = values
		return true
	}},
}

// recurse runs a recursive loop's body over a value and returns its text.
func (l *loop) recurse(st *state, over any) any {
	if !l.stmt.recursive {
		st.fail("only a loop with recursive can be called")
	}
	scope, out, line := st.scope, st.out, st.line
	st.scope, st.out = l.scope, &strings.Builder{}
	l.stmt.run(st, over, l.depth+1)
	text := st.out.String()
	st.scope, st.out, st.line = scope, out, line
	return text
}
