package jinja

import (
	"slices"
	"strings"
)

// attribute paths as filters take them: "a.b.0"; commas separate several.
type path []any

func (st *state) path(v any) path {
	if v == nil {
		return nil
	}
	s, ok := text(v)
	if !ok {
		return path{v}
	}
	var p path
	for part := range strings.SplitSeq(s, ".") {
		if n, ok := st.parseInt(part, 10); ok && isDecimal(part) {
			p = append(p, n)
		} else {
			p = append(p, part)
		}
		st.work(1)
	}
	return p
}

// follow looks up a path; where default is not nil it replaces what is undefined.
func (st *state) follow(p path, v, otherwise any) any {
	for _, part := range p {
		st.work(1)
		v = st.item(v, part)
		if otherwise != nil && isUndefined(v) {
			v = otherwise
		}
	}
	return v
}

func (st *state) ignoreCase(v any) any {
	if s, ok := text(v); ok {
		return st.lower(s)
	}
	return v
}

// keyFunc returns the function that sorting and the like compare by.
func (st *state) keyFunc(attribute, caseSensitive, otherwise any) func(v any) any {
	p := st.path(attribute)
	sensitive := st.truth(caseSensitive)
	return func(v any) any {
		v = st.follow(p, v, otherwise)
		if !sensitive {
			v = st.ignoreCase(v)
		}
		return v
	}
}

// sortBy sorts stably by keys.
func (st *state) sortBy(items []any, key func(v any) any, reverse bool) []any {
	type keyed struct{ key, value any }
	st.elements(3 * len(items))
	list := make([]keyed, len(items))
	for i, v := range items {
		list[i] = keyed{key(v), v}
	}
	slices.SortStableFunc(list, func(a, b keyed) int {
		if reverse {
			a, b = b, a
		}
		switch {
		case st.less(a.key, b.key):
			return -1
		case st.less(b.key, a.key):
			return 1
		}
		return 0
	})
	out := make([]any, len(list))
	for i := range list {
		out[i] = list[i].value
	}
	return out
}

func filterSort(st *state, a []any) any {
	attributes := []any{a[3]}
	if s, ok := text(a[3]); ok {
		attributes = nil
		for part := range strings.SplitSeq(s, ",") {
			attributes = append(attributes, part)
		}
	}
	st.elements(len(attributes))
	keys := make([]func(v any) any, len(attributes))
	for i, attribute := range attributes {
		keys[i] = st.keyFunc(attribute, a[2], nil)
	}
	key := func(v any) any {
		st.elements(len(keys))
		all := make([]any, len(keys))
		for i, k := range keys {
			all[i] = k(v)
		}
		return all
	}
	return st.sortBy(st.list(a[0]), key, st.truth(a[1]))
}

func filterDictSort(st *state, a []any) any {
	st.refuse(a[0])
	d, ok := a[0].(*Dict)
	if !ok {
		st.fail("dictsort needs a dict, not a %s", typeName(a[0]))
	}
	by := 0
	switch st.str(a[2]) {
	case "key":
	case "value":
		by = 1
	default:
		st.fail("dictsort sorts by key or value")
	}
	sensitive := st.truth(a[1])
	st.elements(3 * d.Len())
	items := (&dictView{d, "items"}).all()
	return st.sortBy(items, func(v any) any {
		v = v.(tuple)[by]
		if !sensitive {
			v = st.ignoreCase(v)
		}
		return v
	}, st.truth(a[3]))
}

func filterGroupBy(st *state, a []any) any {
	key := st.keyFunc(a[1], a[3], a[2])
	items := st.sortBy(st.list(a[0]), key, false)
	groups := []any{}
	p := st.path(a[1])
	for i := 0; i < len(items); {
		k := key(items[i])
		end := i + 1
		for end < len(items) && st.equal(key(items[end]), k) {
			end++
		}
		if !st.truth(a[3]) { // the first one's spelling
			k = st.follow(p, items[i], a[2])
		}
		st.elements(2)
		groups = append(groups, group{k, items[i:end:end]})
		i = end
	}
	return groups
}

func filterUnique(st *state, a []any) any {
	key := st.keyFunc(a[2], a[1], nil)
	it := st.iterate(a[0])
	seen := map[any]bool{}
	return &iterator{"generator", func() (any, bool) {
		for v, ok := it.next(); ok; v, ok = it.next() {
			st.work(1)
			k := st.hash(key(v))
			if !seen[k] {
				st.elements(3)
				seen[k] = true
				return v, true
			}
		}
		return nil, false
	}}
}

