package kv

import (
	"fmt"
	"strings"
)

// Type is the element type of keys or of values.
type Type uint8

const (
	F16 Type = iota
	F32

	numTypes = iota
)

var typeNames = [numTypes]string{"f16", "f32"}

// ParseType reads the name of a type.
func ParseType(s string) (Type, error) {
	for i, name := range typeNames {
		if s == name {
			return Type(i), nil
		}
	}
	return 0, fmt.Errorf("KV cache type %q is not one of %s", s, strings.Join(typeNames[:], ", "))
}

func (t Type) String() string { return typeNames[t] }

// bytes is what dim elements of one position take.
func (t Type) bytes(dim int) int {
	if t == F32 {
		return 4 * dim
	}
	return 2 * dim
}

// Types are the element types of a cache.
type Types struct{ Keys, Values Type }

// Both is the same type for keys and values.
func Both(t Type) Types { return Types{t, t} }

// Check refuses types that do not exist.
func (t Types) Check() error {
	for i, typ := range [...]Type{t.Keys, t.Values} {
		if typ >= numTypes {
			return fmt.Errorf("%s type of the cache is %d, which does not exist", [...]string{"key", "value"}[i], typ)
		}
	}
	return nil
}
