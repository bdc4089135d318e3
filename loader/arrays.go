package loader

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"
)

// Strings returns a key's array of strings, in memory of its own.
func (m *Metadata) Strings(key string) (out []string, ok bool, err error) {
	v, ok := m.values[key]
	if !ok {
		return nil, false, nil
	}
	if v.kind != KindArray || v.elem != KindString {
		return nil, false, wrongKind(key, v, "array of string")
	}
	err = Guard(func() error {
		// The structure was checked when the file was opened; a file that has
		// changed since is checked again by the slicing.
		buf := make([]byte, 0, len(v.data)-8*v.n)
		ends := make([]int, 0, v.n)
		for b := v.data; len(ends) < v.n; {
			if len(b) < 8 {
				return fmt.Errorf("%w: key %q changed while it was read", ErrMetadata, key)
			}
			n := binary.LittleEndian.Uint64(b)
			if n > uint64(len(b)-8) || uint64(cap(buf)-len(buf)) < n {
				return fmt.Errorf("%w: key %q changed while it was read", ErrMetadata, key)
			}
			buf = append(buf, b[8:8+n]...)
			ends = append(ends, len(buf))
			b = b[8+n:]
		}
		out = make([]string, v.n)
		start := 0
		for i, end := range ends {
			if end > start {
				out[i] = unsafe.String(&buf[start], end-start)
			}
			start = end
		}
		return nil
	})
	return out, err == nil, err
}

// Ints returns a key's array of any integer type or bool.
func (m *Metadata) Ints(key string) (out []int64, ok bool, err error) {
	v, ok := m.values[key]
	if !ok {
		return nil, false, nil
	}
	size := kindSizes[v.elem]
	if v.kind != KindArray || size == 0 || v.elem == KindFloat32 || v.elem == KindFloat64 {
		return nil, false, wrongKind(key, v, "array of integers")
	}
	err = Guard(func() error {
		out = make([]int64, v.n)
		for i := range out {
			bits, neg, _ := integer(v.elem, v.data[i*size:])
			if !neg && bits > math.MaxInt64 {
				return fmt.Errorf("%w: key %q: value %d is out of range", ErrMetadata, key, bits)
			}
			out[i] = int64(bits)
		}
		return nil
	})
	return out, err == nil, err
}

// Floats returns a key's array of float32 or float64.
func (m *Metadata) Floats(key string) (out []float32, ok bool, err error) {
	v, ok := m.values[key]
	if !ok {
		return nil, false, nil
	}
	if v.kind != KindArray || v.elem != KindFloat32 && v.elem != KindFloat64 {
		return nil, false, wrongKind(key, v, "array of floats")
	}
	err = Guard(func() error {
		out = make([]float32, v.n)
		for i := range out {
			if v.elem == KindFloat32 {
				out[i] = math.Float32frombits(binary.LittleEndian.Uint32(v.data[4*i:]))
			} else {
				out[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(v.data[8*i:])))
			}
		}
		return nil
	})
	return out, err == nil, err
}
