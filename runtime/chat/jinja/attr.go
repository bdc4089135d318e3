package jinja

import (
	"math/big"
	"strings"
	"unicode/utf8"
)

// attr is "v.name": an attribute, or else an element.
func (st *state) attr(v any, name string) any {
	st.refuse(v)
	if a, ok := st.attribute(v, name); ok {
		return a
	}
	if d, ok := v.(*Dict); ok {
		if e, ok := d.find(name); ok {
			return e
		}
	}
	return &undefined{of: v, name: name}
}

// attribute returns what Python's getattr would, as far as the sandbox allows;
// what it does not allow is undefined.
func (st *state) attribute(v any, name string) (any, bool) {
	if strings.HasPrefix(name, "__") && internalAttributes[name] {
		return unsafe(v, name), true
	}
	if ns, ok := v.(*namespace); ok {
		return ns.dict.find(name)
	}
	if f, ok := st.lib.methods(v)[name]; ok {
		if f == nil {
			return unsafe(v, name), true
		}
		return &method{v, f}, true
	}
	switch v := v.(type) {
	case *loop:
		return v.attribute(st, name)
	case *macro:
		return v.attribute(name)
	case group:
		switch name {
		case "grouper":
			return v.grouper, true
		case "list":
			return v.list, true
		}
	case *cycler:
		switch name {
		case "current":
			return v.items[v.pos], true
		case "items":
			return tuple(v.items), true
		case "pos":
			return int64(v.pos), true
		}
	case int64, float64, *big.Int:
		return numberAttribute(v, name)
	case *joiner:
		switch name {
		case "sep":
			return v.separator, true
		case "used":
			return v.used, true
		}
	case *rangeValue:
		switch name {
		case "start":
			return v.start, true
		case "stop":
			return v.stop, true
		case "step":
			return v.step, true
		}
	}
	return nil, false
}

func numberAttribute(v any, name string) (any, bool) {
	_, isFloat := v.(float64)
	switch {
	case name == "real", name == "numerator" && !isFloat:
		return v, true
	case name == "imag" && isFloat:
		return 0.0, true
	case name == "imag":
		return int64(0), true
	case name == "denominator" && !isFloat:
		return int64(1), true
	}
	return nil, false
}

// unsafe is what the sandbox gives for attributes that it denies.
func unsafe(v any, name string) any {
	return &undefined{hint: "access to attribute \"" + name + "\" of a " + typeName(v) + " is unsafe"}
}

// internalAttributes are those that every value of Python has.
var internalAttributes = func() map[string]bool {
	m := map[string]bool{}
	for name := range strings.FieldsSeq("class doc dir eq format ge getattribute getstate gt hash init " +
		"init_subclass le lt ne new reduce reduce_ex repr setattr delattr sizeof str subclasshook") {
		m["__"+name+"__"] = true
	}
	return m
}()

// item is "v[key]": an element, or else an attribute.
func (st *state) item(v, key any) any {
	st.refuse(v)
	if e, ok := st.element(v, key); ok {
		return e
	}
	if name, ok := text(key); ok {
		if a, ok := st.attribute(v, name); ok {
			return a
		}
		return &undefined{of: v, name: name}
	}
	return &undefined{of: v, name: st.repr(key)}
}

func (st *state) element(v, key any) (any, bool) {
	if d, ok := v.(*Dict); ok {
		switch key.(type) {
		case []any, *Dict:
			return nil, false
		}
		return d.get(st, key)
	}
	k, _ := number(key)
	index, ok := k.(int64)
	if !ok {
		return nil, false
	}
	if r, ok := v.(*rangeValue); ok {
		if index < 0 {
			index += r.len
		}
		return r.start + index*r.step, 0 <= index && index < r.len
	}
	if s, ok := text(v); ok {
		return st.character(v, s, index)
	}
	items, ok := elementsOf(v)
	if !ok {
		return nil, false
	}
	if index < 0 {
		index += int64(len(items))
	}
	if index < 0 || index >= int64(len(items)) {
		return nil, false
	}
	return items[index], true
}

