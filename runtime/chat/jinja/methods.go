package jinja

import (
	"math"
)

// dictMethods are dict's; those that would change it are nil, and denied.
var dictMethods = map[string]*function{
	"clear": nil, "pop": nil, "popitem": nil, "setdefault": nil, "update": nil,
	"copy":     {name: "copy", params: params(need("self")), fn: func(_ *state, a []any) any { return a[0] }},
	"fromkeys": unsupportedMethod("fromkeys"),
	"get": {name: "get", params: params(need("self"), need("key"), opt("default", nil)), positional: true, fn: func(st *state, a []any) any {
		if v, ok := a[0].(*Dict).get(st, a[1]); ok {
			return v
		}
		return a[2]
	}},
	"items":  view("items"),
	"keys":   view("keys"),
	"values": view("values"),
}

func view(kind string) *function {
	return &function{name: kind, params: params(need("self")), fn: func(_ *state, a []any) any {
		return &dictView{a[0].(*Dict), kind}
	}}
}

var listMethods = map[string]*function{
	"append": nil, "clear": nil, "pop": nil, "reverse": nil, "insert": nil, "sort": nil, "extend": nil, "remove": nil,
	"copy":  {name: "copy", params: params(need("self")), fn: func(st *state, a []any) any { return st.list(a[0]) }},
	"count": tupleMethods["count"],
	"index": tupleMethods["index"],
}

var tupleMethods = map[string]*function{
	"count": {name: "count", params: params(need("self"), need("value")), positional: true, fn: func(st *state, a []any) any {
		n := int64(0)
		st.each(a[0], func(v any) bool {
			if same(v, a[1]) || st.equal(v, a[1]) {
				n++
			}
			return true
		})
		return n
	}},
	"index": {name: "index", params: params(need("self"), need("value"), opt("start", int64(0)), opt("stop", int64(math.MaxInt64))), positional: true, fn: methodIndex},
}

func methodIndex(st *state, a []any) any {
	items := st.list(a[0])
	n := int64(len(items))
	bound := func(v any) int64 {
		k := st.needInt("index", v)
		if k < 0 {
			k = max(k+n, 0)
		}
		return k
	}
	for i, stop := bound(a[2]), min(bound(a[3]), n); i < stop; i++ {
		if same(items[i], a[1]) || st.equal(items[i], a[1]) {
			return i
		}
	}
	st.fail("index(): the value is not there")
	return nil
}

var intMethods = map[string]*function{
	"bit_length": {name: "bit_length", params: params(need("self")), positional: true, fn: func(_ *state, a []any) any {
		n, _ := number(a[0])
		return int64(toBig(n).BitLen())
	}},
	"bit_count":        unsupportedMethod("bit_count"),
	"as_integer_ratio": unsupportedMethod("as_integer_ratio"),
	"conjugate":        unsupportedMethod("conjugate"),
	"from_bytes":       unsupportedMethod("from_bytes"),
	"to_bytes":         unsupportedMethod("to_bytes"),
}

var floatMethods = map[string]*function{
	"is_integer": {name: "is_integer", params: params(need("self")), positional: true, fn: func(_ *state, a []any) any {
		f := a[0].(float64)
		return finite(f) && f == math.Trunc(f)
	}},
	"as_integer_ratio": unsupportedMethod("as_integer_ratio"),
	"conjugate":        unsupportedMethod("conjugate"),
	"fromhex":          unsupportedMethod("fromhex"),
	"hex":              unsupportedMethod("hex"),
}
