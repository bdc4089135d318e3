package jinja

import "time"

// globals are the functions that a template finds beside its variables.
var globals = map[string]*function{
	"range": {name: "range", params: params(need("start"), opt("stop", missing), opt("step", int64(1))), positional: true, fn: makeRange},
	"dict":  {name: "dict", raw: func(st *state, a callArgs) any { return st.makeDict("dict", a) }},
	"namespace": {name: "namespace", raw: func(st *state, a callArgs) any {
		return &namespace{st.makeDict("namespace", a)}
	}},
	"cycler": {name: "cycler", raw: func(st *state, a callArgs) any {
		if len(a.positional) == 0 || len(a.keywords) > 0 {
			st.fail("cycler() takes items")
		}
		return &cycler{items: a.positional}
	}},
	"joiner": {name: "joiner", params: params(opt("sep", ", ")), fn: func(st *state, a []any) any {
		return &joiner{separator: a[0]}
	}},
	"lipsum": {name: "lipsum", raw: func(st *state, a callArgs) any {
		st.fail("lipsum() is not supported: its text is random")
		return nil
	}},
	"raise_exception": {name: "raise_exception", params: params(need("message")), fn: func(st *state, a []any) any {
		panic(&RaisedError{st.line, st.str(a[0])})
	}},
	"strftime_now": {name: "strftime_now", params: params(need("format")), fn: func(st *state, a []any) any {
		now := time.Now
		if st.template.Now != nil {
			now = st.template.Now
		}
		return st.strftime(now(), st.needText("strftime_now", a[0]))
	}},
}

func makeRange(st *state, a []any) any {
	start, stop := int64(0), a[0]
	if a[1] != missing {
		start, stop = st.needInt("range", a[0]), a[1]
	}
	end, step := st.needInt("range", stop), st.needInt("range", a[2])
	if step == 0 {
		st.fail("range() with a step of zero")
	}
	const most = 1 << 53
	if min(start, end, step) < -most || max(start, end, step) > most {
		st.fail("range() of numbers that are too large")
	}
	r := newRange(start, end, step)
	if r.len > maxRange {
		st.fail("range() has %d items, %d at most", r.len, maxRange)
	}
	return r
}

func newRange(start, stop, step int64) *rangeValue {
	r := &rangeValue{start: start, stop: stop, step: step}
	switch {
	case step > 0 && stop > start:
		r.len = (stop-start-1)/step + 1
	case step < 0 && stop < start:
		r.len = (start-stop-1)/-step + 1
	}
	return r
}

// makeDict is Python's dict().
func (st *state) makeDict(name string, a callArgs) *Dict {
	d := NewDict()
	if len(a.positional) > 1 {
		st.fail("%s() takes one argument at most, %d are given", name, len(a.positional))
	}
	if len(a.positional) == 1 {
		switch from := a.positional[0].(type) {
		case *Dict:
			for _, e := range from.list() {
				d.set(st, e.key, e.value)
			}
		default:
			line := st.line
			st.each(from, func(pair any) bool {
				kv := st.unpack(pair, 2, line)
				d.set(st, kv[0], kv[1])
				return true
			})
		}
	}
	for _, k := range a.keywords {
		d.set(st, k.name, k.value)
	}
	return d
}

var cyclerMethods = map[string]*function{
	"next": {name: "next", params: params(need("self")), fn: func(_ *state, a []any) any {
		c := a[0].(*cycler)
		v := c.items[c.pos]
		c.pos = (c.pos + 1) % len(c.items)
		return v
	}},
	"reset": {name: "reset", params: params(need("self")), fn: func(_ *state, a []any) any {
		a[0].(*cycler).pos = 0
		return nil
	}},
}

// needText returns an argument that must be a string.
func (st *state) needText(name string, v any) string {
	st.refuse(v)
	s, ok := text(v)
	if !ok {
		st.fail("%s() needs a string, not a %s", name, typeName(v))
	}
	return s
}

// needInt returns an argument that must be an integer.
func (st *state) needInt(name string, v any) int64 {
	st.refuse(v)
	n, _ := number(v)
	i, ok := n.(int64)
	if !ok {
		st.fail("%s() needs an integer, not a %s", name, typeName(v))
	}
	return i
}

// clamp keeps a number within what a list or string can have.
func clamp(n int64) int { return int(max(-1<<31, min(n, 1<<31-1))) }
