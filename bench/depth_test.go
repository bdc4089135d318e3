package bench

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/runtime"
	"github.com/gptrun/gptrun/runtime/kv"
)

// depths are how many tokens precede what is measured: GPTRUN_DEPTH, else
// llama-bench's -d 0,512,4096.
func depths(b *testing.B) []int {
	v := os.Getenv("GPTRUN_DEPTH")
	if v == "" {
		return []int{0, 512, 4096}
	}
	n, err := strconv.Atoi(v)
	require.NoError(b, err)
	return []int{n}
}

// BenchmarkDepth measures pp512 and tg32 after a past of some length, as
// llama-bench -d does. GPTRUN_KV names the type of keys and values.
func BenchmarkDepth(b *testing.B) {
	const prompt, generated = 512, 32
	forEachFile(b, func(b *testing.B, path string) {
		file, err := loader.Open(path)
		require.NoError(b, err)
		defer file.Close()
		for _, threads := range threadCounts() {
			o := options(b)
			o.Context, o.Threads = 5120, threads
			if v := os.Getenv("GPTRUN_KV"); v != "" {
				typ, err := kv.ParseType(v)
				require.NoError(b, err)
				o.KV = kv.Both(typ)
			}
			m, err := runtime.New(file, o)
			require.NoError(b, err)
			require.NoError(b, m.Load(context.Background()))
			batch, ids := m.NewBatch(), tokens(m, o.Context)
			for _, depth := range depths(b) {
				s := m.NewSequence()
				for s.Len() < depth {
					step(b, batch, s, ids[s.Len():min(s.Len()+prompt, depth)])
				}
				name := fmt.Sprintf("threads=%d/d=%d", threads, depth)
				b.Run("pp512/"+name, func(b *testing.B) {
					reportBest(b, prompt, func() {
						require.NoError(b, s.Truncate(depth))
						step(b, batch, s, ids[:prompt])
					})
				})
				b.Run("tg32/"+name, func(b *testing.B) {
					reportBest(b, generated, func() {
						require.NoError(b, s.Truncate(depth))
						for i := range generated {
							step(b, batch, s, ids[i:i+1])
						}
					})
				})
				s.Close()
			}
			batch.Close()
			require.NoError(b, m.Close())
		}
	})
}

// reportBest reports the best run's tokens per second: a busy neighbour can only
// lower it.
func reportBest(b *testing.B, tokens int, run func()) {
	run()
	best := time.Duration(1 << 62)
	for b.Loop() {
		start := time.Now()
		run()
		best = min(best, time.Since(start))
	}
	b.ReportMetric(float64(tokens)/best.Seconds(), "tok/s")
}
