package kv

import (
	"fmt"
	"strings"

	"github.com/gptrun/gptrun/quant"
)

// Type is the element type of keys or of values.
type Type uint8

const (
	F16 Type = iota
	F32
	Q8_0 // blocks of 32 int8 and a scale in half precision, 34 bytes

	numTypes = iota
)

var typeNames = [numTypes]string{"f16", "f32", "q8_0"}

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
	switch t {
	case F32:
		return 4 * dim
	case Q8_0:
		block, _ := quant.Lookup(quant.Q8_0)
		return dim / block.BlockLen * block.BlockBytes
	}
	return 2 * dim
}

// check refuses heads that are not whole blocks.
func (t Type) check(what string, dim int) error {
	if block, _ := quant.Lookup(quant.Q8_0); t == Q8_0 && dim%block.BlockLen != 0 {
		return fmt.Errorf("%s cannot be kept as %s: heads of %d channels are not whole blocks of %d", what, t, dim, block.BlockLen)
	}
	return nil
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

// CheckLayers refuses layers that cannot be held.
func (t Types) CheckLayers(layers []Layer) error {
	for _, l := range layers {
		if err := t.Keys.check("keys", l.KeyDim); err != nil {
			return err
		}
		if err := t.Values.check("values", l.ValueDim); err != nil {
			return err
		}
	}
	return nil
}
