package asm

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A file edited by hand, or a generator changed without running it, shows here.
func TestGeneratedFilesAreWhatTheGeneratorWrites(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("go", "run", "./_gen", "-out", dir)
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOOS=", "GOARCH=") // run here, whatever is being tested
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s: %s", cmd, output)

	written, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.NotEmpty(t, written)
	for _, f := range written {
		want, err := os.ReadFile(filepath.Join(dir, f.Name()))
		require.NoError(t, err)
		have, err := os.ReadFile(f.Name())
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, have), "%s: run go generate ./asm", f.Name())
	}
	for _, pattern := range []string{"matmul_*", "pack_*"} {
		present, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, name := range present {
			require.FileExists(t, filepath.Join(dir, name), "%s: not written by the generator", name)
		}
	}
}
