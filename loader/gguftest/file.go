package gguftest

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/quant"
)

// File is a GGUF file to be written. The zero value writes an empty one of
// version 3. Pointers, where set, are written instead of the truth.
type File struct {
	Magic       string // "GGUF" where empty
	Version     uint32 // 3 where 0
	TensorCount *uint64
	KeyCount    *uint64
	Meta        []Pair
	Tensors     []Tensor
}

// Pair is a metadata key and its value; see Encode for what a value may be.
type Pair struct {
	Key   string
	Value any
}

// Tensor is a tensor to be written.
type Tensor struct {
	Name   string
	Type   quant.Type
	Shape  []uint64 // the innermost dimension first
	Data   []byte   // zeros of the right size where nil
	Dims   *uint32  // the number of dimensions
	Offset *uint64  // in the data section
}

// From returns a File with the metadata and tensors of an open model, to be
// changed and written again. Tensors' bytes are those of f.
func From(t testing.TB, f *loader.File) *File {
	t.Helper()
	out := &File{}
	for _, key := range f.Meta.Keys() {
		v, _ := f.Meta.Value(key)
		x, err := v.Any()
		if err != nil {
			t.Fatal(err)
		}
		out.Set(key, x)
	}
	for _, tensor := range f.Tensors {
		shape := make([]uint64, len(tensor.Shape))
		for i, d := range tensor.Shape {
			shape[i] = uint64(d)
		}
		out.Tensors = append(out.Tensors, Tensor{Name: tensor.Name, Type: tensor.Type, Shape: shape, Data: tensor.Data})
	}
	return out
}

// Set gives key a value, in its place or as the last.
func (f *File) Set(key string, value any) {
	for i := range f.Meta {
		if f.Meta[i].Key == key {
			f.Meta[i].Value = value
			return
		}
	}
	f.Meta = append(f.Meta, Pair{key, value})
}

// Remove takes key out.
func (f *File) Remove(key string) {
	f.Meta = slices.DeleteFunc(f.Meta, func(p Pair) bool { return p.Key == key })
}

// Tensor returns the named tensor, to be changed in its place; nil where there
// is none.
func (f *File) Tensor(name string) *Tensor {
	for i := range f.Tensors {
		if f.Tensors[i].Name == name {
			return &f.Tensors[i]
		}
	}
	return nil
}

// RemoveTensor takes the named tensor out.
func (f *File) RemoveTensor(name string) {
	f.Tensors = slices.DeleteFunc(f.Tensors, func(t Tensor) bool { return t.Name == name })
}

// Bytes encodes the file.
func (f *File) Bytes() []byte {
	le := binary.LittleEndian
	b := []byte("GGUF")
	if f.Magic != "" {
		b = []byte(f.Magic)
	}
	version := f.Version
	if version == 0 {
		version = 3
	}
	b = le.AppendUint32(b, version)
	b = le.AppendUint64(b, or(f.TensorCount, uint64(len(f.Tensors))))
	b = le.AppendUint64(b, or(f.KeyCount, uint64(len(f.Meta))))
	for _, p := range f.Meta {
		b = appendString(b, p.Key)
		b = Encode(b, p.Value)
	}
	align := f.alignment()
	var data []byte
	for _, t := range f.Tensors {
		data = pad(data, align)
		b = appendString(b, t.Name)
		b = le.AppendUint32(b, or(t.Dims, uint32(len(t.Shape))))
		for _, d := range t.Shape {
			b = le.AppendUint64(b, d)
		}
		b = le.AppendUint32(b, uint32(t.Type))
		b = le.AppendUint64(b, or(t.Offset, uint64(len(data))))
		data = append(data, t.bytes()...)
	}
	if len(f.Tensors) == 0 {
		return b
	}
	return pad(append(pad(b, align), data...), align)
}

// Write puts the file into a folder of the test's and returns its path.
func (f *File) Write(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, f.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// alignment is general.alignment where it can be used, else the default.
func (f *File) alignment() int {
	for _, p := range f.Meta {
		if n, ok := p.Value.(uint32); ok && p.Key == "general.alignment" && n > 0 && n <= 1<<20 {
			return int(n)
		}
	}
	return 32
}

// bytes returns zeros for a tensor without data, and none for one whose size
// is a lie.
func (t *Tensor) bytes() []byte {
	info, ok := quant.Lookup(t.Type)
	if t.Data != nil || !ok {
		return t.Data
	}
	n := uint64(1)
	for _, d := range t.Shape {
		if d > 1<<20 || n*d > 1<<20 {
			return nil
		}
		n *= d
	}
	return make([]byte, n/uint64(info.BlockLen)*uint64(info.BlockBytes))
}

func pad(b []byte, align int) []byte {
	return append(b, make([]byte, (align-len(b)%align)%align)...)
}

func or[T any](p *T, truth T) T {
	if p != nil {
		return *p
	}
	return truth
}
