package loader_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/quant"
)

func TestOpenMapsAFile(t *testing.T) {
	file := sound()
	path := file.Write(t, "model.gguf")
	m, err := loader.Open(path)
	require.NoError(t, err)
	require.Equal(t, path, m.Path())
	require.EqualValues(t, len(file.Bytes()), m.Size())
	want := openBytes(t, file)
	require.Equal(t, want.Tensors, m.Tensors)
	require.Equal(t, want.Meta.Keys(), m.Meta.Keys())

	require.NoError(t, m.Close())
	require.NoError(t, m.Close())
	_, ok := m.Tensor("blk.0.q")
	require.False(t, ok)
	_, ok, err = m.Meta.String("general.architecture")
	require.NoError(t, err)
	require.False(t, ok)
	m.Release(nil)
}

func TestWhatIsNoModelFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	missing := filepath.Join(dir, "missing.gguf")
	_, err := loader.Open(missing)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "loader: "+missing+": ")

	for _, test := range []struct{ path, says string }{
		{dir, "it is a directory, not a file"},
		{write("empty", ""), "the file is empty"},
		{write("short", "GG"), `not a GGUF file: it begins with "GG"`},
		{write("four", "GGUF"), "the version at byte 4 needs 4 bytes; 0 are left"},
	} {
		_, err := loader.Open(test.path)
		require.ErrorIs(t, err, loader.ErrFormat)
		require.EqualError(t, err, "loader: "+test.path+": "+test.says)
	}
	_, err = loader.OpenBytes(nil)
	require.ErrorIs(t, err, loader.ErrFormat)
}

func TestGuardLetsOtherPanicsGoOn(t *testing.T) {
	require.PanicsWithValue(t, "mine", func() { _ = loader.Guard(func() error { panic("mine") }) })
	var none *int
	require.Panics(t, func() { _ = loader.Guard(func() error { *none++; return nil }) })
	require.ErrorIs(t, loader.Guard(func() error { return fs.ErrClosed }), fs.ErrClosed)
	require.NoError(t, loader.Guard(func() error { return nil }))
}

func TestTinyModelsOpen(t *testing.T) {
	for arch, tensors := range map[string]int{"gpt2": 40, "llama": 30, "gemma3": 93} {
		for typ, matrix := range map[string]quant.Type{"f32": quant.F32, "q8_0": quant.Q8_0} {
			t.Run(arch+" "+typ, func(t *testing.T) {
				m, err := loader.Open(filepath.Join("..", "testdata", "tiny", arch, arch+"-"+typ+".gguf"))
				require.NoError(t, err)
				defer m.Close()
				name, ok, err := m.Meta.String("general.architecture")
				require.NoError(t, err)
				require.True(t, ok)
				require.Equal(t, arch, name)
				require.Len(t, m.Tensors, tensors)
				embd, ok := m.Tensor("token_embd.weight")
				require.True(t, ok)
				require.Equal(t, matrix, embd.Type)
				tokens, ok, err := m.Meta.Strings("tokenizer.ggml.tokens")
				require.NoError(t, err)
				require.True(t, ok)
				require.Len(t, tokens, embd.Rows())
			})
		}
	}
}

func TestRealModelsOpen(t *testing.T) {
	dir := os.Getenv("GPTRUN_LAB")
	if dir == "" {
		t.Skip("needs real models: set GPTRUN_LAB to a directory made by `make lab`")
	}
	models, err := filepath.Glob(filepath.Join(dir, "models", "*.gguf"))
	require.NoError(t, err)
	vocabularies, err := filepath.Glob(filepath.Join(dir, "llama_cpp_python-*", "vendor", "llama.cpp", "models", "*.gguf"))
	require.NoError(t, err)
	for _, path := range append(models, vocabularies...) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			m, err := loader.Open(path)
			require.NoError(t, err)
			defer m.Close()
			tokens, _, err := m.Meta.Strings("tokenizer.ggml.tokens")
			require.NoError(t, err)
			require.NotEmpty(t, tokens)
			types, _, err := m.Meta.Ints("tokenizer.ggml.token_type")
			require.NoError(t, err)
			require.Len(t, types, len(tokens))
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	dir := os.Getenv("GPTRUN_LAB")
	if dir == "" {
		b.Skip("needs a real model: set GPTRUN_LAB to a directory made by `make lab`")
	}
	path := filepath.Join(dir, "models", "gemma3-270m-q4_k_m.gguf") // 262144 tokens
	b.ReportAllocs()
	for b.Loop() {
		m, err := loader.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		if err := m.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
