package loader

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"unsafe"
)

// File is an opened model: metadata and tensors over mapped or given bytes.
// Its methods but Close may be called from several goroutines.
type File struct {
	Meta    Metadata
	Tensors []Tensor // of all parts, in file order

	path   string
	size   int64
	byName map[string]int
	parts  []mapping
}

// mapping is the bytes of one file. release and close are nil where there is
// nothing to do.
type mapping struct {
	data    []byte
	release func([]byte)
	close   func() error
}

// Open maps the model at path, read-only. Of a split model it takes the first
// part and finds the others beside it, named NAME-00001-of-0000N.gguf.
func Open(path string) (*File, error) {
	f := &File{path: path}
	_, err := f.openPart(path)
	if err == nil {
		err = f.openSplit()
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("loader: %w", err)
	}
	return f, nil
}

// OpenBytes reads a model from data without a copy; the caller keeps data
// unchanged until Close. A part of a split model is refused.
func OpenBytes(data []byte) (*File, error) {
	f := &File{}
	_, err := f.adopt(mapping{data: data})
	if err == nil {
		var s split
		if s, err = splitOf(&f.Meta); err == nil && s.count > 1 {
			err = formatError("the bytes are part %d of a model in %d parts", s.no+1, s.count)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("loader: %w", err)
	}
	return f, nil
}

// openPart maps the file at path and takes in its tensors.
func (f *File) openPart(path string) (*part, error) {
	m, err := mapRegular(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	p, err := f.adopt(m)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// adopt takes in the tensors of a file, and of the first one its metadata.
func (f *File) adopt(m mapping) (*part, error) {
	f.parts = append(f.parts, m)
	f.size += int64(len(m.data))
	var p *part
	err := Guard(func() (err error) {
		p, err = parse(m.data)
		return err
	})
	if err != nil {
		return nil, err
	}
	if f.byName == nil {
		f.byName = make(map[string]int, len(p.tensors))
		f.Meta = p.meta
	}
	if len(f.Tensors)+len(p.tensors) > maxTensors {
		return nil, formatError("the parts up to this one hold more than %d tensors", maxTensors)
	}
	for _, t := range p.tensors {
		if _, dup := f.byName[t.Name]; dup {
			return nil, formatError("tensor %q is there twice", t.Name)
		}
		f.byName[t.Name] = len(f.Tensors)
		f.Tensors = append(f.Tensors, t)
	}
	return p, nil
}

// Tensor returns the named tensor; ok is false where there is none.
func (f *File) Tensor(name string) (t Tensor, ok bool) {
	i, ok := f.byName[name]
	if !ok {
		return Tensor{}, false
	}
	return f.Tensors[i], true
}

// Path is the path given to Open, "" for bytes.
func (f *File) Path() string { return f.path }

// Named puts the file's path before an error about its contents.
func (f *File) Named(err error) error {
	if err == nil || f.path == "" {
		return err
	}
	return fmt.Errorf("%s: %w", f.path, err)
}

// Size is the number of bytes of all parts.
func (f *File) Size() int64 { return f.size }

// Release gives the memory of the pages wholly inside data, a part of a mapped
// file, back to the system; they are read from the file again when touched. It
// does nothing for bytes that are not mapped by f, or where the system cannot.
func (f *File) Release(data []byte) {
	for _, m := range f.parts {
		if m.release != nil && m.contains(data) {
			m.release(data)
			return
		}
	}
}

func (m mapping) contains(data []byte) bool {
	start := uintptr(unsafe.Pointer(unsafe.SliceData(m.data)))
	at := uintptr(unsafe.Pointer(unsafe.SliceData(data)))
	return at >= start && at-start <= uintptr(len(m.data)) && uintptr(len(data)) <= uintptr(len(m.data))-(at-start)
}

// Close unmaps the file. Tensors and metadata must not be used afterwards. A
// second Close does nothing.
func (f *File) Close() error {
	var errs []error
	for _, m := range f.parts {
		if m.close != nil {
			errs = append(errs, m.close())
		}
	}
	f.parts, f.Tensors, f.byName = nil, nil, nil
	f.Meta = Metadata{}
	return errors.Join(errs...)
}

// mapRegular maps the file at path, and refuses what is no regular file: a
// pipe would block, a device has no size.
func mapRegular(path string) (mapping, error) {
	info, err := os.Stat(path)
	if err != nil {
		return mapping{}, cause(err)
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return mapping{}, formatError("it is a directory, not a file")
	case !mode.IsRegular():
		return mapping{}, formatError("it is not a regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return mapping{}, cause(err)
	}
	defer file.Close()
	if info, err = file.Stat(); err != nil {
		return mapping{}, cause(err)
	}
	size := info.Size()
	switch {
	case size == 0:
		return mapping{}, formatError("the file is empty")
	case int64(int(size)) != size:
		return mapping{}, formatError("a file of %d bytes does not fit in this system's address space", size)
	}
	m, err := mapFile(file, int(size))
	if err != nil {
		return mapping{}, fmt.Errorf("mapping the file: %w", err)
	}
	return m, nil
}

// cause drops the path from an error of package os; openPart names it.
func cause(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}
