//go:build linux || darwin || freebsd

package hub

import "golang.org/x/sys/unix"

// freeBytes is how much may still be written below dir.
func freeBytes(dir string) (free uint64, ok bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil || s.Bsize <= 0 || s.Blocks == 0 {
		return 0, false // some file systems do not tell
	}
	return uint64(max(int64(s.Bavail), 0)) * uint64(s.Bsize), true
}
