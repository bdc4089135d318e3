package jinja

import (
	"math"
	"math/big"
	"strings"
)

// compare is the comparison operators.
func (st *state) compare(op string, a, b any) bool {
	switch op {
	case "==":
		return st.equal(a, b)
	case "!=":
		return !st.equal(a, b)
	case "in":
		return st.contains(b, a)
	case "not in":
		return !st.contains(b, a)
	}
	c, ordered := st.order(op, a, b)
	if !ordered {
		return false // NaN
	}
	switch op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

// less is what sorting uses.
func (st *state) less(a, b any) bool {
	c, ordered := st.order("<", a, b)
	return ordered && c < 0
}

// same is Python's is, as far as that does not depend on chance.
func same(a, b any) bool {
	switch x := a.(type) {
	case []any:
		y, ok := b.([]any)
		return ok && len(x) == len(y) && len(x) > 0 && &x[0] == &y[0]
	case tuple:
		y, ok := b.(tuple)
		return ok && len(x) == len(y) && (len(x) == 0 || &x[0] == &y[0])
	case group, *big.Int:
		return false
	}
	switch b.(type) {
	case []any, tuple, group:
		return false
	}
	return a == b
}

func (st *state) equal(a, b any) bool {
	st.work(1)
	if s, ok := text(a); ok {
		t, ok := text(b)
		if !ok || len(s) != len(t) {
			return false
		}
		st.scan(len(s))
		return s == t
	}
	if x, ok := number(a); ok {
		y, ok := number(b)
		if !ok {
			return false
		}
		c, ordered := st.compareNumbers(x, y)
		return ordered && c == 0
	}
	switch x := a.(type) {
	case []any:
		y, ok := b.([]any)
		return ok && st.equalLists(x, y)
	case tuple, group:
		x0, _ := elementsOf(x)
		y, ok := elementsOf(b)
		_, list := b.([]any)
		return ok && !list && st.equalLists(x0, y)
	case *Dict:
		y, ok := b.(*Dict)
		return ok && st.equalDicts(x, y)
	case *undefined:
		_, ok := b.(*undefined)
		return ok
	case *rangeValue:
		y, ok := b.(*rangeValue)
		return ok && x.len == y.len && (x.len == 0 || x.start == y.start && (x.len == 1 || x.step == y.step))
	case *dictView:
		y, ok := b.(*dictView)
		return ok && x.kind == y.kind && x.kind != "values" && st.equalDicts(x.dict, y.dict)
	case *method:
		y, ok := b.(*method)
		return ok && x.f == y.f && same(x.self, y.self)
	}
	return same(a, b)
}

func (st *state) equalLists(x, y []any) bool {
	if len(x) != len(y) {
		return false
	}
	st.deeper()
	defer st.shallower()
	for i := range x {
		if !same(x[i], y[i]) && !st.equal(x[i], y[i]) {
			return false
		}
	}
	return true
}

func (st *state) equalDicts(x, y *Dict) bool {
	if x == y {
		return true
	}
	if x.Len() != y.Len() {
		return false
	}
	st.deeper()
	defer st.shallower()
	for _, e := range x.list() {
		v, ok := y.find(e.hash)
		if !ok || !same(e.value, v) && !st.equal(e.value, v) {
			return false
		}
	}
	return true
}

// order compares two values of types that have an order.
func (st *state) order(op string, a, b any) (c int, ordered bool) {
	st.work(1)
	st.refuse(a)
	st.refuse(b)
	if s, ok := text(a); ok {
		if t, ok := text(b); ok {
			st.scan(min(len(s), len(t)))
			return strings.Compare(s, t), true // UTF-8 sorts as its characters do
		}
	}
	if x, ok := number(a); ok {
		if y, ok := number(b); ok {
			return st.compareNumbers(x, y)
		}
	}
	x, xok := elementsOf(a)
	y, yok := elementsOf(b)
	_, xlist := a.([]any)
	_, ylist := b.([]any)
	if !xok || !yok || xlist != ylist {
		st.fail("%s %s %s cannot be compared", typeName(a), op, typeName(b))
	}
	st.deeper()
	defer st.shallower()
	for i := range min(len(x), len(y)) {
		if !same(x[i], y[i]) && !st.equal(x[i], y[i]) {
			return st.order(op, x[i], y[i])
		}
	}
	return len(x) - len(y), true
}

func (st *state) compareNumbers(a, b any) (c int, ordered bool) {
	x, xok := a.(int64)
	y, yok := b.(int64)
	switch {
	case xok && yok:
		switch {
		case x < y:
			return -1, true
		case x > y:
			return 1, true
		}
		return 0, true
	}
	f, fok := asFloat(a)
	g, gok := asFloat(b)
	switch {
	case fok && math.IsNaN(f) || gok && math.IsNaN(g):
		return 0, false
	case fok && math.IsInf(f, 0) || gok && math.IsInf(g, 0) || fok && gok:
		if !fok {
			f = 0
		}
		if !gok {
			g = 0
		}
		switch {
		case f < g:
			return -1, true
		case f > g:
			return 1, true
		}
		return 0, true
	}
	st.work(100)
	return exact(a).Cmp(exact(b)), true
}

// asFloat returns floats, and integers that are exact as floats.
func asFloat(v any) (f float64, ok bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), -maxExact <= v && v <= maxExact
	}
	return 0, false
}

// exact returns a number, which is not infinite or NaN, as a fraction.
func exact(v any) *big.Rat {
	if f, ok := v.(float64); ok {
		return new(big.Rat).SetFloat64(f)
	}
	return toBigRat(v)
}

// contains is Python's in.
func (st *state) contains(container, v any) bool {
	switch c := container.(type) {
	case string, markup:
		s, _ := text(c)
		t, ok := text(v)
		if !ok {
			st.refuse(v)
			st.fail("only a string can be in a string, not a %s", typeName(v))
		}
		st.scan(len(s))
		return strings.Contains(s, t)
	case *Dict:
		_, ok := c.get(st, v)
		return ok
	case *dictView:
		if c.kind == "keys" {
			_, ok := c.dict.get(st, v)
			return ok
		}
	case *namespace:
		st.fail("a Namespace cannot be searched")
	}
	it := st.iterate(container)
	for e, ok := it.next(); ok; e, ok = it.next() {
		if same(e, v) || st.equal(e, v) {
			return true
		}
	}
	return false
}
