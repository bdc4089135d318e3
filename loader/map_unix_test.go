//go:build unix

package loader_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/loader/gguftest"
	"github.com/gptrun/gptrun/quant"
)

func TestAPipeIsRefusedAndNotWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Skipf("needs a file system with pipes: %v", err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := loader.Open(path)
		done <- err
	}()
	select {
	case err := <-done:
		require.ErrorIs(t, err, loader.ErrFormat)
		require.ErrorContains(t, err, "not a regular file")
	case <-time.After(5 * time.Second):
		t.Fatal("Open waits for the pipe")
	}
	_, err := loader.Open("/dev/null")
	require.ErrorContains(t, err, "not a regular file")
}

// large is a model whose tensor spans many pages.
func large(t *testing.T) (path string, f *loader.File, weights loader.Tensor) {
	const size = 8 << 20
	file := sound()
	file.Tensors = append(file.Tensors, gguftest.Tensor{Name: "large", Type: quant.F32, Shape: []uint64{1024, size / 4096}, Data: bytes.Repeat([]byte{7}, size)})
	path = file.Write(t, "model.gguf")
	f, err := loader.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	weights, ok := f.Tensor("large")
	require.True(t, ok)
	return path, f, weights
}

func sum(b []byte) (s int) {
	for _, x := range b {
		s += int(x)
	}
	return s
}

func TestAFileThatShrinksIsAnError(t *testing.T) {
	path, f, weights := large(t)
	require.NoError(t, os.Truncate(path, 4096))
	total := 0
	err := loader.Guard(func() error {
		total = sum(weights.Data)
		return nil
	})
	require.ErrorIs(t, err, loader.ErrFault)
	require.Zero(t, total)

	_, err = loader.Open(path)
	require.ErrorIs(t, err, loader.ErrFormat, "the rest is a file cut short")

	require.NoError(t, os.Truncate(path, 0))
	for _, key := range f.Meta.Keys() {
		v, _ := f.Meta.Value(key)
		_, err := v.Any()
		require.ErrorIs(t, err, loader.ErrFault)
		_, err = v.MarshalJSON()
		require.ErrorIs(t, err, loader.ErrFault)
		require.Contains(t, v.String(), "can no longer be read")
	}
	_, _, err = f.Meta.String("general.architecture")
	require.ErrorIs(t, err, loader.ErrFault)
	_, _, err = f.Meta.Strings("tokenizer.ggml.tokens")
	require.ErrorIs(t, err, loader.ErrFault)
	require.ErrorContains(t, err, `key "tokenizer.ggml.tokens"`)
	_, _, err = f.Meta.Floats("tokenizer.ggml.scores")
	require.ErrorIs(t, err, loader.ErrFault)
	_, _, err = f.Meta.Uint("llama.block_count")
	require.ErrorIs(t, err, loader.ErrFault)
}

func TestReleasedPagesReadTheSame(t *testing.T) {
	_, f, weights := large(t)
	before := sum(weights.Data)
	require.Equal(t, 7*len(weights.Data), before)
	f.Release(weights.Data)
	require.Equal(t, before, sum(weights.Data))
	for _, cut := range [][]byte{nil, weights.Data[:0], weights.Data[:1], weights.Data[1:4097], weights.Data[len(weights.Data)-5000:]} {
		f.Release(cut)
	}
	require.Equal(t, before, sum(weights.Data))
}

// Memory of the caller's own would lose what is written there.
func TestReleaseLeavesOtherMemoryAlone(t *testing.T) {
	_, f, weights := large(t)
	own, err := unix.Mmap(-1, 0, 1<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	require.NoError(t, err)
	defer func() { require.NoError(t, unix.Munmap(own)) }()
	copy(own, bytes.Repeat([]byte{9}, len(own)))
	f.Release(own)
	require.Equal(t, 9*len(own), sum(own))

	m, err := loader.OpenBytes(sound().Bytes())
	require.NoError(t, err)
	m.Release(weights.Data)
	m.Release(own)
	require.Equal(t, 9*len(own), sum(own))
}
