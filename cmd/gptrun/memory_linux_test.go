package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// The peak memory of a process that answers one token is bounded by the file:
// the weights are packed with the bits they have, and the mapped pages given back.
func TestPeakMemoryStaysNearTheFile(t *testing.T) {
	lab := os.Getenv("GPTRUN_LAB")
	if lab == "" {
		t.Skip("needs a real model: set GPTRUN_LAB to a directory made by `make lab`")
	}
	for _, name := range []string{"smollm2-135m-instruct-q4_1", "gemma3-270m-q4_k_m"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(lab, "models", name+".gguf")
			info, err := os.Stat(path)
			require.NoError(t, err)
			cmd := process("prompt", "-m", path, "--raw", "-n", "1", "--weights", "packed", "Hello")
			require.NoError(t, cmd.Run())
			peak := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
			// One chunk of 256 positions of either model's cache is under 6 MB.
			bound := info.Size()*110/100 + 48e6 + 6e6
			t.Logf("peak %.1f MB of %.1f MB; the file has %.1f MB", float64(peak)/1e6, float64(bound)/1e6, float64(info.Size())/1e6)
			require.LessOrEqual(t, peak, bound)
		})
	}
}
