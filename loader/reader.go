package loader

import "encoding/binary"

// reader walks over bytes with every access checked.
type reader struct {
	b   []byte
	off int
}

func (r *reader) left() int { return len(r.b) - r.off }

// take returns the next n bytes; what names them in the error.
func (r *reader) take(n uint64, what string) ([]byte, error) {
	if n > uint64(r.left()) {
		return nil, formatError("%s at byte %d needs %d bytes; %d are left", what, r.off, n, r.left())
	}
	b := r.b[r.off : r.off+int(n) : r.off+int(n)]
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

// str returns the bytes of a string: its length as 64 bits, then the bytes.
func (r *reader) str(what string) ([]byte, error) {
	n, err := r.u64(what)
	if err != nil {
		return nil, err
	}
	return r.take(n, what)
}
