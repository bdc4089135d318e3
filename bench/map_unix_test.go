//go:build unix

package bench

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// mappedFile returns a mapped file of n bytes that is in the page cache.
func mappedFile(tb testing.TB, n int) []byte {
	data := make([]byte, n)
	fill(data)
	path := filepath.Join(tb.TempDir(), "bytes")
	require.NoError(tb, os.WriteFile(path, data, 0o600))
	f, err := os.Open(path)
	require.NoError(tb, err)
	defer f.Close()
	mapped, err := unix.Mmap(int(f.Fd()), 0, n, unix.PROT_READ, unix.MAP_SHARED)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, unix.Munmap(mapped)) })
	return mapped
}
