package bench

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun"
	"github.com/gptrun/gptrun/runtime"
)

// Sequences that decode together have a prompt each and get answers, as in
// llama-batched-bench -npp 32 -ntg 64.
const (
	togetherPrompt = 32
	togetherAnswer = 64
)

var togetherCounts = []int{1, 2, 4, 8}

// best is the id of the highest logit.
func best(logits []float32) int32 {
	b := 0
	for i, x := range logits {
		if x > logits[b] {
			b = i
		}
	}
	return int32(b)
}

// BenchmarkDecodeTogether decodes several sequences at once, greedily: as one
// batch, and as sessions that run in goroutines of their own. Prompts do not count.
func BenchmarkDecodeTogether(b *testing.B) {
	b.Run("batch", func(b *testing.B) {
		forEachModel(b, func(b *testing.B, m *runtime.Model) {
			for _, n := range togetherCounts {
				b.Run(fmt.Sprint(n), func(b *testing.B) { decodeBatch(b, m, n) })
			}
		})
	})
	b.Run("sessions", func(b *testing.B) {
		forEachFile(b, func(b *testing.B, path string) {
			m, err := gptrun.Open(path, gptrun.CPU(os.Getenv("GPTRUN_CPU")))
			require.NoError(b, err)
			defer m.Close()
			require.NoError(b, m.Load(context.Background()))
			for _, n := range togetherCounts {
				b.Run(fmt.Sprint(n), func(b *testing.B) { decodeSessions(b, m, n) })
			}
		})
	})
}

func reportTogether(b *testing.B, n int) {
	b.ReportMetric(float64(n*togetherAnswer*b.N)/b.Elapsed().Seconds(), "tok/s")
}

func decodeBatch(b *testing.B, m *runtime.Model, n int) {
	batch := m.NewBatch()
	defer batch.Close()
	next := make([]int32, n)
	for b.Loop() {
		b.StopTimer()
		seqs := make([]*runtime.Sequence, n)
		for i := range seqs {
			seqs[i] = m.NewSequence()
			step(b, batch, seqs[i], tokens(m, togetherPrompt))
		}
		b.StartTimer()
		for range togetherAnswer {
			batch.Reset()
			for i, s := range seqs {
				require.NoError(b, batch.Add(s, next[i:i+1], 1))
			}
			require.NoError(b, batch.Run(context.Background()))
			for i := range seqs {
				logits, err := batch.Logits(i)
				require.NoError(b, err)
				next[i] = best(logits)
			}
		}
	}
	reportTogether(b, n)
}

func decodeSessions(b *testing.B, m *gptrun.Model, n int) {
	ctx := context.Background()
	prompt := make([]int32, togetherPrompt)
	for i := range prompt {
		prompt[i] = int32(1000 + 7*i)
	}
	for b.Loop() {
		b.StopTimer()
		sessions := make([]*gptrun.Session, n)
		for i := range sessions {
			sessions[i] = m.NewSession()
			_, err := sessions[i].Eval(ctx, prompt)
			require.NoError(b, err)
		}
		b.StartTimer()
		var all sync.WaitGroup
		for _, s := range sessions {
			all.Go(func() {
				next := []int32{0}
				for range togetherAnswer {
					logits, err := s.Eval(ctx, next)
					if err != nil {
						b.Error(err)
						return
					}
					next[0] = best(logits)
				}
			})
		}
		all.Wait()
		b.StopTimer()
		for _, s := range sessions {
			require.NoError(b, s.Close())
		}
		b.StartTimer()
	}
	reportTogether(b, n)
}
