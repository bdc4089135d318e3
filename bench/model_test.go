package bench

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/runtime"
)

// forEachFile runs f with the path of every model of the lab.
func forEachFile(b *testing.B, f func(b *testing.B, path string)) {
	dir := os.Getenv("GPTRUN_LAB")
	if dir == "" {
		b.Skip("needs real models: set GPTRUN_LAB to a directory made by `make lab`")
	}
	paths, err := filepath.Glob(filepath.Join(dir, "models", "*.gguf"))
	require.NoError(b, err)
	for _, path := range paths {
		b.Run(strings.TrimSuffix(filepath.Base(path), ".gguf"), func(b *testing.B) { f(b, path) })
	}
}

// options are how the benchmarks run a model: GPTRUN_CPU names the tier,
// GPTRUN_WEIGHTS where weights are.
func options(b *testing.B) runtime.Options {
	o := runtime.Options{Context: 1024, CPU: os.Getenv("GPTRUN_CPU")}
	if w := os.Getenv("GPTRUN_WEIGHTS"); w != "" {
		var err error
		o.Weights, err = runtime.ParseWeightsMode(w)
		require.NoError(b, err)
	}
	return o
}

// forEachModel runs f with every model of the lab.
func forEachModel(b *testing.B, f func(b *testing.B, m *runtime.Model)) {
	forEachFile(b, func(b *testing.B, path string) {
		file, err := loader.Open(path)
		require.NoError(b, err)
		defer file.Close()
		m, err := runtime.New(file, options(b))
		require.NoError(b, err)
		defer m.Close()
		require.NoError(b, m.Load(context.Background()))
		f(b, m)
	})
}

// tokens are n ids spread over the vocabulary: speed does not depend on them.
func tokens(m *runtime.Model, n int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(i * 7919 % m.Config().Vocab)
	}
	return ids
}

func step(b *testing.B, batch *runtime.Batch, s *runtime.Sequence, ids []int32) {
	batch.Reset()
	require.NoError(b, batch.Add(s, ids, 1))
	require.NoError(b, batch.Run(context.Background()))
	_, err := batch.Logits(0)
	require.NoError(b, err)
}

// BenchmarkPrefill evaluates 512 tokens in one pass, as llama-bench's pp512.
func BenchmarkPrefill(b *testing.B) {
	forEachModel(b, func(b *testing.B, m *runtime.Model) {
		batch, ids := m.NewBatch(), tokens(m, 512)
		for b.Loop() {
			step(b, batch, m.NewSequence(), ids)
		}
		b.ReportMetric(float64(512*b.N)/b.Elapsed().Seconds(), "tok/s")
	})
}

// BenchmarkDecode evaluates 128 tokens one by one, as llama-bench's tg128.
func BenchmarkDecode(b *testing.B) {
	forEachModel(b, func(b *testing.B, m *runtime.Model) {
		batch, ids := m.NewBatch(), tokens(m, 128)
		for b.Loop() {
			s := m.NewSequence()
			for i := range ids {
				step(b, batch, s, ids[i:i+1])
			}
		}
		b.ReportMetric(float64(128*b.N)/b.Elapsed().Seconds(), "tok/s")
	})
}
