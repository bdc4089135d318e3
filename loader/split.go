package loader

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
)

// maxParts bounds how many files one model may open.
const maxParts = 10000

// split is what the metadata of a part says of the whole.
type split struct {
	no, count uint64 // this part, from 0, and how many there are
	tensors   uint64 // of all parts
	counted   bool   // tensors is known
}

func splitOf(m *Metadata) (s split, err error) {
	if s.count, _, err = m.Uint("split.count"); err != nil {
		return s, err
	}
	if s.no, _, err = m.Uint("split.no"); err != nil {
		return s, err
	}
	if s.tensors, s.counted, err = m.Uint("split.tensors.count"); err != nil {
		return s, err
	}
	if s.count > maxParts {
		return s, formatError("key %q is %d; at most %d parts are supported", "split.count", s.count, maxParts)
	}
	if s.count > 0 && s.no >= s.count {
		return s, formatError("key %q is %d of %d parts", "split.no", s.no, s.count)
	}
	return s, nil
}

var partName = regexp.MustCompile(`^(.*)-(\d{5})-of-(\d{5})\.gguf$`)

// PartNames lists the file names of a split model's parts, in order, where name
// is one of them; else nil.
func PartNames(name string) []string {
	m := partName.FindStringSubmatch(name)
	if m == nil {
		return nil
	}
	no, _ := strconv.Atoi(m[2])
	count, _ := strconv.Atoi(m[3])
	if no < 1 || no > count || count > maxParts {
		return nil
	}
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%05d-of-%05d.gguf", m[1], i+1, count)
	}
	return names
}

// openSplit opens the other parts of a split model whose first part is open.
func (f *File) openSplit() error {
	s, err := splitOf(&f.Meta)
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	if s.count <= 1 {
		return nil
	}
	names := PartNames(filepath.Base(f.path))
	if uint64(len(names)) != s.count {
		return fmt.Errorf("%s: %w", f.path, formatError("it is part %d of a model in %d parts; its name must end in -%05d-of-%05d.gguf", s.no+1, s.count, s.no+1, s.count))
	}
	part := func(no uint64) string { return filepath.Join(filepath.Dir(f.path), names[no]) }
	if s.no != 0 {
		return fmt.Errorf("%s: %w", f.path, formatError("it is part %d of %d; open the first, %s", s.no+1, s.count, part(0)))
	}
	for no := uint64(1); no < s.count; no++ {
		if err := f.openFollowing(part(no), no, s.count); err != nil {
			return fmt.Errorf("part %d of %d: %w", no+1, s.count, err)
		}
	}
	if s.counted && s.tensors != uint64(len(f.Tensors)) {
		return fmt.Errorf("%s: %w", f.path, formatError("the parts hold %d tensors, key %q is %d", len(f.Tensors), "split.tensors.count", s.tensors))
	}
	return nil
}

// openFollowing opens part number no of count.
func (f *File) openFollowing(path string, no, count uint64) error {
	p, err := f.openPart(path)
	if err != nil {
		return err
	}
	s, err := splitOf(&p.meta)
	if err == nil && (s.no != no || s.count != count) {
		err = formatError("keys %q and %q make it part %d of %d", "split.no", "split.count", s.no+1, s.count)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
