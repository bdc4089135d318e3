//go:build unix

package loader

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapFile maps the file at path read-only.
func mapFile(path string) (mapping, error) {
	file, size, err := regular(path)
	if err != nil {
		return mapping{}, err
	}
	defer file.Close()
	data, err := unix.Mmap(int(file.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return mapping{}, fmt.Errorf("%s: cannot map the file: %w", path, err)
	}
	return mapping{data: data, release: releasePages, close: func() error { return unix.Munmap(data) }}, nil
}

// releasePages advises the system that the pages wholly inside b are not needed.
func releasePages(b []byte) {
	page := uintptr(unix.Getpagesize())
	if uintptr(len(b)) < 2*page {
		return
	}
	start := uintptr(unsafe.Pointer(&b[0]))
	skip := (page - start%page) % page
	n := (uintptr(len(b)) - skip) / page * page
	_ = unix.Madvise(b[skip:skip+n], unix.MADV_DONTNEED)
}
