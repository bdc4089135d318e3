package loader

import (
	"bytes"
	"fmt"
	"math"
	"math/bits"
)

// Bounds on what a file may hold. Real models stay far below them; they keep
// the memory of a refusal small whatever the file's size.
const (
	maxKeys       = 1 << 16
	maxTensors    = 1 << 16
	maxKeyLen     = math.MaxUint16 // the specification's
	maxKeyBytes   = 1 << 24        // of all keys together
	maxNameLen    = 64             // the specification's
	maxDims       = 4
	maxArrayDepth = 4

	minKeyBytes    = 8 + 1 + 4 + 1         // length, one letter, type, a byte
	minTensorBytes = 8 + 1 + 4 + 8 + 4 + 8 // length, one letter, dimensions, one of them, type, offset
)

// part is one file of a model.
type part struct {
	meta    Metadata
	tensors []Tensor
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
	if p.tensors, err = r.tensors(&p.meta, tensors); err != nil {
		return nil, err
	}
	return p, nil
}

// foreign are the beginnings of files that people take for GGUF files.
var foreign = []struct{ magic, name string }{
	{"FUGG", "a big-endian GGUF file, which is not supported"},
	{"tjgg", "a GGJT file, the format before GGUF"},
	{"fmgg", "a GGMF file, a format before GGUF"},
	{"lmgg", "a GGML file, a format before GGUF"},
	{"algg", "a GGLA file, a LoRA adapter of before GGUF"},
	{"PK\x03\x04", "a zip archive, as PyTorch's checkpoints are"},
	{"\x80\x02", "a Python pickle, as PyTorch's checkpoints are"},
	{"\x89HDF", "an HDF5 file"},
	{"\x1f\x8b", "a gzip archive"},
	{"version https://git-lfs", "a Git LFS pointer; git lfs pull fetches what it stands for"},
	{"<!DOCTYPE", "an HTML page; a download went wrong"},
	{"<html", "an HTML page; a download went wrong"},
}

func notGGUF(b []byte) error {
	for _, f := range foreign {
		if bytes.HasPrefix(b, []byte(f.magic)) {
			return formatError("not a GGUF file but %s", f.name)
		}
	}
	// A length as 64 bits, then JSON.
	if len(b) > 9 && b[8] == '{' && b[6] == 0 && b[7] == 0 {
		return formatError("not a GGUF file but a safetensors file")
	}
	return formatError("not a GGUF file: it begins with %q", b[:min(len(b), 4)])
}

func (r *reader) header() (tensors, keys uint64, err error) {
	if !bytes.HasPrefix(r.b, []byte("GGUF")) {
		return 0, 0, notGGUF(r.b)
	}
	r.off = 4
	version, err := r.u32("the version")
	if err != nil {
		return 0, 0, err
	}
	switch {
	case version == 2 || version == 3:
	case version == 1:
		return 0, 0, formatError("GGUF version 1 is not supported; versions 2 and 3 are")
	case version&0xffff == 0 && version != 0:
		return 0, 0, formatError("big-endian GGUF (version %d) is not supported", bits.ReverseBytes32(version))
	default:
		return 0, 0, formatError("GGUF version %d is not supported; versions 2 and 3 are", version)
	}
	if tensors, err = r.u64("the number of tensors"); err != nil {
		return 0, 0, err
	}
	if keys, err = r.u64("the number of metadata keys"); err != nil {
		return 0, 0, err
	}
	if err := r.checkCount("tensors", tensors, maxTensors, minTensorBytes); err != nil {
		return 0, 0, err
	}
	if err := r.checkCount("metadata keys", keys, maxKeys, minKeyBytes); err != nil {
		return 0, 0, err
	}
	return tensors, keys, nil
}

func (r *reader) checkCount(of string, n, most, minBytes uint64) error {
	if n > uint64(r.left())/minBytes {
		return formatError("%d %s do not fit in the file's %d bytes", n, of, len(r.b))
	}
	if n > most {
		return formatError("%d %s; at most %d are supported", n, of, most)
	}
	return nil
}

func (r *reader) metadata(n uint64) (Metadata, error) {
	m := Metadata{values: make(map[string]Value)}
	total := 0
	for range n {
		k, err := r.str("a metadata key")
		if err != nil {
			return m, err
		}
		if len(k) == 0 || len(k) > maxKeyLen {
			return m, formatError("a metadata key of %d bytes before byte %d; it must have 1…%d", len(k), r.off, maxKeyLen)
		}
		if total += len(k); total > maxKeyBytes {
			return m, formatError("the metadata keys before byte %d have more than %d bytes", r.off, maxKeyBytes)
		}
		key := string(k)
		if _, dup := m.values[key]; dup {
			return m, formatError("key %.100q is there twice", key)
		}
		kind, err := r.u32("the type of a value")
		if err != nil {
			return m, fmt.Errorf("key %.100q: %w", key, err)
		}
		v, err := r.value(Kind(kind))
		if err != nil {
			return m, fmt.Errorf("key %.100q: %w", key, err)
		}
		m.keys = append(m.keys, key)
		m.values[key] = v
	}
	return m, nil
}

// value walks over a value of kind k.
func (r *reader) value(k Kind) (Value, error) {
	switch {
	case k >= numKinds:
		return Value{}, formatError("unknown value type %d", uint32(k))
	case k == KindString:
		s, err := r.str("a string")
		return Value{kind: k, n: len(s), data: s}, err
	case k == KindArray:
		return r.array(0)
	}
	b, err := r.take(uint64(kindSizes[k]), "a value")
	return Value{kind: k, n: 1, data: b}, err
}

// array walks over an array that lies depth arrays deep. Every element is
// looked at, none is kept.
func (r *reader) array(depth int) (Value, error) {
	if depth == maxArrayDepth {
		return Value{}, formatError("arrays are nested more than %d deep", maxArrayDepth)
	}
	e, err := r.u32("the type of an array")
	if err != nil {
		return Value{}, err
	}
	elem := Kind(e)
	if elem >= numKinds {
		return Value{}, formatError("unknown array type %d", e)
	}
	n, err := r.u64("the length of an array")
	if err != nil {
		return Value{}, err
	}
	if n > uint64(r.left()/minBytes(elem)) {
		return Value{}, formatError("an array of %d values of type %s before byte %d; %d bytes are left", n, elem, r.off, r.left())
	}
	start := r.off
	switch elem {
	case KindString: // a vocabulary has hundreds of thousands
		for range n {
			if _, err := r.str("a string"); err != nil {
				return Value{}, err
			}
		}
	case KindArray:
		for range n {
			if _, err := r.array(depth + 1); err != nil {
				return Value{}, err
			}
		}
	default:
		r.off += int(n) * kindSizes[elem]
	}
	return Value{kind: KindArray, elem: elem, n: int(n), data: r.b[start:r.off:r.off]}, nil
}

// minBytes is the size of the smallest value of kind k.
func minBytes(k Kind) int {
	switch k {
	case KindString:
		return 8 // its length
	case KindArray:
		return 12 // its type and length
	}
	return kindSizes[k]
}
