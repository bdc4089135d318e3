package hub

import "golang.org/x/sys/windows"

// freeBytes is how much may still be written below dir.
func freeBytes(dir string) (free uint64, ok bool) {
	p, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, false
	}
	return free, windows.GetDiskFreeSpaceEx(p, &free, nil, nil) == nil
}