func (st *state) character(v any, s string, index int64) (any, bool) {
	n := int64(st.runes(s))
	if index < 0 {
		index += n
	}
	if index < 0 || index >= n {
		return nil, false
	}
	s = runeSlice(s, int(n), int(index), int(index)+1)
	if _, ok := v.(markup); ok {
		return markup(s), true
	}
	return s, true
}

// runeSlice returns the characters from start to stop of the n of s.
func runeSlice(s string, n, start, stop int) string {
	if n == len(s) {
		return s[start:stop]
	}
	from := runeOffset(s, start)
	return s[from : from+runeOffset(s[from:], stop-start)]
}

// runeOffset returns where the character with a number begins.
func runeOffset(s string, n int) int {
	offset := 0
	for ; n > 0; n-- {
		_, size := utf8.DecodeRuneInString(s[offset:])
		offset += size
	}
	return offset
}

// slice is "v[start:stop:step]".
func (st *state) slice(v any, e *sliceExpr, line int) any {
	var bounds [3]*int64
	for i, part := range []expr{e.start, e.stop, e.step} {
		if part == nil {
			continue
		}
		p := st.eval(part)
		st.line = line
		st.refuse(p)
		if p == nil {
			continue
		}
		n, _ := number(p)
		k, ok := n.(int64)
		if !ok {
			st.fail("a slice's bound is a %s", typeName(p))
		}
		bounds[i] = &k
	}
	st.line = line
	st.refuse(v)
	if s, ok := text(v); ok {
		out := st.sliceString(s, bounds)
		if _, ok := v.(markup); ok {
			return markup(out)
		}
		return out
	}
	if r, ok := v.(*rangeValue); ok {
		start, stop, step, _ := st.sliceBounds(bounds, int(r.len))
		return newRange(r.start+int64(start)*r.step, r.start+int64(stop)*r.step, r.step*int64(step))
	}
	items, ok := elementsOf(v)
	if !ok {
		st.fail("a %s cannot be sliced", typeName(v))
	}
	out := st.sliceList(items, bounds)
	if _, ok := v.([]any); ok {
		return out
	}
	return tuple(out)
}

// sliceBounds resolves a slice of n elements into the first one's place, where
// it stops, the step, and the number of elements.
func (st *state) sliceBounds(b [3]*int64, n int) (start, stop, step, count int) {
	step = 1
	if b[2] != nil {
		step = int(max(-1<<31, min(*b[2], 1<<31-1)))
		if step == 0 {
			st.fail("a slice's step is zero")
		}
	}
	lower, upper := 0, n
	if step < 0 {
		lower, upper = -1, n-1
	}
	bound := func(p *int64, missing int) int {
		if p == nil {
			return missing
		}
		k := *p
		if k < 0 {
			k += int64(n)
		}
		return int(max(int64(lower), min(k, int64(upper))))
	}
	if step > 0 {
		start, stop = bound(b[0], lower), bound(b[1], upper)
		if stop > start {
			count = (stop-start-1)/step + 1
		}
	} else {
		start, stop = bound(b[0], upper), bound(b[1], lower)
		if start > stop {
			count = (start-stop-1)/-step + 1
		}
	}
	return start, stop, step, count
}

func (st *state) sliceString(s string, b [3]*int64) string {
	n := st.runes(s)
	start, _, step, count := st.sliceBounds(b, n)
	st.scan(len(s))
	if step == 1 || count == 0 {
		return runeSlice(s, n, min(start, n), min(start, n)+count)
	}
	st.alloc(4*n + 4*count)
	runes := []rune(s)
	out := make([]rune, count)
	for i := range out {
		out[i] = runes[start+i*step]
	}
	return string(out)
}

func (st *state) sliceList(items []any, b [3]*int64) []any {
	start, _, step, count := st.sliceBounds(b, len(items))
	if step == 1 && count > 0 {
		st.elements(1)
		return items[start : start+count : start+count]
	}
	st.elements(count)
	out := make([]any, count)
	for i := range out {
		out[i] = items[start+i*step]
	}
	return out
}
