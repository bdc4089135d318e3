package loader

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"
)

// mapFile maps the file at path read-only.
func mapFile(path string) (mapping, error) {
	file, size, err := regular(path)
	if err != nil {
		return mapping{}, err
	}
	defer file.Close()
	h, err := windows.CreateFileMapping(windows.Handle(file.Fd()), nil, windows.PAGE_READONLY, 0, 0, nil)
	if err != nil {
		return mapping{}, fmt.Errorf("%s: cannot map the file: %w", path, err)
	}
	addr, err := windows.MapViewOfFile(h, windows.FILE_MAP_READ, 0, 0, uintptr(size))
	// The view keeps the mapping alive.
	_ = windows.CloseHandle(h)
	if err != nil {
		return mapping{}, fmt.Errorf("%s: cannot map the file: %w", path, err)
	}
	data := unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&addr))), size)
	return mapping{data: data, close: func() error { return windows.UnmapViewOfFile(addr) }}, nil
}
