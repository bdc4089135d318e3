package jinja

import (
	"math/big"
	"unicode/utf8"
)

// Values are Python's: nil (None), bool, int64 and *big.Int, float64, string,
// []any (list), *Dict, and these, which only a rendering makes. Lists and dicts
// never change, as the sandbox wants it.
type (
	tuple  []any
	markup string // a string that counts as escaped

	// group is what groupby yields: a tuple whose two elements have names.
	group struct{ grouper, list any }

	rangeValue struct{ start, stop, step, len int64 }

	// dictView is what a dict's keys, values and items give.
	dictView struct {
		dict *Dict
		kind string
	}

	// iterator yields its elements once.
	iterator struct {
		kind string
		next func() (v any, ok bool)
	}

	// undefined is what has no value: it prints as nothing and is false, and
	// everything else that is done with it is an error.
	undefined struct {
		hint string
		name string // of the variable or attribute
		of   any    // what lacks the attribute; nil for variables
	}

	namespace struct{ dict *Dict }

	cycler struct {
		items []any
		pos   int
	}

	joiner struct {
		separator any
		used      bool
	}
)

func (u *undefined) message() string {
	switch {
	case u.hint != "":
		return u.hint
	case u.of != nil:
		return typeName(u.of) + " has no attribute or element \"" + u.name + "\""
	}
	return "\"" + u.name + "\" is undefined"
}

// refuse fails if a value is undefined, as nearly every use of one does.
func (st *state) refuse(v any) {
	if u, ok := v.(*undefined); ok {
		st.fail("%s", u.message())
	}
}

// isScalar reports whether v is a value without others in it.
func isScalar(v any) bool {
	switch v.(type) {
	case nil, bool, int64, *big.Int, float64, string:
		return true
	}
	return false
}

// text returns the text of a string or of escaped text.
func text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case markup:
		return string(v), true
	}
	return "", false
}

// elementsOf returns the elements of a list or tuple.
func elementsOf(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case tuple:
		return v, true
	case group:
		return []any{v.grouper, v.list}, true
	}
	return nil, false
}

// typeName names a value's type as Python does.
func typeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return "bool"
	case int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case markup:
		return "Markup"
	case []any:
		return "list"
	case tuple, group:
		return "tuple"
	case *Dict:
		return "dict"
	case *rangeValue:
		return "range"
	case *dictView:
		return "dict_" + v.kind
	case *iterator:
		return v.kind
	case *undefined:
		return "Undefined"
	case *namespace:
		return "Namespace"
	case *cycler:
		return "Cycler"
	case *joiner:
		return "Joiner"
	case *loop:
		return "LoopContext"
	case *macro:
		return "Macro"
	case *function:
		return "function"
	case *method:
		return "method"
	}
	return "object"
}

// truth is Python's bool().
func (st *state) truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case float64:
		return v != 0
	}
	if n, ok := st.length(v); ok {
		return n != 0
	}
	return true
}

// length is Python's len(); ok is false where a value has none.
func (st *state) length(v any) (n int, ok bool) {
	switch v := v.(type) {
	case string:
		return st.runes(v), true
	case markup:
		return st.runes(string(v)), true
	case []any:
		return len(v), true
	case tuple:
		return len(v), true
	case group:
		return 2, true
	case *Dict:
		return v.Len(), true
	case *dictView:
		return v.dict.Len(), true
	case *rangeValue:
		return int(v.len), true
	case *undefined:
		return 0, true
	case *loop:
		return v.length(st), true
	}
	return 0, false
}

// runes counts characters.
func (st *state) runes(s string) int {
	st.scan(len(s))
	return utf8.RuneCountInString(s)
}
