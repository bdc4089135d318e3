//go:build !linux && !darwin && !windows

package cores

// count does not know.
func count() (Cores, bool) { return Cores{}, false }