// extreme is min and max.
func (st *state) extreme(a []any, most bool) any {
	key := st.keyFunc(a[2], a[1], nil)
	var best, bestKey any
	found := false
	st.each(a[0], func(v any) bool {
		k := key(v)
		if !found {
			best, bestKey, found = v, k, true
			return true
		}
		op := "<"
		if most {
			op = ">"
		}
		if st.compare(op, k, bestKey) {
			best, bestKey = v, k
		}
		return true
	})
	if !found {
		return &undefined{hint: "no aggregated item, the sequence is empty"}
	}
	return best
}

func filterSum(st *state, a []any) any {
	sum := a[2]
	if _, ok := text(sum); ok {
		st.fail("sum cannot add strings")
	}
	p := st.path(a[1])
	st.each(a[0], func(v any) bool {
		sum = st.binary("+", sum, st.follow(p, v, nil))
		return true
	})
	return sum
}

func filterFirst(st *state, a []any) any {
	if v, ok := st.iterate(a[0]).next(); ok {
		return v
	}
	return &undefined{hint: "no first item, the sequence is empty"}
}

func filterLast(st *state, a []any) any {
	it := st.reversed(a[0])
	if it == nil {
		st.fail("a %s cannot be reversed", typeName(a[0]))
	}
	if v, ok := it.next(); ok {
		return v
	}
	return &undefined{hint: "no last item, the sequence is empty"}
}

// reversed is Python's reversed().
func (st *state) reversed(v any) *iterator {
	var items []any
	switch v := v.(type) {
	case *undefined:
	case string, markup, *rangeValue:
		items = st.list(v)
	case *Dict:
		st.elements(v.Len())
		items = (&dictView{v, "keys"}).all()
	case *dictView:
		st.elements(2 * v.dict.Len())
		items = v.all()
	default:
		list, ok := elementsOf(v)
		if !ok {
			return nil
		}
		items = list
	}
	i := len(items)
	return &iterator{"reversed", func() (any, bool) {
		if i == 0 {
			return nil, false
		}
		i--
		return items[i], true
	}}
}

func filterReverse(st *state, a []any) any {
	if s, ok := text(a[0]); ok {
		minus := int64(-1)
		return rewrap(a[0], st.sliceString(s, [3]*int64{2: &minus}))
	}
	if it := st.reversed(a[0]); it != nil {
		return it
	}
	items := st.list(a[0])
	slices.Reverse(items)
	return items
}

func filterItems(st *state, a []any) any {
	if isUndefined(a[0]) {
		return iterateList("generator", nil)
	}
	d, ok := a[0].(*Dict)
	if !ok {
		st.fail("items needs a mapping, not a %s", typeName(a[0]))
	}
	it := st.iterate(&dictView{d, "items"})
	it.kind = "generator"
	return it
}

func filterJoin(st *state, a []any) any {
	var parts []string
	p := st.path(a[2])
	st.each(a[0], func(v any) bool {
		st.elements(1)
		parts = append(parts, st.str(st.follow(p, v, nil)))
		return true
	})
	return st.join(parts, st.str(a[1]))
}

func filterBatch(st *state, a []any) any {
	it := st.iterate(a[0])
	pending, more := any(nil), false // the first element of the next row
	started := false
	return &iterator{"generator", func() (any, bool) {
		row := []any{}
		if more {
			row = append(row, pending)
		}
		for v, ok := it.next(); ok; v, ok = it.next() {
			st.elements(2)
			if (len(row) > 0 || !started) && st.equal(a[1], int64(len(row))) {
				pending, more, started = v, true, true
				return row, true
			}
			started = true
			row = append(row, v)
		}
		more = false
		if len(row) == 0 {
			return nil, false
		}
		if a[2] != nil {
			missing := clamp(st.needInt("batch", a[1])) - len(row)
			st.repeated(listElement, missing)
			for range missing {
				row = append(row, a[2])
			}
		}
		return row, true
	}}
}

func filterSlice(st *state, a []any) any {
	var items []any
	var slices, number, offset, perSlice, extra int
	started := false
	return &iterator{"generator", func() (any, bool) {
		if !started {
			started = true
			items = st.list(a[0])
			slices = clamp(st.needInt("slice", a[1]))
			if slices == 0 {
				st.fail("slice into no slices")
			}
			perSlice = int(floorDiv(int64(len(items)), int64(slices)))
			extra = len(items) - perSlice*slices
		}
		if number >= slices {
			return nil, false
		}
		start := offset + number*perSlice
		if number < extra {
			offset++
		}
		end := offset + (number+1)*perSlice
		row := append([]any(nil), items[start:end]...)
		if a[2] != nil && number >= extra {
			row = append(row, a[2])
		}
		st.elements(len(row) + 2)
		number++
		return row, true
	}}
}
