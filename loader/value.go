package loader

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// Kind is the type of a metadata value, numbered as in GGUF.
type Kind uint32

// The kinds of metadata values.
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

// kindSizes has 0 where the size varies.
var kindSizes = [numKinds]int{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8}

func (k Kind) String() string {
	if k < numKinds {
		return kindNames[k]
	}
	return fmt.Sprintf("type %d", uint32(k))
}

func (k Kind) isFloat() bool { return k == KindFloat32 || k == KindFloat64 }

func (k Kind) isInteger() bool {
	return kindSizes[k] > 0 && !k.isFloat() && k != KindBool
}

// Value is one metadata value, as it lies in the file. Its methods read the
// file: they must not be called after Close.
type Value struct {
	kind, elem Kind
	n          int    // elements of an array, bytes of a string, 1 for others
	data       []byte // the payload; of an array, all its elements
}

// Kind is the value's type; an array's elements have ElemKind.
func (v Value) Kind() Kind { return v.kind }

// ElemKind is the type of an array's elements; for what is no array it means
// nothing.
func (v Value) ElemKind() Kind { return v.elem }

// Len is the number of an array's elements or a string's bytes, 1 for others.
func (v Value) Len() int { return v.n }

func (v Value) typeName() string {
	if v.kind == KindArray {
		return "array of " + v.elem.String()
	}
	return v.kind.String()
}

// integer decodes an integer or a bool; negative tells that bits is an int64
// below zero.
func integer(k Kind, b []byte) (bits uint64, negative bool) {
	le := binary.LittleEndian
	var s int64
	switch k {
	case KindUint8:
		return uint64(b[0]), false
	case KindBool:
		return min(uint64(b[0]), 1), false
	case KindUint16:
		return uint64(le.Uint16(b)), false
	case KindUint32:
		return uint64(le.Uint32(b)), false
	case KindUint64:
		return le.Uint64(b), false
	case KindInt8:
		s = int64(int8(b[0]))
	case KindInt16:
		s = int64(int16(le.Uint16(b)))
	case KindInt32:
		s = int64(int32(le.Uint32(b)))
	case KindInt64:
		s = int64(le.Uint64(b))
	}
	return uint64(s), s < 0
}

// float decodes a float32 or float64.
func float(k Kind, b []byte) float64 {
	if k == KindFloat32 {
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b))
}

// Any decodes the value into the Go type of its kind, an array into a slice of
// that, an array of arrays into []any.
func (v Value) Any() (out any, err error) {
	err = Guard(func() (err error) {
		out, err = v.decode()
		return err
	})
	return out, err
}

func (v Value) decode() (any, error) {
	k := v.kind
	if k == KindArray {
		k = v.elem
	}
	switch k {
	case KindUint8:
		return decodeAs[uint8](v)
	case KindInt8:
		return decodeAs[int8](v)
	case KindUint16:
		return decodeAs[uint16](v)
	case KindInt16:
		return decodeAs[int16](v)
	case KindUint32:
		return decodeAs[uint32](v)
	case KindInt32:
		return decodeAs[int32](v)
	case KindUint64:
		return decodeAs[uint64](v)
	case KindInt64:
		return decodeAs[int64](v)
	case KindFloat32:
		return decodeAs[float32](v)
	case KindFloat64:
		return decodeAs[float64](v)
	case KindBool:
		return decodeAs[bool](v)
	case KindString:
		if v.kind == KindString {
			return string(v.data), nil
		}
		return collect(v, func(e Value) (string, error) { return string(e.data), nil })
	default:
		return collect(v, Value.decode)
	}
}

// decodeAs decodes a number, a bool or an array of them.
func decodeAs[T any](v Value) (any, error) {
	out := make([]T, v.n)
	if _, err := binary.Decode(v.data, binary.LittleEndian, out); err != nil {
		return nil, err
	}
	if v.kind == KindArray {
		return out, nil
	}
	return out[0], nil
}

func collect[T any](v Value, decode func(Value) (T, error)) ([]T, error) {
	out := make([]T, 0, v.n)
	err := v.each(v.n, func(e Value) error {
		x, err := decode(e)
		out = append(out, x)
		return err
	})
	return out, err
}

// each calls f with the first n elements of an array.
func (v Value) each(n int, f func(Value) error) error {
	r := reader{b: v.data}
	for range n {
		e, err := r.value(v.elem)
		if err != nil {
			return err
		}
		if err := f(e); err != nil {
			return err
		}
	}
	return nil
}

// What String shows of long values.
const (
	shownElements = 4
	shownBytes    = 80
)

// String is a short form of the value on one line, with text quoted.
func (v Value) String() string {
	var b []byte
	err := Guard(func() (err error) {
		b, err = v.appendShort(nil)
		return err
	})
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return string(b)
}

func (v Value) appendShort(b []byte) ([]byte, error) {
	switch {
	case v.kind == KindString && v.n > shownBytes:
		return fmt.Appendf(b, "%q… (%d bytes)", v.data[:shownBytes], v.n), nil
	case v.kind == KindString:
		return strconv.AppendQuote(b, string(v.data)), nil
	case v.kind != KindArray:
		return v.appendScalar(b), nil
	}
	b = append(b, '[')
	err := v.each(min(v.n, shownElements), func(e Value) (err error) {
		if b[len(b)-1] != '[' {
			b = append(b, ", "...)
		}
		b, err = e.appendShort(b)
		return err
	})
	if v.n > shownElements {
		b = fmt.Appendf(b, ", … %d values", v.n)
	}
	return append(b, ']'), err
}

// appendScalar appends the decimal form of a number or bool, for floats the
// shortest that reads back.
func (v Value) appendScalar(b []byte) []byte {
	switch {
	case v.kind == KindBool:
		return strconv.AppendBool(b, v.data[0] != 0)
	case v.kind == KindFloat32:
		return strconv.AppendFloat(b, float(v.kind, v.data), 'g', -1, 32)
	case v.kind == KindFloat64:
		return strconv.AppendFloat(b, float(v.kind, v.data), 'g', -1, 64)
	}
	bits, negative := integer(v.kind, v.data)
	if negative {
		return strconv.AppendInt(b, int64(bits), 10)
	}
	return strconv.AppendUint(b, bits, 10)
}

// MarshalJSON writes the value whole; NaN and infinities, which JSON has no
// numbers for, as strings.
func (v Value) MarshalJSON() (out []byte, err error) {
	err = Guard(func() (err error) {
		out, err = v.appendJSON(nil)
		return err
	})
	return out, err
}

func (v Value) appendJSON(b []byte) ([]byte, error) {
	switch {
	case v.kind == KindString:
		text, err := json.Marshal(string(v.data))
		return append(b, text...), err
	case v.kind.isFloat():
		if x := float(v.kind, v.data); math.IsNaN(x) || math.IsInf(x, 0) {
			return append(append(append(b, '"'), v.appendScalar(nil)...), '"'), nil
		}
		return v.appendScalar(b), nil
	case v.kind != KindArray:
		return v.appendScalar(b), nil
	}
	b = append(b, '[')
	err := v.each(v.n, func(e Value) (err error) {
		if b[len(b)-1] != '[' {
			b = append(b, ',')
		}
		b, err = e.appendJSON(b)
		return err
	})
	return append(b, ']'), err
}
