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
// groups (version 2). Cached file pages count as used there, a mapped model's
// among them, but are given up when memory is short.
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
			if ok1 && ok2 {
				free := max(0, limit-used+fileCache(filepath.Join(root, dir, "memory.stat")))
				if !found || free < left {
					left, found = free, true
				}
			}
			if dir == "/" || dir == "." {
				break
			}
		}
	}
	return left, found
}

// fileCache reads the bytes of file pages that a control group holds.
func fileCache(path string) int64 {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	var total int64
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) == 2 && (f[0] == "active_file" || f[0] == "inactive_file") {
			n, _ := strconv.ParseInt(f[1], 10, 64)
			total += n
		}
	}
	return total
}

func readBytes(path string) (int64, bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(b)), 10, 64)
	return n, err == nil // "max" is no number: no limit
}
