package loader

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"

	"github.com/gptrun/gptrun/quant"
)

// ErrFormat reports a file that is not a well-formed GGUF file.
var ErrFormat = errors.New("invalid model file")

const (
	maxArrayDepth    = 4
	maxAlignment     = 1 << 20
	defaultAlignment = 32
	maxNameLen       = 64
	maxDims          = 4
)

// reader walks over bytes with every access checked.
type reader struct {
	b   []byte
	off int
}

func formatError(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrFormat}, args...)...)
}

func (r *reader) left() int { return len(r.b) - r.off }

func (r *reader) take(n uint64, what string) ([]byte, error) {
	if n > uint64(r.left()) {
		return nil, formatError("%s at byte %d needs %d bytes; the file has %d left", what, r.off, n, r.left())
	}
	b := r.b[r.off : r.off+int(n)]
	r.off += int(n)
	return b, nil
}

func (r *reader) u32(what string) (uint32, error) {
	b, err := r.take(4, what)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(b), nil
}

func (r *reader) u64(what string) (uint64, error) {
	b, err := r.take(8, what)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b), nil
}

func (r *reader) str(what string) ([]byte, error) {
	n, err := r.u64(what)
	if err != nil {
		return nil, err
	}
	return r.take(n, what)
}

// parse reads one GGUF file's header, metadata and tensor table.
func parse(b []byte) (*part, error) {
	r := &reader{b: b}
	tensors, keys, err := r.header()
	if err != nil {
		return nil, err
	}
	p := &part{}
	if p.meta, err = r.metadata(keys); err != nil {
		return nil, err
	}
	if err := r.tensors(p, tensors); err != nil {
		return nil, err
	}
	return p, nil
}

// part is one file of a model.
type part struct {
	meta    Metadata
	tensors []Tensor
}

func (r *reader) header() (tensors, keys uint64, err error) {
	magic, err := r.take(4, "the magic number")
	if err != nil {
		return 0, 0, err
	}
	if string(magic) != "GGUF" {
		return 0, 0, formatError("not a GGUF file: it begins with %q", magic)
	}
	version, err := r.u32("the version")
	if err != nil {
		return 0, 0, err
	}
	switch {
	case version == 2 || version == 3:
	case version == 1:
		return 0, 0, formatError("GGUF version 1 is not supported; versions 2 and 3 are")
	case version&0xffff == 0 && bits.ReverseBytes32(version) <= 3:
		return 0, 0, formatError("big-endian GGUF is not supported")
	default:
		return 0, 0, formatError("GGUF version %d is not supported; versions 2 and 3 are", version)
	}
	if tensors, err = r.u64("the number of tensors"); err != nil {
		return 0, 0, err
	}
	if keys, err = r.u64("the number of metadata keys"); err != nil {
		return 0, 0, err
	}
	// A tensor takes at least 25 bytes and a key 13.
	if tensors > uint64(r.left())/25 {
		return 0, 0, formatError("%d tensors cannot fit the file's %d bytes", tensors, len(r.b))
	}
	if keys > uint64(r.left())/13 {
		return 0, 0, formatError("%d metadata keys cannot fit the file's %d bytes", keys, len(r.b))
	}
	return tensors, keys, nil
}

func (r *reader) metadata(n uint64) (Metadata, error) {
	m := Metadata{values: make(map[string]Value)}
	for range n {
		k, err := r.str("a metadata key")
		if err != nil {
			return m, err
		}
		if len(k) == 0 || len(k) > math.MaxUint16 {
			return m, formatError("a metadata key of %d bytes at byte %d", len(k), r.off)
		}
		key := string(k)
		if _, dup := m.values[key]; dup {
			return m, formatError("metadata key %q is there twice", key)
		}
		kind, err := r.u32("the type of a metadata value")
		if err != nil {
			return m, err
		}
		v, err := r.value(Kind(kind), 0)
		if err != nil {
			return m, fmt.Errorf("metadata key %q: %w", key, err)
		}
		m.keys = append(m.keys, key)
		m.values[key] = v
	}
	return m, nil
}

func (r *reader) value(k Kind, depth int) (Value, error) {
	switch {
	case k >= numKinds:
		return Value{}, formatError("unknown value type %d", uint32(k))
	case k == KindString:
		s, err := r.str("a string")
		return Value{kind: k, n: len(s), data: s}, err
	case k == KindArray:
		return r.array(depth)
	}
	b, err := r.take(uint64(kindSizes[k]), "a value")
	return Value{kind: k, n: 1, data: b}, err
}

