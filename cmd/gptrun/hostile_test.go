package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goruntime "runtime"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/loader/gguftest"
	"github.com/gptrun/gptrun/quant"
)

// hostile are changes to the tiny llama model that no command that evaluates
// it may survive without an error.
var hostile = []struct {
	name   string
	change func(f *gguftest.File)
	says   string
}{
	{"another magic", func(f *gguftest.File) { f.Magic = "GGML" }, "GGML"},
	{"version 1", func(f *gguftest.File) { f.Version = 1 }, "version 1"},
	{"big-endian", func(f *gguftest.File) { f.Version = 3 << 24 }, "big-endian"},
	{"more tensors than bytes", func(f *gguftest.File) { f.TensorCount = new(uint64(1 << 40)) }, ""},
	{"more keys than bytes", func(f *gguftest.File) { f.KeyCount = new(uint64(math.MaxUint64)) }, ""},
	{"no architecture", func(f *gguftest.File) { f.Remove("general.architecture") }, "general.architecture"},
	{"an architecture with control characters", func(f *gguftest.File) { f.Set("general.architecture", "ll\x1b[2Jama\n") }, `\x1b`},
	{"an architecture that is a number", func(f *gguftest.File) { f.Set("general.architecture", uint32(7)) }, "general.architecture"},
	{"no layers", func(f *gguftest.File) { f.Set("llama.block_count", uint32(0)) }, "llama.block_count"},
	{"four billion layers", func(f *gguftest.File) { f.Set("llama.block_count", uint32(math.MaxUint32)) }, "llama.block_count"},
	{"more layers than tensors", func(f *gguftest.File) { f.Set("llama.block_count", uint32(4)) }, "blk.3"},
	{"no heads", func(f *gguftest.File) { f.Set("llama.attention.head_count", uint32(0)) }, "head_count"},
	{"heads that do not divide", func(f *gguftest.File) { f.Set("llama.attention.head_count_kv", uint32(3)) }, "heads"},
	{"heads of a million values", func(f *gguftest.File) { f.Set("llama.attention.key_length", uint32(1<<20)) }, "key_length"},
	{"an embedding of another width", func(f *gguftest.File) { f.Set("llama.embedding_length", uint32(128)) }, ""},
	{"an embedding that is text", func(f *gguftest.File) { f.Set("llama.embedding_length", "64") }, "llama.embedding_length"},
	{"no epsilon", func(f *gguftest.File) { f.Remove("llama.attention.layer_norm_rms_epsilon") }, "layer_norm_rms_epsilon"},
	{"an epsilon that is none", func(f *gguftest.File) { f.Set("llama.attention.layer_norm_rms_epsilon", float32(math.NaN())) }, "layer_norm_rms_epsilon"},
	{"a negative RoPE base", func(f *gguftest.File) { f.Set("llama.rope.freq_base", float32(-1)) }, "freq_base"},
	{"an odd RoPE width", func(f *gguftest.File) { f.Set("llama.rope.dimension_count", uint32(15)) }, "dimension_count"},
	{"no context", func(f *gguftest.File) { f.Set("llama.context_length", uint32(0)) }, "context_length"},
	{"no tokens", func(f *gguftest.File) { f.Remove("tokenizer.ggml.tokens") }, "tokens"},
	{"a vocabulary of another length", func(f *gguftest.File) { f.Set("tokenizer.ggml.tokens", []string{"a", "b"}) }, "tokenizer.ggml.tokens"},
	{"scores of another length", func(f *gguftest.File) { f.Set("tokenizer.ggml.scores", []float32{1, 2}) }, "scores"},
	{"a tokenizer of another kind", func(f *gguftest.File) { f.Set("tokenizer.ggml.model", "rwkv") }, `"rwkv"`},
	{"a BOS past the vocabulary", func(f *gguftest.File) { f.Set("tokenizer.ggml.bos_token_id", uint32(1<<31)) }, "bos"},
	{"a missing tensor", func(f *gguftest.File) { f.RemoveTensor("blk.1.ffn_up.weight") }, "blk.1.ffn_up.weight"},
	{"a tensor of another shape", func(f *gguftest.File) {
		f.Tensor("blk.1.ffn_up.weight").Shape = []uint64{160, 64}
	}, "blk.1.ffn_up.weight"},
	{"a tensor past the end", func(f *gguftest.File) { f.Tensor("blk.1.ffn_up.weight").Offset = new(uint64(1 << 50)) }, "blk.1.ffn_up.weight"},
	{"a tensor of an unknown type", func(f *gguftest.File) { f.Tensor("blk.1.ffn_up.weight").Type = quant.Type(99) }, "blk.1.ffn_up.weight"},
	{"a tensor whose size overflows", func(f *gguftest.File) {
		f.Tensor("blk.1.ffn_up.weight").Shape = []uint64{1 << 40, 1 << 40}
	}, "blk.1.ffn_up.weight"},
	{"a name that is a number", func(f *gguftest.File) { f.Set("general.name", uint32(7)) }, "general.name"},
	{"weights that are not numbers", func(f *gguftest.File) {
		f.Tensor("output_norm.weight").Data = bytes.Repeat([]byte{0xff}, 256)
	}, "not numbers"},
	{"split", func(f *gguftest.File) { f.Set("split.count", uint16(60000)) }, "split"},
}

func TestAHostileFileIsRefusedInOneLine(t *testing.T) {
	file, err := loader.Open(tiny("llama"))
	require.NoError(t, err)
	defer file.Close()
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			f := gguftest.From(t, file)
			h.change(f)
			path := f.Write(t, "hostile.gguf")
			refused(t, path, h.says)
		})
	}
}

func refused(t *testing.T, path, says string) {
	for _, args := range [][]string{{"prompt", "--raw", "-n", "2", "Hello"}, {"eval", "Hello"}} {
		var c console
		var before, after goruntime.MemStats
		goruntime.ReadMemStats(&before)
		begin := time.Now()
		require.Equal(t, exitError, c.run(append(args, "-m", path)...), "%q", args)
		require.Less(t, time.Since(begin), time.Second)
		goruntime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100<<20))
		require.Empty(t, strings.TrimSpace(c.out.String()))
		line := c.err.String()
		require.True(t, strings.HasPrefix(line, "gptrun: ") && strings.HasSuffix(line, "\n"), line)
		require.Equal(t, 1, strings.Count(line, "\n"), line)
		require.NotContains(t, line, "\x1b")
		require.Contains(t, line, says)
		require.Contains(t, line, filepath.Base(path))
	}
	for _, args := range [][]string{{"tokenize"}, {"inspect"}, {"bench", "-p", "4", "-n", "2", "-r", "1"}} { // they do not look at everything
		var c console
		c.in = "text"
		if status := c.run(append(args, "-m", path)...); status != 0 {
			require.Equal(t, exitError, status)
			require.Equal(t, 1, strings.Count(c.err.String(), "\n"))
		}
		require.NotContains(t, c.out.String()+c.err.String(), "\x1b")
	}
}

func TestAFileThatIsNoModelIsRefusedInOneLine(t *testing.T) {
	whole, err := os.ReadFile(tiny("llama"))
	require.NoError(t, err)
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, data, 0o600))
		return path
	}
	refused(t, write("empty", nil), "")
	refused(t, write("text", []byte("this is not a model\n")), "")
	refused(t, write("cut", whole[:len(whole)/3]), "")
	refused(t, filepath.Join(dir, "missing"), "")
	refused(t, dir, "")
}
