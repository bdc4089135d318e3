package loader

import (
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

func mapFile(file *os.File, size int) (mapping, error) {
	h, err := windows.CreateFileMapping(windows.Handle(file.Fd()), nil, windows.PAGE_READONLY, 0, 0, nil)
	if err != nil {
		return mapping{}, err
	}
	addr, err := windows.MapViewOfFile(h, windows.FILE_MAP_READ, 0, 0, uintptr(size))
	// The view keeps the mapping object alive.
	_ = windows.CloseHandle(h)
	if err != nil {
		return mapping{}, err
	}
	// The detour over addr's own address keeps vet content: the memory is the
	// system's, and the garbage collector has no part in it.
	data := unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&addr))), size)
	return mapping{data: data, close: func() error { return windows.UnmapViewOfFile(addr) }}, nil
}
