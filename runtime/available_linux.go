package runtime

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// availableMemory is the memory the process may still use: what the system has
// available, within the limits of the cgroups the process is in.
func availableMemory() (int64, bool) {
	avail, ok := systemAvailable("/proc/meminfo")
	if limit, found := cgroupAvailable("/proc/self/cgroup", "/sys/fs/cgroup"); found && (!ok || limit < avail) {
		avail, ok = limit, true
	}
	return avail, ok
}

// systemAvailable reads MemAvailable.
func systemAvailable(path string) (int64, bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == "MemAvailable:" {
			kb, err := strconv.ParseInt(f[1], 10, 64)
			return kb << 10, err == nil
		}
	}
	return 0, false
}

// cgroupAvailable reads what is left in the tightest of the process's control
// groups (version 2).
func cgroupAvailable(self, root string) (int64, bool) {
	b, err := os.ReadFile(self)
	if err != nil {
		return 0, false
	}
	left, found := int64(0), false
	for line := range strings.Lines(string(b)) {
		group, ok := strings.CutPrefix(strings.TrimSpace(line), "0::")
		if !ok {
			continue
		}
		for dir := filepath.Clean(group); ; dir = filepath.Dir(dir) {
			limit, ok1 := readBytes(filepath.Join(root, dir, "memory.max"))
			used, ok2 := readBytes(filepath.Join(root, dir, "memory.current"))
			if ok1 && ok2 && (!found || limit-used < left) {
				left, found = max(0, limit-used), true
			}
			if dir == "/" || dir == "." {
				break
			}
		}
	}
	return left, found
}

func readBytes(path string) (int64, bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(b)), 10, 64)
	return n, err == nil // "max" is no number: no limit
}
