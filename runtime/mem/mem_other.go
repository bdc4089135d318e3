//go:build !unix

package mem

import "unsafe"

// Alloc returns n bytes.
func Alloc(n int) (*Region, error) {
	const align = 64
	b := make([]byte, n+align)
	skip := int(-uintptr(unsafe.Pointer(&b[0])) & (align - 1))
	return &Region{data: b[skip : skip+n : skip+n]}, nil
}
