package loader

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrMetadata reports a metadata key of the wrong type or an impossible value.
var ErrMetadata = errors.New("invalid metadata")

// Kind is the type of a metadata value, numbered as in GGUF.
type Kind uint32

const (
	KindUint8 Kind = iota
	KindInt8
	KindUint16
	KindInt16
	KindUint32
	KindInt32
	KindFloat32
	KindBool
	KindString
	KindArray
	KindUint64
	KindInt64
	KindFloat64
	numKinds
)

var kindNames = [numKinds]string{"uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "bool", "string", "array", "uint64", "int64", "float64"}
var kindSizes = [numKinds]int{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8}

func (k Kind) String() string {
	if k < numKinds {
		return kindNames[k]
	}
	return fmt.Sprintf("type %d", uint32(k))
}

// Value is one metadata value, as it lies in the file.
type Value struct {
	kind, elem Kind
	n          int    // elements of an array, bytes of a string, 1 for others
	data       []byte // the payload; of an array, all its elements
}

// Kind is the value's type; an array's elements have ElemKind.
func (v Value) Kind() Kind { return v.kind }

// ElemKind is the type of an array's elements.
func (v Value) ElemKind() Kind { return v.elem }

// Len is the number of an array's elements or a string's bytes.
func (v Value) Len() int { return v.n }

// Metadata is the typed key-value section of a file, in file order.
type Metadata struct {
	keys   []string
	values map[string]Value
}

// Keys lists the keys in file order.
func (m *Metadata) Keys() []string { return m.keys }

// Value returns a key's value.
func (m *Metadata) Value(key string) (Value, bool) {
	v, ok := m.values[key]
	return v, ok
}

func wrongKind(key string, v Value, want string) error {
	found := v.kind.String()
	if v.kind == KindArray {
		found = "array of " + v.elem.String()
	}
	return fmt.Errorf("%w: key %q is of type %s; it should be %s", ErrMetadata, key, found, want)
}

// integer reads one integer or bool; neg tells that bits is a negative number.
func integer(k Kind, b []byte) (bits uint64, neg, ok bool) {
	le := binary.LittleEndian
	var s int64
	switch k {
	case KindUint8, KindBool:
		return uint64(b[0]), false, true
	case KindUint16:
		return uint64(le.Uint16(b)), false, true
	case KindUint32:
		return uint64(le.Uint32(b)), false, true
	case KindUint64:
		return le.Uint64(b), false, true
	case KindInt8:
		s = int64(int8(b[0]))
	case KindInt16:
		s = int64(int16(le.Uint16(b)))
	case KindInt32:
		s = int64(int32(le.Uint32(b)))
	case KindInt64:
		s = int64(le.Uint64(b))
	default:
		return 0, false, false
	}
	return uint64(s), s < 0, true
}

// String returns a string key. A missing key is no error.
func (m *Metadata) String(key string) (s string, ok bool, err error) {
	v, ok := m.values[key]
	if !ok {
		return "", false, nil
	}
	if v.kind != KindString {
		return "", false, wrongKind(key, v, "string")
	}
	err = Guard(func() error { s = string(v.data); return nil })
	return s, err == nil, err
}

// Bool returns a bool key. A missing key is no error.
func (m *Metadata) Bool(key string) (b, ok bool, err error) {
	v, ok := m.values[key]
	if !ok {
		return false, false, nil
	}
	if v.kind != KindBool {
		return false, false, wrongKind(key, v, "bool")
	}
	err = Guard(func() error { b = v.data[0] != 0; return nil })
	return b, err == nil, err
}

// Uint returns a key of any integer type; a negative value is an error.
func (m *Metadata) Uint(key string) (n uint64, ok bool, err error) {
	v, ok := m.values[key]
	if !ok {
		return 0, false, nil
	}
	if v.kind == KindBool || v.kind == KindArray || v.kind == KindString {
		return 0, false, wrongKind(key, v, "an integer")
	}
	err = Guard(func() error {
		bits, neg, ok := integer(v.kind, v.data)
		switch {
		case !ok:
			return wrongKind(key, v, "an integer")
		case neg:
			return fmt.Errorf("%w: key %q is %d; it must not be negative", ErrMetadata, key, int64(bits))
		}
		n = bits
		return nil
	})
	return n, err == nil, err
}

// Float returns a key of a floating-point or integer type.
func (m *Metadata) Float(key string) (f float64, ok bool, err error) {
	v, ok := m.values[key]
	if !ok {
		return 0, false, nil
	}
	err = Guard(func() error {
		switch v.kind {
		case KindFloat32:
			f = float64(math.Float32frombits(binary.LittleEndian.Uint32(v.data)))
			return nil
		case KindFloat64:
			f = math.Float64frombits(binary.LittleEndian.Uint64(v.data))
			return nil
		case KindBool, KindString, KindArray:
			return wrongKind(key, v, "a number")
		}
		bits, neg, _ := integer(v.kind, v.data)
		f = float64(bits)
		if neg {
			f = float64(int64(bits))
		}
		return nil
	})
	return f, err == nil, err
}
