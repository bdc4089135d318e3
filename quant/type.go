package quant

import "fmt"

// Type is a tensor's element type, numbered as in the GGUF format.
type Type uint32

// The types gptrun reads.
const (
	F32    Type = 0
	F16    Type = 1
	Q4_0   Type = 2
	Q4_1   Type = 3
	Q5_0   Type = 6
	Q5_1   Type = 7
	Q8_0   Type = 8
	Q2_K   Type = 10
	Q3_K   Type = 11
	Q4_K   Type = 12
	Q5_K   Type = 13
	Q6_K   Type = 14
	IQ4_NL Type = 20
	IQ4_XS Type = 23
	BF16   Type = 30
	MXFP4  Type = 39

	// NumTypes bounds the values above; tables indexed by Type have this length.
	NumTypes = 40
)

// Info is one row of the table of types.
type Info struct {
	Name       string
	BlockLen   int // elements in a block
	BlockBytes int // bytes in a block
	// Decode writes the elements of whole blocks: len(dst) is a multiple of
	// BlockLen and src holds exactly len(dst)/BlockLen blocks.
	Decode func(dst []float32, src []byte)
}

// Lookup returns the row of t; ok is false where gptrun does not read t.
func Lookup(t Type) (info Info, ok bool) {
	if t >= NumTypes {
		return Info{}, false
	}
	info = table[t]
	return info, info.BlockLen > 0
}

// Types lists the types gptrun reads, ascending.
func Types() []Type {
	var ts []Type
	for t := range Type(NumTypes) {
		if table[t].BlockLen > 0 {
			ts = append(ts, t)
		}
	}
	return ts
}

// Quantized reports whether t stores integer codes with block scales.
func (t Type) Quantized() bool { return t != F32 && t != F16 && t != BF16 }

func (t Type) String() string {
	if info, ok := Lookup(t); ok {
		return info.Name
	}
	return fmt.Sprintf("type %d", uint32(t))
}