func (r *reader) array(depth int) (Value, error) {
	if depth == maxArrayDepth {
		return Value{}, formatError("arrays are nested more than %d deep", maxArrayDepth)
	}
	e, err := r.u32("the type of an array")
	if err != nil {
		return Value{}, err
	}
	elem := Kind(e)
	n, err := r.u64("the length of an array")
	if err != nil {
		return Value{}, err
	}
	if elem >= numKinds {
		return Value{}, formatError("unknown array type %d", e)
	}
	least := uint64(max(kindSizes[elem], 1))
	if elem == KindString {
		least = 8
	} else if elem == KindArray {
		least = 12
	}
	if n > uint64(r.left())/least {
		return Value{}, formatError("an array of %d values at byte %d; the file has %d bytes left", n, r.off, r.left())
	}
	start := r.off
	if elem != KindString && elem != KindArray {
		r.off += int(n) * kindSizes[elem]
	} else {
		for range n {
			if _, err := r.value(elem, depth+1); err != nil {
				return Value{}, err
			}
		}
	}
	return Value{kind: KindArray, elem: elem, n: int(n), data: r.b[start:r.off]}, nil
}

func (r *reader) tensors(p *part, n uint64) error {
	align := uint64(defaultAlignment)
	if a, ok, err := p.meta.Uint("general.alignment"); err != nil {
		return err
	} else if ok {
		align = a
	}
	if align < 8 || align > maxAlignment || align&(align-1) != 0 {
		return formatError("key %q is %d; it must be a power of two in 8…%d", "general.alignment", align, maxAlignment)
	}
	type entry struct {
		t      Tensor
		offset uint64
		size   uint64
	}
	entries := make([]entry, 0, n)
	seen := make(map[string]bool, n)
	for range n {
		t, offset, size, err := r.tensorInfo()
		if err != nil {
			return err
		}
		if seen[t.Name] {
			return formatError("tensor %q is there twice", t.Name)
		}
		seen[t.Name] = true
		entries = append(entries, entry{t, offset, size})
	}
	data := (uint64(r.off) + align - 1) &^ (align - 1)
	end := uint64(0)
	for i := range entries {
		e := &entries[i]
		total := uint64(len(r.b))
		switch {
		case e.offset%align != 0:
			return formatError("tensor %q: offset %d is no multiple of the alignment %d", e.t.Name, e.offset, align)
		case data > total || e.offset > total-data || e.size > total-data-e.offset:
			return formatError("tensor %q: %d bytes at offset %d are past the end of the file (%d bytes)", e.t.Name, e.size, e.offset, total)
		}
		start := data + e.offset
		e.t.Data = r.b[start : start+e.size : start+e.size]
		end = max(end, e.offset+e.size)
		p.tensors = append(p.tensors, e.t)
	}
	return nil
}

func (r *reader) tensorInfo() (t Tensor, offset, size uint64, err error) {
	name, err := r.str("a tensor's name")
	if err != nil {
		return t, 0, 0, err
	}
	if len(name) == 0 || len(name) > maxNameLen {
		return t, 0, 0, formatError("a tensor's name of %d bytes at byte %d; it must be in 1…%d", len(name), r.off, maxNameLen)
	}
	t.Name = string(name)
	dims, err := r.u32("a tensor's dimensions")
	if err != nil {
		return t, 0, 0, err
	}
	if dims == 0 || dims > maxDims {
		return t, 0, 0, formatError("tensor %q has %d dimensions; it must be in 1…%d", t.Name, dims, maxDims)
	}
	for range dims {
		d, err := r.u64("a tensor's shape")
		if err != nil {
			return t, 0, 0, err
		}
		if d == 0 || d > math.MaxInt32 {
			return t, 0, 0, formatError("tensor %q: dimension %d is out of range", t.Name, d)
		}
		t.Shape = append(t.Shape, int(d))
	}
	typ, err := r.u32("a tensor's type")
	if err != nil {
		return t, 0, 0, err
	}
	t.Type = quant.Type(typ)
	if offset, err = r.u64("a tensor's offset"); err != nil {
		return t, 0, 0, err
	}
	size, err = tensorSize(t)
	return t, offset, size, err
}

// tensorSize is the one place where a tensor's bytes are computed.
func tensorSize(t Tensor) (uint64, error) {
	info, ok := quant.Lookup(t.Type)
	if !ok {
		return 0, formatError("tensor %q has %s, which is not supported", t.Name, t.Type)
	}
	if t.Shape[0]%info.BlockLen != 0 {
		return 0, formatError("tensor %q: rows of %d values are no whole %s blocks of %d", t.Name, t.Shape[0], info.Name, info.BlockLen)
	}
	size := uint64(t.Shape[0]/info.BlockLen) * uint64(info.BlockBytes)
	for _, d := range t.Shape[1:] {
		hi, lo := bits.Mul64(size, uint64(d))
		if hi != 0 || lo > math.MaxInt64 {
			return 0, formatError("tensor %q: its shape %v is too large", t.Name, t.Shape)
		}
		size = lo
	}
	return size, nil
}
