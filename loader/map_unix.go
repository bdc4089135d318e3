//go:build unix

package loader

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

func mapFile(file *os.File, size int) (mapping, error) {
	data, err := unix.Mmap(int(file.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return mapping{}, err
	}
	return mapping{data: data, release: releasePages, close: func() error { return unix.Munmap(data) }}, nil
}

// releasePages tells the system that the pages wholly inside b may go. It is
// advice: where it fails, they stay.
func releasePages(b []byte) {
	page := unix.Getpagesize()
	start := int(uintptr(unsafe.Pointer(unsafe.SliceData(b))) % uintptr(page))
	skip := (page - start) % page
	if n := (len(b) - skip) / page * page; n > 0 {
		_ = unix.Madvise(b[skip:skip+n], unix.MADV_DONTNEED)
	}
}
