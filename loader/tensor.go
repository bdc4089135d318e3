package loader

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"strconv"

	"github.com/gptrun/gptrun/quant"
)

// Tensor is a named array of weights, as it lies in the file.
type Tensor struct {
	Name  string
	Type  quant.Type
	Shape []int  // 1 to 4 dimensions, the innermost (a row's length) first
	Data  []byte // exactly the tensor's bytes; of a mapped file, read them under Guard
}

// Elements is the number of values.
func (t Tensor) Elements() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Rows is the number of rows of Shape[0] values.
func (t Tensor) Rows() int { return t.Elements() / t.Shape[0] }

// The alignment of tensors, general.alignment.
const (
	defaultAlignment = 32
	minAlignment     = 8
	maxAlignment     = 1 << 20
)

func alignment(m *Metadata) (uint64, error) {
	const key = "general.alignment"
	n, ok, err := m.Uint(key)
	switch {
	case err != nil:
		return 0, err
	case !ok:
		return defaultAlignment, nil
	case n < minAlignment || n > maxAlignment || n&(n-1) != 0:
		return 0, formatError("key %q is %d; it must be a power of two in %d…%d", key, n, minAlignment, maxAlignment)
	}
	return n, nil
}

// entry is a tensor's line in the table: offset counts from the data section.
type entry struct {
	tensor       Tensor
	offset, size uint64
}

// tensors reads the table of n tensors and finds each one's bytes.
func (r *reader) tensors(m *Metadata, n uint64) ([]Tensor, error) {
	align, err := alignment(m)
	if err != nil {
		return nil, err
	}
	entries := make([]entry, n)
	for i := range entries {
		if entries[i], err = r.entry(); err != nil {
			return nil, err
		}
	}
	data := (uint64(r.off) + align - 1) &^ (align - 1)
	tensors := make([]Tensor, n)
	for i, e := range entries {
		if tensors[i], err = r.place(e, data, align); err != nil {
			return nil, err
		}
	}
	return tensors, checkOverlaps(entries)
}

// entry reads a tensor's line, all but its bytes.
func (r *reader) entry() (e entry, err error) {
	t := &e.tensor
	name, err := r.str("a tensor's name")
	if err != nil {
		return e, err
	}
	if len(name) == 0 || len(name) > maxNameLen {
		return e, formatError("a tensor's name of %d bytes before byte %d; it must have 1…%d", len(name), r.off, maxNameLen)
	}
	t.Name = string(name)
	if t.Shape, err = r.shape(t.Name); err != nil {
		return e, err
	}
	typ, err := r.u32("a tensor's type")
	if err != nil {
		return e, err
	}
	t.Type = quant.Type(typ)
	if e.offset, err = r.u64("a tensor's offset"); err != nil {
		return e, err
	}
	e.size, err = tensorSize(*t)
	return e, err
}

func (r *reader) shape(tensor string) ([]int, error) {
	n, err := r.u32("a tensor's number of dimensions")
	if err != nil {
		return nil, err
	}
	if n == 0 || n > maxDims {
		return nil, formatError("tensor %q has %d dimensions; it must have 1…%d", tensor, n, maxDims)
	}
	shape := make([]int, n)
	for i := range shape {
		d, err := r.u64("a tensor's shape")
		if err != nil {
			return nil, err
		}
		if d == 0 || d > math.MaxInt32 {
			return nil, formatError("tensor %q: dimension %d is %d; it must be in 1…%d", tensor, i, d, math.MaxInt32)
		}
		shape[i] = int(d)
	}
	return shape, nil
}

// tensorSize is the number of a tensor's bytes. It is the one place where it
// is computed.
func tensorSize(t Tensor) (uint64, error) {
	info, ok := quant.Lookup(t.Type)
	if !ok {
		return 0, formatError("tensor %q is of type %s, which is not supported", t.Name, foreignType(t.Type))
	}
	if t.Shape[0]%info.BlockLen != 0 {
		return 0, formatError("tensor %q: rows of %d values are not whole blocks of %d, as type %s has", t.Name, t.Shape[0], info.BlockLen, info.Name)
	}
	elements, size := uint64(t.Shape[0]), uint64(t.Shape[0]/info.BlockLen)*uint64(info.BlockBytes)
	for _, d := range t.Shape[1:] {
		var over1, over2 uint64
		over1, elements = bits.Mul64(elements, uint64(d))
		over2, size = bits.Mul64(size, uint64(d))
		if over1 != 0 || over2 != 0 || elements > math.MaxInt || size > math.MaxInt {
			return 0, formatError("tensor %q: shape %v has too many values", t.Name, t.Shape)
		}
	}
	return size, nil
}

// place finds the bytes of a tensor in the data section, which begins at byte
// data.
func (r *reader) place(e entry, data, align uint64) (Tensor, error) {
	t, total := e.tensor, uint64(len(r.b))
	var there uint64 // bytes of the data section in the file
	if data < total {
		there = total - data
	}
	switch {
	case e.offset%align != 0:
		return t, formatError("tensor %q: offset %d is no multiple of the alignment %d", t.Name, e.offset, align)
	case e.offset >= there:
		return t, formatError("tensor %q: offset %d is past the end of the data (%d bytes, in a file of %d)", t.Name, e.offset, there, total)
	case e.size > there-e.offset:
		return t, formatError("tensor %q: its %d bytes at offset %d reach past the end of the data (%d bytes, in a file of %d)", t.Name, e.size, e.offset, there, total)
	}
	start := data + e.offset
	t.Data = r.b[start : start+e.size : start+e.size]
	return t, nil
}

func checkOverlaps(entries []entry) error {
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.offset, b.offset) })
	for i := 1; i < len(entries); i++ {
		if a, b := &entries[i-1], &entries[i]; a.offset+a.size > b.offset {
			return formatError("tensors %q and %q overlap at offset %d", a.tensor.Name, b.tensor.Name, b.offset)
		}
	}
	return nil
}

// foreignTypes names the types of ggml that gptrun does not read.
var foreignTypes = map[quant.Type]string{
	4: "Q4_2", 5: "Q4_3", 9: "Q8_1", 15: "Q8_K",
	16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 21: "IQ3_S", 22: "IQ2_S",
	24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M",
	31: "Q4_0_4_4", 32: "Q4_0_4_8", 33: "Q4_0_8_8", 34: "TQ1_0", 35: "TQ2_0",
	36: "IQ4_NL_4_4", 37: "IQ4_NL_4_8", 38: "IQ4_NL_8_8",
	40: "NVFP4", 41: "Q1_0", 42: "Q2_0",
}

func foreignType(t quant.Type) string {
	n := strconv.FormatUint(uint64(t), 10)
	if name, ok := foreignTypes[t]; ok {
		return n + " (" + name + ")"
	}
	return n
}
