package jinja

import "strings"

// jump says how a statement ended.
type jump uint8

const (
	jumpNone jump = iota
	jumpBreak
	jumpContinue
)

// stmt is a statement; exec is called by state.exec only, which counts.
type stmt interface{ exec(st *state) jump }

type (
	textStmt  struct{ text string }
	printStmt struct {
		line int
		e    expr
	}
	printStmts struct{ list []*printStmt }
	branch     struct {
		line int
		test expr
		body []stmt
	}
	ifStmt struct {
		branches  []branch
		otherwise []stmt
	}
	setStmt struct {
		line   int
		target target
		e      expr
	}
	setBlockStmt struct {
		line   int
		target target
		filter expr // may be nil
		body   []stmt
	}
	filterStmt struct {
		line   int
		filter expr
		body   []stmt
	}
	withStmt struct {
		targets []target
		values  []expr
		body    []stmt
	}
	scopeStmt struct{ body []stmt }
	blockStmt struct {
		name   string
		scoped bool
		body   []stmt
	}
	jumpStmt  struct{ jump jump }
	macroStmt struct {
		id int
		m  *macroNode
	}
	callStmt struct {
		line int
		call *callExpr
		m    *macroNode
	}
)

// target is what a value is assigned to.
type target interface{ assign(st *state, v any) }

type (
	nameTarget struct{ id int }
	nsTarget   struct {
		line, id int
		attr     string
	}
	tupleTarget struct {
		line  int
		items []target
	}
)

func (t *nameTarget) assign(st *state, v any) { st.set(t.id, v) }

func (t *nsTarget) assign(st *state, v any) {
	st.line = t.line
	ns, ok := st.lookup(t.id).(*namespace)
	if !ok {
		st.fail("%q is no namespace, its attributes cannot be assigned", st.template.names[t.id])
	}
	ns.dict.set(st, t.attr, v)
}

func (t *tupleTarget) assign(st *state, v any) {
	values := st.unpack(v, len(t.items), t.line)
	for i, item := range t.items {
		item.assign(st, values[i])
	}
}

// unpack takes exactly n elements.
func (st *state) unpack(v any, n, line int) []any {
	st.line = line
	it := st.iterate(v)
	values := make([]any, 0, n)
	for e, ok := it.next(); ok; e, ok = it.next() {
		if len(values) == n {
			st.fail("too many values to unpack: %d are expected", n)
		}
		values = append(values, e)
	}
	if len(values) < n {
		st.fail("too few values to unpack: %d, and %d are expected", len(values), n)
	}
	return values
}

func (s *textStmt) exec(st *state) jump {
	st.write(s.text)
	return jumpNone
}

func (s *printStmt) exec(st *state) jump {
	st.line = s.line
	v := st.eval(s.e)
	st.write(st.str(v))
	return jumpNone
}

func (s *printStmts) exec(st *state) jump {
	for _, p := range s.list {
		p.exec(st)
	}
	return jumpNone
}

func (s *ifStmt) exec(st *state) jump {
	for i := range s.branches {
		b := &s.branches[i]
		st.line = b.line
		if st.truth(st.eval(b.test)) {
			return st.exec(b.body)
		}
	}
	return st.exec(s.otherwise)
}

func (s *setStmt) exec(st *state) jump {
	st.line = s.line
	s.target.assign(st, st.eval(s.e))
	return jumpNone
}

// capture runs a body in a scope of its own and returns what it wrote. A body
// that breaks out of the loop around it writes nothing.
func (st *state) capture(body []stmt, then func(text string)) jump {
	out := st.out
	st.out = &strings.Builder{}
	st.scope = &scope{parent: st.scope}
	j := st.exec(body)
	text := st.out.String()
	st.out = out
	if j == jumpNone {
		then(text)
	}
	st.scope = st.scope.parent
	return j
}

func (s *setBlockStmt) exec(st *state) jump {
	return st.capture(s.body, func(text string) {
		st.line = s.line
		var v any = text
		if s.filter != nil {
			v = st.filterText(s.filter, text)
		}
		inner := st.scope
		st.scope = inner.parent
		s.target.assign(st, v)
		st.scope = inner
	})
}

func (s *filterStmt) exec(st *state) jump {
	return st.capture(s.body, func(text string) {
		st.line = s.line
		st.write(st.needText("a filter block", st.filterText(s.filter, text)))
	})
}

// filterText applies filters that follow a block to its text.
func (st *state) filterText(filter expr, text string) any {
	captured := st.captured
	st.captured = text
	v := st.eval(filter)
	st.captured = captured
	return v
}

func (s *withStmt) exec(st *state) jump {
	outer := st.scope
	inner := &scope{parent: outer}
	for i, t := range s.targets {
		st.scope = outer
		v := st.eval(s.values[i])
		st.scope = inner
		t.assign(st, v)
	}
	st.scope = inner
	j := st.exec(s.body)
	st.scope = outer
	return j
}

func (s *scopeStmt) exec(st *state) jump {
	st.scope = &scope{parent: st.scope}
	st.exec(s.body)
	st.scope = st.scope.parent
	return jumpNone
}

// A block sees the template's variables, and those around it only if scoped.
func (s *blockStmt) exec(st *state) jump {
	outer := st.scope
	st.scope = &scope{}
	if s.scoped {
		st.scope.parent = outer
	}
	st.exec(s.body)
	st.scope = outer
	return jumpNone
}

func (s *jumpStmt) exec(*state) jump { return s.jump }

func (s *macroStmt) exec(st *state) jump {
	st.set(s.id, &macro{s.m, st.scope})
	return jumpNone
}

func (s *callStmt) exec(st *state) jump {
	st.line = s.line
	v := st.callWith(s.call, &macro{s.m, st.scope})
	st.write(st.needText("a call block", v))
	return jumpNone
}
