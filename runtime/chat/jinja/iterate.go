package jinja

import "unicode/utf8"

// iterate is Python's iter().
func (st *state) iterate(v any) *iterator {
	it := st.iterable(v)
	if it == nil {
		st.fail("a %s cannot be iterated", typeName(v))
	}
	return it
}

// iterable returns nil for what cannot be iterated.
func (st *state) iterable(v any) *iterator {
	if items, ok := elementsOf(v); ok {
		return iterateList("list_iterator", items)
	}
	if s, ok := text(v); ok {
		return &iterator{"str_iterator", func() (any, bool) {
			if s == "" {
				return nil, false
			}
			_, n := utf8.DecodeRuneInString(s)
			c := s[:n]
			s = s[n:]
			return c, true
		}}
	}
	switch v := v.(type) {
	case *Dict:
		i := 0
		return &iterator{"dict_keyiterator", func() (any, bool) {
			if i >= v.Len() {
				return nil, false
			}
			i++
			return v.entries[i-1].key, true
		}}
	case *dictView:
		i := 0
		return &iterator{"dict_itemiterator", func() (any, bool) {
			if i >= v.dict.Len() {
				return nil, false
			}
			i++
			return v.at(i - 1), true
		}}
	case *rangeValue:
		i := int64(0)
		return &iterator{"range_iterator", func() (any, bool) {
			if i >= v.len {
				return nil, false
			}
			i++
			return v.start + (i-1)*v.step, true
		}}
	case *iterator:
		return v
	case *undefined:
		return iterateList("generator", nil)
	case *loop:
		return &iterator{"LoopContext", func() (any, bool) {
			if !v.advance(st) {
				return nil, false
			}
			return tuple{v.current, v}, true
		}}
	}
	return nil
}

func iterateList(kind string, items []any) *iterator {
	i := 0
	return &iterator{kind, func() (any, bool) {
		if i >= len(items) {
			return nil, false
		}
		i++
		return items[i-1], true
	}}
}

// lazy makes a generator. One may draw from another, and so on: that is depth.
func (st *state) lazy(next func() (v any, ok bool)) *iterator {
	return &iterator{"generator", func() (any, bool) {
		st.deeper()
		st.work(1)
		v, ok := next()
		st.shallower()
		return v, ok
	}}
}

// at returns an element of a view.
func (v *dictView) at(i int) any {
	e := v.dict.entries[i]
	switch v.kind {
	case "keys":
		return e.key
	case "values":
		return e.value
	}
	return tuple{e.key, e.value}
}

func (v *dictView) all() []any {
	items := make([]any, v.dict.Len())
	for i := range items {
		items[i] = v.at(i)
	}
	return items
}

// list is Python's list(), which makes a copy.
func (st *state) list(v any) []any {
	if items, ok := elementsOf(v); ok {
		st.elements(len(items))
		return append([]any(nil), items...)
	}
	var items []any
	it := st.iterate(v)
	for e, ok := it.next(); ok; e, ok = it.next() {
		st.elements(2) // a list that grows is copied now and then
		items = append(items, e)
	}
	if items == nil {
		items = []any{}
	}
	return items
}

// each calls f for every element until it returns false.
func (st *state) each(v any, f func(e any) bool) {
	it := st.iterate(v)
	for e, ok := it.next(); ok; e, ok = it.next() {
		st.work(1)
		if !f(e) {
			return
		}
	}
}
