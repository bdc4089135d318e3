package runtime

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheTightestControlGroupBoundsMemory(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	self := write("self", "12:cpu:/elsewhere\n0::/a/b\n")
	_, found := cgroupAvailable(self, root)
	require.False(t, found, "no group has a limit")

	write("a/memory.max", "1000\n")
	write("a/memory.current", "900\n")
	write("a/b/memory.max", "max\n")
	write("a/b/memory.current", "800\n")
	left, found := cgroupAvailable(self, root)
	require.True(t, found)
	require.EqualValues(t, 100, left)

	write("a/memory.stat", "anon 500\ninactive_file 250\nactive_file 50\nfile_mapped 7\n")
	left, _ = cgroupAvailable(self, root)
	require.EqualValues(t, 400, left)

	write("a/b/memory.max", "700\n")
	left, _ = cgroupAvailable(self, root)
	require.EqualValues(t, 0, left, "a group past its limit")
}

func TestAvailableMemoryIsReadFromTheSystem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meminfo")
	require.NoError(t, os.WriteFile(path, []byte("MemTotal: 9 kB\nMemAvailable:    3 kB\n"), 0o600))
	n, ok := systemAvailable(path)
	require.True(t, ok)
	require.EqualValues(t, 3<<10, n)
	_, ok = systemAvailable(path + ".missing")
	require.False(t, ok)

	_, ok = availableMemory()
	require.True(t, ok)
}
