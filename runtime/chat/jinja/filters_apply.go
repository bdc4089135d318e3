package jinja

// filterMap applies a filter, or looks up an attribute.
func filterMap(st *state, a callArgs) any {
	value := st.operand("map", &a)
	var f func(v any) any
	attribute, ok := a.take("attribute")
	switch {
	case ok && len(a.positional) == 0:
		otherwise, _ := a.take("default")
		if len(a.keywords) > 0 {
			st.fail("map takes no argument %q", a.keywords[0].name)
		}
		p := st.path(attribute)
		f = func(v any) any { return st.follow(p, v, otherwise) }
	case len(a.positional) == 0:
		st.fail("map needs a filter's name")
	default:
		if ok {
			a.keywords = append(a.keywords, named{"attribute", attribute})
		}
		f = st.applying("filter", st.lib.filters, a)
	}
	it := st.iterateTrue(value)
	return &iterator{"generator", func() (any, bool) {
		v, ok := it.next()
		if !ok {
			return nil, false
		}
		st.work(1)
		return f(v), true
	}}
}

// operand takes the value that a filter is applied to.
func (st *state) operand(name string, a *callArgs) any {
	if len(a.positional) == 0 {
		st.fail("%s lacks a value", name)
	}
	v := a.positional[0]
	a.positional = a.positional[1:]
	return v
}

// iterateTrue iterates, and takes what is false for empty.
func (st *state) iterateTrue(v any) *iterator {
	if !st.truth(v) {
		return iterateList("generator", nil)
	}
	return st.iterate(v)
}

// applying returns the function that applies a filter or test given by name.
func (st *state) applying(what string, table map[string]*function, a callArgs) func(v any) any {
	name, rest := a.positional[0], a.positional[1:]
	return func(v any) any {
		key, ok := text(name)
		f := table[key]
		if f == nil || !ok {
			st.fail("no %s named %q", what, st.str(name))
		}
		args := append([]any{v}, rest...)
		return f.call(st, callArgs{args, a.keywords})
	}
}

// selecting is select, reject, selectattr and rejectattr.
func (st *state) selecting(a callArgs, byAttribute, keep bool) any {
	value := st.operand("select", &a)
	if !st.truth(value) {
		return iterateList("generator", nil)
	}
	var p path
	if byAttribute {
		if len(a.positional) == 0 {
			st.fail("selectattr needs an attribute's name")
		}
		p = st.path(a.positional[0])
		a.positional = a.positional[1:]
	}
	check := func(v any) any { return v }
	if len(a.positional) > 0 {
		check = st.applying("test", st.lib.tests, a)
	}
	it := st.iterate(value)
	return &iterator{"generator", func() (any, bool) {
		for v, ok := it.next(); ok; v, ok = it.next() {
			st.work(1)
			if st.truth(check(st.follow(p, v, nil))) == keep {
				return v, true
			}
		}
		return nil, false
	}}
}
