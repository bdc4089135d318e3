package jinja

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Dict is a dict: a map that keeps the order in which its keys came.
type Dict struct {
	entries []entry
	index   map[any]int // of entries by hash; nil while there are few
}

type entry struct {
	hash       any // comparable, equal for keys that are equal
	key, value any
}

// indexFrom is the number of entries from which a map is faster than looking
// at each.
const indexFrom = 9

// NewDict returns an empty dict.
func NewDict() *Dict { return &Dict{} }

// Len returns the number of entries; a nil dict has none.
func (d *Dict) Len() int {
	if d == nil {
		return 0
	}
	return len(d.entries)
}

// Set adds an entry, or changes the value of the one with this key.
func (d *Dict) Set(key string, value any) { d.put(key, key, value) }

// Get returns the value of a key.
func (d *Dict) Get(key string) (any, bool) { return d.find(key) }

// Keys returns the keys that are strings, in order: all of a dict that was not
// made by a template.
func (d *Dict) Keys() []string {
	keys := make([]string, 0, d.Len())
	for _, e := range d.list() {
		if s, ok := e.key.(string); ok {
			keys = append(keys, s)
		}
	}
	return keys
}

func (d *Dict) list() []entry {
	if d == nil {
		return nil
	}
	return d.entries
}

func (d *Dict) position(hash any) int {
	if d == nil {
		return -1
	}
	if d.index != nil {
		if i, ok := d.index[hash]; ok {
			return i
		}
		return -1
	}
	for i := range d.entries {
		if d.entries[i].hash == hash {
			return i
		}
	}
	return -1
}

func (d *Dict) find(hash any) (any, bool) {
	if i := d.position(hash); i >= 0 {
		return d.entries[i].value, true
	}
	return nil, false
}

func (d *Dict) put(hash, key, value any) {
	if i := d.position(hash); i >= 0 {
		d.entries[i].value = value
		return
	}
	d.entries = append(d.entries, entry{hash, key, value})
	switch {
	case d.index != nil:
		d.index[hash] = len(d.entries) - 1
	case len(d.entries) == indexFrom:
		d.index = make(map[any]int, 2*indexFrom)
		for i, e := range d.entries {
			d.index[e.hash] = i
		}
	}
}

// set adds an entry whose key may be any value that Python can hash.
func (d *Dict) set(st *state, key, value any) {
	st.alloc(4 * listElement)
	d.put(st.hash(key), key, value)
}

// get looks up a key of any type.
func (d *Dict) get(st *state, key any) (any, bool) { return d.find(st.hash(key)) }

type (
	otherKey struct{ text string } // of keys without a comparable Go value
	noneKey  struct{}
)

// hash returns a value that is comparable in Go, and equal for values that
// are equal in Python: 1, 1.0 and True are one key.
func (st *state) hash(v any) any {
	switch v := v.(type) {
	case string:
		st.scan(len(v))
		return v
	case markup:
		st.scan(len(v))
		return string(v)
	case int64:
		return v
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case float64:
		if v == math.Trunc(v) && -(1<<53) < v && v < 1<<53 {
			return int64(v)
		}
		return v
	case *big.Int:
		return otherKey{v.String()}
	case nil:
		return noneKey{}
	case tuple, group:
		items, _ := elementsOf(v)
		var b strings.Builder
		st.deeper()
		for _, item := range items {
			st.hashText(&b, item)
		}
		st.shallower()
		return otherKey{b.String()}
	case []any, *Dict, *dictView:
		st.fail("a %s cannot be a key", typeName(v))
	case *undefined:
		return missing
	case *rangeValue:
		return otherKey{"range " + strconv.FormatInt(v.start, 10) + " " + strconv.FormatInt(v.step, 10) + " " + strconv.FormatInt(v.len, 10)}
	}
	return v // a pointer: the same thing and no other
}

// hashText writes an element of a tuple so that equal ones give equal text.
func (st *state) hashText(b *strings.Builder, v any) {
	var s, kind string
	switch h := st.hash(v).(type) {
	case string:
		s, kind = h, "s"
	case int64:
		s, kind = strconv.FormatInt(h, 10), "i"
	case float64:
		s, kind = strconv.FormatFloat(h, 'g', -1, 64), "f"
	case otherKey:
		s, kind = h.text, "o"
	case noneKey:
		kind = "n"
	default:
		st.fail("a tuple with a %s cannot be a key", typeName(v))
	}
	st.alloc(len(s))
	b.WriteString(kind + strconv.Itoa(len(s)) + ":" + s)
}
