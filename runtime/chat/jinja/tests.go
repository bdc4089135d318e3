package jinja

import "math/big"

// tests are what may follow "is".
var tests = map[string]*function{
	"odd":         test("odd", func(st *state, v any) bool { return st.remainder(v, int64(2), 1) }),
	"even":        test("even", func(st *state, v any) bool { return st.remainder(v, int64(2), 0) }),
	"divisibleby": test2("divisibleby", "num", func(st *state, v, n any) bool { return st.remainder(v, n, 0) }),
	"defined":     test("defined", func(_ *state, v any) bool { return !isUndefined(v) }),
	"undefined":   test("undefined", func(_ *state, v any) bool { return isUndefined(v) }),
	"filter":      test("filter", func(st *state, v any) bool { return st.known(st.lib.filters, v) }),
	"test":        test("test", func(st *state, v any) bool { return st.known(st.lib.tests, v) }),
	"none":        test("none", func(_ *state, v any) bool { return v == nil }),
	"boolean":     test("boolean", func(_ *state, v any) bool { _, ok := v.(bool); return ok }),
	"false":       test("false", func(_ *state, v any) bool { b, ok := v.(bool); return ok && !b }),
	"true":        test("true", func(_ *state, v any) bool { b, ok := v.(bool); return ok && b }),
	"integer":     test("integer", isInteger),
	"float":       test("float", func(_ *state, v any) bool { _, ok := v.(float64); return ok }),
	"lower":       test("lower", func(st *state, v any) bool { return isLower(st.scanned(v)) }),
	"upper":       test("upper", func(st *state, v any) bool { return isUpper(st.scanned(v)) }),
	"string":      test("string", func(_ *state, v any) bool { _, ok := text(v); return ok }),
	"mapping":     test("mapping", func(_ *state, v any) bool { _, ok := v.(*Dict); return ok }),
	"number":      test("number", func(_ *state, v any) bool { _, ok := number(v); return ok }),
	"sequence":    test("sequence", isSequence),
	"iterable":    test("iterable", func(st *state, v any) bool { return st.iterable(v) != nil }),
	"callable":    test("callable", func(_ *state, v any) bool { return callable(v) }),
	"sameas":      test2("sameas", "other", func(_ *state, a, b any) bool { return same(a, b) }),
	"escaped":     test("escaped", func(_ *state, v any) bool { _, ok := v.(markup); return ok }),
	"in":          test2("in", "seq", func(st *state, v, seq any) bool { return st.contains(seq, v) }),
	"==":          comparison("=="), "eq": comparison("=="), "equalto": comparison("=="),
	"!=": comparison("!="), "ne": comparison("!="),
	">": comparison(">"), "gt": comparison(">"), "greaterthan": comparison(">"),
	">=": comparison(">="), "ge": comparison(">="),
	"<": comparison("<"), "lt": comparison("<"), "lessthan": comparison("<"),
	"<=": comparison("<="), "le": comparison("<="),
}

func test(name string, f func(st *state, v any) bool) *function {
	return &function{name: name, params: params(need("value")), fn: func(st *state, a []any) any { return f(st, a[0]) }}
}

func test2(name, second string, f func(st *state, v, w any) bool) *function {
	return &function{name: name, params: params(need("value"), need(second)), fn: func(st *state, a []any) any { return f(st, a[0], a[1]) }}
}

func comparison(op string) *function {
	f := test2(op, "other", func(st *state, v, w any) bool { return st.compare(op, v, w) })
	f.positional = true
	return f
}

// scanned is str, of text that will be looked through.
func (st *state) scanned(v any) string {
	s := st.str(v)
	st.scan(len(s))
	return s
}

func isUndefined(v any) bool {
	_, ok := v.(*undefined)
	return ok
}

func isInteger(_ *state, v any) bool {
	switch v.(type) {
	case int64, *big.Int:
		return true
	}
	return false
}

// isSequence: it has a length, and elements can be asked for.
func isSequence(_ *state, v any) bool {
	switch v.(type) {
	case string, markup, []any, tuple, group, *Dict, *rangeValue, *undefined:
		return true
	}
	return false
}

func (st *state) remainder(v, divisor any, want int64) bool {
	return st.equal(st.binary("%", v, divisor), want)
}

func (st *state) known(table map[string]*function, v any) bool {
	s, ok := text(v)
	if !ok {
		st.hash(v)
		return false
	}
	_, ok = table[s]
	return ok
}
