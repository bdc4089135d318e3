package jinja

// named is a keyword argument.
type named struct {
	name  string
	value any
}

// callArgs is what a call is given.
type callArgs struct {
	positional []any
	keywords   []named
}

// param is a parameter of a function; value is what it is where it is not
// given, required where it must be.
type param struct {
	name  string
	value any
}

type requiredType struct{}

var required any = requiredType{}

func need(name string) param           { return param{name, required} }
func opt(name string, value any) param { return param{name, value} }
func params(list ...param) []param     { return list }

// function is a filter, a test, a global function or a method. The value that
// a filter or test is applied to, or that a method belongs to, comes first.
type function struct {
	name   string
	params []param
	// positional: no argument may be given by name.
	positional bool
	fn         func(st *state, a []any) any
	// raw is there in place of params and fn where any arguments may come.
	raw func(st *state, a callArgs) any
}

// method is a function that belongs to a value.
type method struct {
	self any
	f    *function
}

// arguments evaluates a call's arguments, after those already there.
func (st *state) arguments(args arguments, before []any) callArgs {
	a := callArgs{positional: before}
	if n := len(args.positional); n > 0 {
		a.positional = make([]any, len(before), len(before)+n)
		copy(a.positional, before)
		for _, e := range args.positional {
			a.positional = append(a.positional, st.eval(e))
		}
	}
	for _, k := range args.keywords {
		a.keywords = append(a.keywords, named{k.name, st.eval(k.value)})
	}
	if args.list != nil {
		a.positional = append(a.positional, st.list(st.eval(args.list))...)
	}
	if args.dict != nil {
		v := st.eval(args.dict)
		d, ok := v.(*Dict)
		if !ok {
			st.fail("arguments after ** must be a dict, not a %s", typeName(v))
		}
		for _, e := range d.list() {
			name, ok := text(e.key)
			if !ok {
				st.fail("names of arguments must be strings")
			}
			if _, ok := a.keyword(name); ok {
				st.fail("argument %q is given twice", name)
			}
			a.keywords = append(a.keywords, named{name, e.value})
		}
		st.elements(d.Len())
	}
	return a
}

func (a *callArgs) keyword(name string) (any, bool) {
	for _, k := range a.keywords {
		if k.name == name {
			return k.value, true
		}
	}
	return nil, false
}

// take removes a keyword argument and returns its value.
func (a *callArgs) take(name string) (any, bool) {
	for i, k := range a.keywords {
		if k.name == name {
			rest := append([]named(nil), a.keywords[:i]...)
			a.keywords = append(rest, a.keywords[i+1:]...)
			return k.value, true
		}
	}
	return nil, false
}

// call calls a function with arguments, each put at its parameter.
func (f *function) call(st *state, a callArgs) any {
	st.work(1)
	if f.raw != nil {
		return f.raw(st, a)
	}
	if len(a.positional) > len(f.params) {
		st.fail("%s() takes %d arguments at most, %d are given", f.name, len(f.params), len(a.positional))
	}
	if f.positional && len(a.keywords) > 0 {
		st.fail("%s() takes no keyword arguments", f.name)
	}
	values := make([]any, len(f.params))
	copy(values, a.positional)
	for i := len(a.positional); i < len(values); i++ {
		values[i] = f.params[i].value
	}
	for _, k := range a.keywords {
		i := f.parameter(k.name)
		if i < 0 {
			st.fail("%s() takes no argument %q", f.name, k.name)
		}
		if i < len(a.positional) {
			st.fail("%s() is given argument %q twice", f.name, k.name)
		}
		values[i] = k.value
	}
	for i, v := range values {
		if v == required {
			st.fail("%s() lacks argument %q", f.name, f.params[i].name)
		}
	}
	return f.fn(st, values)
}

func (f *function) parameter(name string) int {
	for i := range f.params {
		if f.params[i].name == name {
			return i
		}
	}
	return -1
}

// call is a call of any value.
func (st *state) call(f any, a callArgs) any {
	st.deeper()
	defer st.shallower()
	switch f := f.(type) {
	case *function:
		return f.call(st, a)
	case *method:
		a.positional = append([]any{f.self}, a.positional...)
		return f.f.call(st, a)
	case *macro:
		return st.callMacro(f, a)
	case *loop:
		if len(a.positional) != 1 || len(a.keywords) > 0 {
			st.fail("loop() takes one argument")
		}
		return f.recurse(st, a.positional[0])
	case *joiner:
		if len(a.positional)+len(a.keywords) > 0 {
			st.fail("a joiner takes no arguments")
		}
		if !f.used {
			f.used = true
			return ""
		}
		return f.separator
	}
	st.refuse(f)
	st.fail("a %s cannot be called", typeName(f))
	return nil
}

// callable is Python's callable().
func callable(v any) bool {
	switch v.(type) {
	case *function, *method, *macro, *loop, *joiner, *undefined:
		return true
	}
	return false
}
