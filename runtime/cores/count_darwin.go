package cores

import "golang.org/x/sys/unix"

// count asks for the levels of performance; the system has neither affinity nor
// quotas of processes.
func count() (Cores, bool) {
	return fromLevels(
		func(name string) (int, bool) {
			n, err := unix.SysctlUint32(name)
			return int(n), err == nil
		},
		func(name string) string {
			s, _ := unix.Sysctl(name)
			return s
		})
}
