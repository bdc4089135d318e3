package jinja

import "strings"

// macroNode is a macro, or the body of a call block, in the template.
type macroNode struct {
	line                    int
	name                    string // empty for a call block
	params                  []macroParam
	body                    []stmt
	uses                    special
	explicitCaller          bool // a parameter is named caller
	caller, kwargs, varargs int  // numbers of the special variables
}

type macroParam struct {
	id    int
	name  string
	value expr // nil: undefined if not given
}

// macro is a macro with the scope that it was defined in.
type macro struct {
	node  *macroNode
	scope *scope
}

// callMacro binds the arguments, runs the body and returns its text.
func (st *state) callMacro(m *macro, a callArgs) any {
	n := m.node
	line := st.line
	inner := &scope{parent: m.scope}
	given := min(len(a.positional), len(n.params))
	for i := range given {
		inner.set(n.params[i].id, a.positional[i])
	}
	foundCaller := n.explicitCaller
	if given < len(n.params) {
		foundCaller = false
		for _, p := range n.params[given:] {
			v, ok := a.take(p.name)
			if !ok {
				v = missing
			}
			if p.name == "caller" {
				foundCaller = true
			}
			inner.set(p.id, v)
		}
	}
	if n.uses.caller && !foundCaller {
		caller, _ := a.take("caller")
		if caller == nil {
			caller = &undefined{hint: "no caller defined"}
		}
		inner.set(n.caller, caller)
	}
	st.bindRest(n, inner, a)

	scope, out := st.scope, st.out
	st.scope, st.out = inner, &strings.Builder{}
	for _, p := range n.params {
		if st.lookup(p.id) != missing {
			continue
		}
		if p.value == nil {
			inner.set(p.id, &undefined{hint: "parameter \"" + p.name + "\" was not provided"})
		} else {
			inner.set(p.id, st.eval(p.value))
		}
	}
	st.exec(n.body)
	text := st.out.String()
	st.scope, st.out, st.line = scope, out, line
	return text
}

// bindRest gives the arguments that no parameter takes to kwargs and varargs.
func (st *state) bindRest(n *macroNode, inner *scope, a callArgs) {
	name := n.name
	if name == "" {
		name = "caller"
	}
	if n.uses.kwargs {
		d := NewDict()
		for _, k := range a.keywords {
			d.set(st, k.name, k.value)
		}
		inner.set(n.kwargs, d)
	} else if len(a.keywords) > 0 {
		st.fail("macro %q takes no argument %q", name, a.keywords[0].name)
	}
	if n.uses.varargs {
		rest := a.positional[min(len(a.positional), len(n.params)):]
		inner.set(n.varargs, tuple(rest))
	} else if len(a.positional) > len(n.params) {
		st.fail("macro %q takes %d arguments at most, %d are given", name, len(n.params), len(a.positional))
	}
}

func (m *macro) attribute(name string) (any, bool) {
	n := m.node
	switch name {
	case "name":
		if n.name == "" {
			return nil, true
		}
		return n.name, true
	case "arguments":
		args := make(tuple, len(n.params))
		for i, p := range n.params {
			args[i] = p.name
		}
		return args, true
	case "catch_kwargs":
		return n.uses.kwargs, true
	case "catch_varargs":
		return n.uses.varargs, true
	case "caller":
		return n.uses.caller, true
	}
	return nil, false
}
