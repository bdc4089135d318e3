package gguftest

import (
	"encoding/binary"
	"fmt"
	"reflect"

	"github.com/gptrun/gptrun/loader"
)

// Raw is a value whose type and payload are written as they are.
type Raw struct {
	Kind    loader.Kind
	Payload []byte
}

// Array is an array with its element type and length written as they are,
// before the elements' payloads. Elements are values as Encode takes them.
type Array struct {
	Elem     loader.Kind
	Len      uint64
	Elements []any
}

// Encode appends a value's type and payload: a bool, string, Raw, Array, a
// number of a size that GGUF has, a slice of any of those but Raw and Array,
// or []any for an array of arrays. It panics on others.
func Encode(b []byte, value any) []byte {
	kind, payload := encode(value)
	b = binary.LittleEndian.AppendUint32(b, uint32(kind))
	return append(b, payload...)
}

func encode(value any) (loader.Kind, []byte) {
	switch v := value.(type) {
	case Raw:
		return v.Kind, v.Payload
	case Array:
		return loader.KindArray, encodeArray(v)
	case []any:
		return loader.KindArray, encodeArray(Array{loader.KindArray, uint64(len(v)), v})
	case string:
		return loader.KindString, appendString(nil, v)
	case []string:
		a := Array{Elem: loader.KindString, Len: uint64(len(v))}
		for _, s := range v {
			a.Elements = append(a.Elements, s)
		}
		return loader.KindArray, encodeArray(a)
	}
	kind, slice, n := numbers(value)
	payload, err := binary.Append(nil, binary.LittleEndian, value)
	if err != nil {
		panic(fmt.Sprintf("gguftest: a value of type %T: %v", value, err))
	}
	if !slice {
		return kind, payload
	}
	return loader.KindArray, append(encodeArray(Array{Elem: kind, Len: uint64(n)}), payload...)
}

func encodeArray(a Array) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(a.Elem))
	b = binary.LittleEndian.AppendUint64(b, a.Len)
	for _, e := range a.Elements {
		_, payload := encode(e)
		b = append(b, payload...)
	}
	return b
}

var kinds = map[reflect.Kind]loader.Kind{
	reflect.Uint8: loader.KindUint8, reflect.Int8: loader.KindInt8,
	reflect.Uint16: loader.KindUint16, reflect.Int16: loader.KindInt16,
	reflect.Uint32: loader.KindUint32, reflect.Int32: loader.KindInt32,
	reflect.Uint64: loader.KindUint64, reflect.Int64: loader.KindInt64,
	reflect.Float32: loader.KindFloat32, reflect.Float64: loader.KindFloat64,
	reflect.Bool: loader.KindBool,
}

// numbers tells the kind of a number or bool, or of a slice of n of them.
func numbers(value any) (kind loader.Kind, slice bool, n int) {
	v := reflect.ValueOf(value)
	typ := v.Type()
	if slice = typ.Kind() == reflect.Slice; slice {
		typ, n = typ.Elem(), v.Len()
	}
	kind, ok := kinds[typ.Kind()]
	if !ok {
		panic(fmt.Sprintf("gguftest: no metadata value of type %T", value))
	}
	return kind, slice, n
}

func appendString(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
}
