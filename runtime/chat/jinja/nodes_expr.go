package jinja

// expr is an expression; eval is called by state.eval only, which counts.
type expr interface{ eval(st *state) any }

type (
	constExpr  struct{ value any }
	nameExpr   struct{ id int }
	tupleExpr  struct{ items []expr }
	listExpr   struct{ items []expr }
	concatExpr struct {
		line  int
		items []expr
	}
	dictExpr struct {
		line         int
		keys, values []expr
	}
	// nsRefExpr is a namespace's attribute, as something to assign to.
	nsRefExpr struct {
		line, id int
		attr     string
	}
	condExpr struct {
		line                   int
		test, value, otherwise expr
	}
	orExpr   struct{ left, right expr }
	andExpr  struct{ left, right expr }
	notExpr  struct{ e expr }
	signExpr struct {
		line     int
		negative bool
		e        expr
	}
	binaryExpr struct {
		line        int
		op          string
		left, right expr
	}
	operand struct {
		op string
		e  expr
	}
	compareExpr struct {
		line     int
		first    expr
		operands []operand
	}
	attrExpr struct {
		line int
		e    expr
		name string
	}
	itemExpr struct {
		line int
		e    expr
		item expr
	}
	sliceExpr struct{ start, stop, step expr }
	keyword   struct {
		name  string
		value expr
	}
	arguments struct {
		positional []expr
		keywords   []keyword
		list, dict expr // *list and **dict
	}
	callExpr struct {
		line int
		e    expr
		args arguments
	}
	filterExpr struct {
		line int
		name string
		f    *function
		e    expr // nil: what the filter's block has written
		args arguments
	}
	testExpr struct {
		line int
		name string
		f    *function
		e    expr
		args arguments
	}
)

func (e *constExpr) eval(*state) any { return e.value }

func (e *nameExpr) eval(st *state) any {
	if v := st.lookup(e.id); v != missing {
		return v
	}
	name := st.template.names[e.id]
	if name == "self" {
		st.fail("self is not supported: blocks cannot be called")
	}
	return &undefined{name: name}
}

func (e *nsRefExpr) eval(st *state) any {
	st.line = e.line
	st.fail("%q is no expression", e.attr)
	return nil
}

func (st *state) evalAll(list []expr) []any {
	st.elements(len(list))
	values := make([]any, len(list))
	for i, e := range list {
		values[i] = st.eval(e)
	}
	return values
}

func (e *tupleExpr) eval(st *state) any { return tuple(st.evalAll(e.items)) }

func (e *listExpr) eval(st *state) any { return st.evalAll(e.items) }

func (e *dictExpr) eval(st *state) any {
	d := NewDict()
	for i, key := range e.keys {
		k := st.eval(key)
		v := st.eval(e.values[i])
		st.line = e.line
		d.set(st, k, v)
	}
	return d
}

func (e *concatExpr) eval(st *state) any {
	parts := make([]string, len(e.items))
	n := 0
	for i, item := range e.items {
		parts[i] = st.str(st.eval(item))
		n += len(parts[i])
	}
	st.line = e.line
	return st.join(parts, "")
}

func (e *condExpr) eval(st *state) any {
	if st.truth(st.eval(e.test)) {
		return st.eval(e.value)
	}
	if e.otherwise != nil {
		return st.eval(e.otherwise)
	}
	return &undefined{hint: "the conditional expression is false and has no else"}
}

func (e *orExpr) eval(st *state) any {
	if v := st.eval(e.left); st.truth(v) {
		return v
	}
	return st.eval(e.right)
}

func (e *andExpr) eval(st *state) any {
	if v := st.eval(e.left); !st.truth(v) {
		return v
	}
	return st.eval(e.right)
}

func (e *notExpr) eval(st *state) any { return !st.truth(st.eval(e.e)) }

func (e *signExpr) eval(st *state) any {
	v := st.eval(e.e)
	st.line = e.line
	return st.sign(v, e.negative)
}

func (e *binaryExpr) eval(st *state) any {
	left := st.eval(e.left)
	right := st.eval(e.right)
	st.line = e.line
	return st.binary(e.op, left, right)
}

func (e *compareExpr) eval(st *state) any {
	left := st.eval(e.first)
	for _, o := range e.operands {
		right := st.eval(o.e)
		st.line = e.line
		if !st.compare(o.op, left, right) {
			return false
		}
		left = right
	}
	return true
}

func (e *attrExpr) eval(st *state) any {
	v := st.eval(e.e)
	st.line = e.line
	return st.attr(v, e.name)
}

func (e *itemExpr) eval(st *state) any {
	v := st.eval(e.e)
	if s, ok := e.item.(*sliceExpr); ok {
		return st.slice(v, s, e.line)
	}
	item := st.eval(e.item)
	st.line = e.line
	return st.item(v, item)
}

func (e *sliceExpr) eval(st *state) any {
	st.fail("a slice among several indices")
	return nil
}

func (e *callExpr) eval(st *state) any { return st.callWith(e, nil) }

// callWith calls with a further argument, the caller of a call block.
func (st *state) callWith(e *callExpr, caller any) any {
	f := st.eval(e.e)
	a := st.arguments(e.args, nil)
	if caller != nil {
		a.keywords = append(a.keywords, named{"caller", caller})
	}
	st.line = e.line
	return st.call(f, a)
}

func (e *filterExpr) eval(st *state) any {
	var v any
	if e.e != nil {
		v = st.eval(e.e)
	} else {
		v = st.captured
	}
	a := st.arguments(e.args, []any{v})
	st.line = e.line
	if e.f == nil {
		st.fail("no filter named %q", e.name)
	}
	return e.f.call(st, a)
}

func (e *testExpr) eval(st *state) any {
	a := st.arguments(e.args, []any{st.eval(e.e)})
	st.line = e.line
	if e.f == nil {
		st.fail("no test named %q", e.name)
	}
	return e.f.call(st, a)
}
