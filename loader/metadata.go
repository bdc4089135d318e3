package loader

import (
	"fmt"
	"math"
	"unsafe"
)

// Metadata is the typed key-value section of a file, in file order. Its
// getters return ok = false and no error for a missing key, and an error that
// wraps ErrMetadata for one of another type or out of range. What they return
// is memory of its own, valid after Close.
type Metadata struct {
	keys   []string
	values map[string]Value
}

// Keys lists the keys in file order.
func (m *Metadata) Keys() []string { return m.keys }

// Value returns a key's value, of whatever type.
func (m *Metadata) Value(key string) (v Value, ok bool) {
	v, ok = m.values[key]
	return v, ok
}

// get finds a key whose value fits, and decodes it under Guard; want says in
// the error what fits.
func (m *Metadata) get(key, want string, fits func(Value) bool, decode func(Value) error) (ok bool, err error) {
	v, ok := m.values[key]
	if !ok {
		return false, nil
	}
	if !fits(v) {
		return false, metadataError("key %.100q is of type %s; it should be %s", key, v.typeName(), want)
	}
	if err := Guard(func() error { return decode(v) }); err != nil {
		return false, fmt.Errorf("key %.100q: %w", key, err)
	}
	return true, nil
}

func isKind(k Kind) func(Value) bool { return func(v Value) bool { return v.kind == k } }

// String returns a string.
func (m *Metadata) String(key string) (s string, ok bool, err error) {
	ok, err = m.get(key, "string", isKind(KindString), func(v Value) error {
		s = string(v.data)
		return nil
	})
	return s, ok, err
}

// Bool returns a bool.
func (m *Metadata) Bool(key string) (b, ok bool, err error) {
	ok, err = m.get(key, "bool", isKind(KindBool), func(v Value) error {
		b = v.data[0] != 0
		return nil
	})
	return b, ok, err
}

// Uint returns an integer of any kind; a negative one is an error.
func (m *Metadata) Uint(key string) (n uint64, ok bool, err error) {
	ok, err = m.get(key, "an integer", func(v Value) bool { return v.kind.isInteger() }, func(v Value) error {
		bits, negative := integer(v.kind, v.data)
		if negative {
			return metadataError("%d must not be negative", int64(bits))
		}
		n = bits
		return nil
	})
	return n, ok, err
}

// Float returns a float32, a float64, or an integer of any kind (rounded
// where a float64 cannot hold it).
func (m *Metadata) Float(key string) (f float64, ok bool, err error) {
	ok, err = m.get(key, "a number", func(v Value) bool { return v.kind.isFloat() || v.kind.isInteger() }, func(v Value) error {
		if v.kind.isFloat() {
			f = float(v.kind, v.data)
			return nil
		}
		bits, negative := integer(v.kind, v.data)
		f = float64(bits)
		if negative {
			f = float64(int64(bits))
		}
		return nil
	})
	return f, ok, err
}

func isArrayOf(fits func(Kind) bool) func(Value) bool {
	return func(v Value) bool { return v.kind == KindArray && fits(v.elem) }
}

// Strings returns an array of strings. They share one allocation: keeping one
// keeps all.
func (m *Metadata) Strings(key string) (out []string, ok bool, err error) {
	fits := isArrayOf(func(k Kind) bool { return k == KindString })
	ok, err = m.get(key, "an array of string", fits, func(v Value) error {
		strs := make([]string, v.n)
		text := make([]byte, len(v.data)-8*v.n)
		r := reader{b: v.data}
		for i := range strs {
			s, err := r.str("a string")
			if err != nil || len(s) > len(text) {
				return metadataError("the file changed while it was read")
			}
			copy(text, s)
			strs[i] = unsafe.String(unsafe.SliceData(text), len(s))
			text = text[len(s):]
		}
		out = strs
		return nil
	})
	return out, ok, err
}

// Ints returns an array of integers of any kind, or of bools as 0 and 1.
func (m *Metadata) Ints(key string) (out []int64, ok bool, err error) {
	fits := isArrayOf(func(k Kind) bool { return k.isInteger() || k == KindBool })
	ok, err = m.get(key, "an array of integers", fits, func(v Value) error {
		ints := make([]int64, v.n)
		size := kindSizes[v.elem]
		for i := range ints {
			bits, negative := integer(v.elem, v.data[i*size:])
			if !negative && bits > math.MaxInt64 {
				return metadataError("value %d, number %d of the array, is out of range", bits, i)
			}
			ints[i] = int64(bits)
		}
		out = ints
		return nil
	})
	return out, ok, err
}

// Floats returns an array of float32, or of float64, each rounded.
func (m *Metadata) Floats(key string) (out []float32, ok bool, err error) {
	ok, err = m.get(key, "an array of floats", isArrayOf(Kind.isFloat), func(v Value) error {
		floats := make([]float32, v.n)
		size := kindSizes[v.elem]
		for i := range floats {
			floats[i] = float32(float(v.elem, v.data[i*size:]))
		}
		out = floats
		return nil
	})
	return out, ok, err
}
