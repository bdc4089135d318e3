//go:build unix

package mem

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Alloc returns n bytes.
func Alloc(n int) (*Region, error) {
	if n == 0 {
		return &Region{}, nil
	}
	mapped, err := unix.Mmap(-1, 0, n+hugePage, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("cannot get %d bytes of memory: %w", n, err)
	}
	// A huge page starts at a multiple of its size.
	skip := int(-uintptr(unsafe.Pointer(&mapped[0])) & (hugePage - 1))
	data := mapped[skip : skip+n : skip+n]
	adviseHuge(data)
	return &Region{data: data, free: func() error { return unix.Munmap(mapped) }}, nil
}
