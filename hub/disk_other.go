//go:build !linux && !darwin && !freebsd && !windows

package hub

// freeBytes does not know.
func freeBytes(string) (free uint64, ok bool) { return 0, false }
