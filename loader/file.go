package loader

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/gptrun/gptrun/quant"
)

// Tensor is a named array of weights, as it lies in the file.
type Tensor struct {
	Name  string
	Type  quant.Type
	Shape []int  // innermost first, as GGUF has it
	Data  []byte // exactly the tensor's bytes
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

// File is an opened model.
type File struct {
	Meta    Metadata
	Tensors []Tensor // of all parts, in file order

	path   string
	size   int64
	byName map[string]int
	maps   []mapping
}

// mapping is a part's bytes.
type mapping struct {
	data    []byte
	release func([]byte)
	close   func() error
}

// Open maps the model at path. Of a split model it takes the first part and
// finds the others beside it.
func Open(path string) (*File, error) {
	f := &File{path: path}
	if err := f.open(); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("loader: %w", err)
	}
	return f, nil
}

// OpenBytes reads a model from data, which the caller keeps as it is until Close.
func OpenBytes(data []byte) (*File, error) {
	f := &File{}
	p, err := parse(data)
	if err == nil {
		err = f.adopt(p, mapping{data: data})
	}
	if err == nil {
		if n, ok, _ := f.Meta.Uint("split.count"); ok && n > 1 {
			err = formatError("the bytes are one part of %d", n)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("loader: %w", err)
	}
	return f, nil
}

func (f *File) open() error {
	first, err := f.openPart(f.path)
	if err != nil {
		return err
	}
	count, ok, err := first.meta.Uint("split.count")
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	if !ok || count <= 1 {
		return nil
	}
	return f.openRest(first, count)
}

func (f *File) openPart(path string) (*part, error) {
	m, err := mapFile(path)
	if err != nil {
		return nil, err
	}
	var p *part
	err = Guard(func() error {
		var err error
		p, err = parse(m.data)
		return err
	})
	if err == nil {
		err = f.adopt(p, m)
	} else {
		_ = m.close()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// adopt adds a part's tensors.
func (f *File) adopt(p *part, m mapping) error {
	f.maps = append(f.maps, m)
	f.size += int64(len(m.data))
	if f.byName == nil {
		f.Meta = p.meta
		f.byName = make(map[string]int, len(p.tensors))
	}
	for _, t := range p.tensors {
		if _, dup := f.byName[t.Name]; dup {
			return formatError("tensor %q is in two parts", t.Name)
		}
		f.byName[t.Name] = len(f.Tensors)
		f.Tensors = append(f.Tensors, t)
	}
	return nil
}

const maxParts = 10000

var partName = regexp.MustCompile(`^(.*)-(\d{5})-of-(\d{5})\.gguf$`)

func (f *File) openRest(first *part, count uint64) error {
	no, _, err := first.meta.Uint("split.no")
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	name := partName.FindStringSubmatch(filepath.Base(f.path))
	if count > maxParts || name == nil {
		return fmt.Errorf("%s: %w", f.path, formatError("it is one of %d parts; their names must end in -00001-of-%05d.gguf", count, count))
	}
	part := func(i uint64) string {
		return filepath.Join(filepath.Dir(f.path), fmt.Sprintf("%s-%05d-of-%05d.gguf", name[1], i, count))
	}
	if no != 0 {
		return fmt.Errorf("%s: %w", f.path, formatError("this is part %d of %d; open the first, %s", no+1, count, part(1)))
	}
	if n, err := strconv.ParseUint(name[3], 10, 64); err != nil || n != count {
		return fmt.Errorf("%s: %w", f.path, formatError("its name speaks of %s parts, its metadata of %d", name[3], count))
	}
	for i := uint64(1); i < count; i++ {
		p, err := f.openPart(part(i + 1))
		if err != nil {
			return err
		}
		if n, _, err := p.meta.Uint("split.no"); err != nil || n != i {
			return fmt.Errorf("%s: %w", part(i+1), formatError("key %q is not %d", "split.no", i))
		}
	}
	if want, ok, err := first.meta.Uint("split.tensors.count"); err != nil || ok && want != uint64(len(f.Tensors)) {
		return fmt.Errorf("%s: %w", f.path, formatError("the parts hold %d tensors; key %q is %d", len(f.Tensors), "split.tensors.count", want))
	}
	return nil
}

// Tensor returns the named tensor.
func (f *File) Tensor(name string) (Tensor, bool) {
	i, ok := f.byName[name]
	if !ok {
		return Tensor{}, false
	}
	return f.Tensors[i], true
}

// Path is the file's path, "" for bytes.
func (f *File) Path() string { return f.path }

// Size is the number of bytes of all parts.
func (f *File) Size() int64 { return f.size }

// Release gives the memory of the pages wholly inside data, a part of the
// file, back to the system; they are read again when touched.
func (f *File) Release(data []byte) {
	for _, m := range f.maps {
		if m.release != nil {
			m.release(data)
			return
		}
	}
}

// Close unmaps the file. Tensors and metadata must not be used afterwards.
func (f *File) Close() error {
	var errs []error
	for _, m := range f.maps {
		if m.close != nil {
			errs = append(errs, m.close())
		}
	}
	f.maps, f.Tensors, f.byName = nil, nil, nil
	f.Meta = Metadata{}
	return errors.Join(errs...)
}

// regular refuses what is no plain file, and returns its size.
func regular(path string) (*os.File, int, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s: %w", path, formatError("not a regular file"))
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	if info, err = file.Stat(); err != nil {
		_ = file.Close()
		return nil, 0, err
	}
	if info.Size() == 0 || int64(int(info.Size())) != info.Size() {
		_ = file.Close()
		return nil, 0, fmt.Errorf("%s: %w", path, formatError("a file of %d bytes", info.Size()))
	}
	return file, int(info.Size()), nil
}
