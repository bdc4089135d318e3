package runtime

import (
	"context"
	"os"
	"path/filepath"
	goruntime "runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gptrun/gptrun/loader"
)

func TestADecodeStepDoesNotAllocate(t *testing.T) {
	for _, arch := range tinyArchs {
		t.Run(arch, func(t *testing.T) {
			m := openModel(t, tinyPath(arch, "q8_0"), Options{Threads: 2})
			s, b := m.NewSequence(), m.NewBatch()
			ctx := context.Background()
			token := []int32{7}
			prefill(t, m, s, []int32{1, 2, 3, 4})
			allocs := testing.AllocsPerRun(100, func() {
				b.Reset()
				if b.Add(s, token, 1) != nil || b.Run(ctx) != nil {
					panic("the step failed")
				}
				row, err := b.Logits(0)
				if err != nil {
					panic(err)
				}
				token[0] = int32(argmax(row))
			})
			require.Zero(t, allocs)
		})
	}
}

func TestCloseEndsEveryGoroutine(t *testing.T) {
	defer goleak.VerifyNone(t)
	f, err := loader.Open(tinyPath("llama", "q8_0"))
	require.NoError(t, err)
	m, err := New(f, Options{Threads: 3})
	require.NoError(t, err)
	greedy(t, m, []int32{1, 2, 3}, 3)
	require.NoError(t, m.Close())
	require.NoError(t, m.Close())
	require.ErrorIs(t, m.Load(context.Background()), ErrClosed)
	require.NoError(t, f.Close())
}

func TestTheEndOfTheContextIsAnErrorAndLosesNothing(t *testing.T) {
	m := openModel(t, tinyPath("llama", "q8_0"), Options{Threads: 1, Context: 10})
	s, b := m.NewSequence(), m.NewBatch()
	require.ErrorIs(t, b.Add(s, make([]int32, 11), 1), ErrContext)
	prefill(t, m, s, make([]int32, 10))
	require.ErrorIs(t, b.Add(s, []int32{1}, 1), ErrContext)
	require.Equal(t, 10, s.Len())
}

func TestTokensOutsideTheVocabularyAreErrors(t *testing.T) {
	m := openModel(t, tinyPath("gpt2", "q8_0"), Options{Threads: 1})
	b := m.NewBatch()
	for _, id := range []int32{-1, int32(m.Config().Vocab)} {
		require.ErrorIs(t, b.Add(m.NewSequence(), []int32{id}, 1), ErrToken)
	}
}

func TestABatchChecksWhatIsAdded(t *testing.T) {
	m := openModel(t, tinyPath("llama", "q8_0"), Options{Threads: 1, Batch: 4})
	other := openModel(t, tinyPath("llama", "q8_0"), Options{Threads: 1})
	b, s := m.NewBatch(), m.NewSequence()
	require.Error(t, b.Run(context.Background()), "an empty batch")
	require.Error(t, b.Add(s, nil, 0))
	require.Error(t, b.Add(s, make([]int32, 2), 3))
	require.Error(t, b.Add(s, make([]int32, 5), 1))
	require.Error(t, b.Add(other.NewSequence(), make([]int32, 1), 1))
	require.NoError(t, b.Add(s, make([]int32, 3), 1))
	require.Error(t, b.Add(s, make([]int32, 1), 1), "twice")
	_, err := b.Logits(0)
	require.Error(t, err, "before Run")
	require.NoError(t, b.Run(context.Background()))
	require.Error(t, b.Run(context.Background()), "twice")
	_, err = b.Logits(1)
	require.Error(t, err)
}

func TestACancelledContextLeavesTheSequenceAsItWas(t *testing.T) {
	m := openModel(t, tinyPath("llama", "q8_0"), Options{Threads: 2})
	want := greedy(t, m, []int32{1, 2, 3}, 5)
	s, b := m.NewSequence(), m.NewBatch()
	prefill(t, m, s, []int32{1, 2})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, b.Add(s, []int32{3}, 1))
	require.ErrorIs(t, b.Run(ctx), context.Canceled)
	require.Equal(t, 2, s.Len())
	b.Reset()
	require.NoError(t, b.Add(s, []int32{3}, 1))
	require.NoError(t, b.Run(context.Background()))
	row, err := b.Logits(0)
	require.NoError(t, err)
	require.EqualValues(t, want[0], argmax(row))
}

func TestSessionsOfOneModelRunSideBySide(t *testing.T) {
	m := openModel(t, tinyPath("gemma3", "q8_0"), Options{Threads: 2})
	want := greedy(t, m, []int32{1, 2, 3}, 20)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			got := greedy(t, m, []int32{1, 2, 3}, 20)
			if len(got) != len(want) {
				t.Error("a session ended early")
			}
			for i := range got {
				if got[i] != want[i] {
					t.Errorf("token %d is %d, want %d", i, got[i], want[i])
				}
			}
		})
	}
	wg.Wait()
}

func TestAFileThatShrinksWhileItRunsFailsTheModel(t *testing.T) {
	if goruntime.GOOS == "windows" {
		t.Skip("a mapped file cannot shrink on this system")
	}
	for _, mode := range []WeightsMode{WeightsPacked, WeightsMapped} {
		t.Run(mode.String(), func(t *testing.T) {
			data, err := os.ReadFile(tinyPath("llama", "f32"))
			require.NoError(t, err)
			path := filepath.Join(t.TempDir(), "model.gguf")
			require.NoError(t, os.WriteFile(path, data, 0o600))
			m := openModel(t, path, Options{Threads: 2, Weights: mode})
			greedy(t, m, []int32{1, 2, 3}, 2)
			require.NoError(t, os.Truncate(path, 4096))
			b := m.NewBatch()
			require.NoError(t, b.Add(m.NewSequence(), []int32{600, 601, 602}, 1))
			require.ErrorIs(t, b.Run(context.Background()), loader.ErrFault)
			require.ErrorIs(t, m.Load(context.Background()), loader.ErrFault)
		})
	}
}

func TestAFileThatShrinksBeforeItIsPackedFailsTheModel(t *testing.T) {
	if goruntime.GOOS == "windows" {
		t.Skip("a mapped file cannot shrink on this system")
	}
	data, err := os.ReadFile(tinyPath("llama", "q8_0"))
	require.NoError(t, err)
	for name, use := range map[string]func(*Model) error{
		"Load": func(m *Model) error { return m.Load(context.Background()) },
		"Run": func(m *Model) error {
			b := m.NewBatch()
			require.NoError(t, b.Add(m.NewSequence(), []int32{1, 2, 3}, 1))
			return b.Run(context.Background())
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "model.gguf")
			require.NoError(t, os.WriteFile(path, data, 0o600))
			m := openModel(t, path, Options{Threads: 2})
			require.NoError(t, os.Truncate(path, 4096))
			for range 2 {
				err := use(m)
				require.ErrorIs(t, err, loader.ErrFault)
				require.ErrorContains(t, err, path)
			}
		})
	}
}

func TestMemoryGrowsWithTheContext(t *testing.T) {
	m := openModel(t, tinyPath("gemma3", "q8_0"), Options{Threads: 1})
	small, large := m.Memory(256), m.Memory(4096)
	require.Positive(t, small.Weights)
	require.Positive(t, small.Compute)
	require.Greater(t, large.KV, small.KV)
}

func TestProgressReachesTheEnd(t *testing.T) {
	for name, use := range map[string]func(*Model){
		"Load": func(m *Model) { require.NoError(t, m.Load(context.Background())) },
		"Run":  func(m *Model) { greedy(t, m, []int32{1, 2, 3}, 2) },
		"both": func(m *Model) {
			prefill(t, m, m.NewSequence(), []int32{1, 2, 3}) // all but the output head
			require.NoError(t, m.Load(context.Background()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			var last, total int64
			m := openModel(t, tinyPath("llama", "q8_0"), Options{Threads: 2, Weights: WeightsPacked, Progress: func(d, n int64) {
				require.Greater(t, d, last)
				last, total = d, n
			}})
			use(m)
			require.Positive(t, total)
			require.Equal(t, total, last)
			require.True(t, m.loaded.Load())
		})
	}
}

func TestWeightsPackedBeforeGiveTheBitsOfThosePackedAtTheirFirstUse(t *testing.T) {
	for _, arch := range tinyArchs {
		var g tinyGolden
		readJSON(t, &g, "tiny", arch, "golden.json")
		ids := longText(arch, g, 100)
		before := openModel(t, tinyPath(arch, "q8_0"), Options{Threads: 2, Weights: WeightsPacked})
		require.NoError(t, before.Load(context.Background()))
		first := openModel(t, tinyPath(arch, "q8_0"), Options{Threads: 2, Weights: WeightsPacked})
		requireSameBits(t, evaluate(t, before, ids, 512), evaluate(t, first, ids, 30), arch)
	}
}

func TestTheTimeOfPackingIsTheFirstBatchs(t *testing.T) {
	m := openModel(t, tinyPath("llama", "q8_0"), Options{Threads: 2, Weights: WeightsPacked})
	b := m.NewBatch()
	for i := range 2 {
		b.Reset()
		require.NoError(t, b.Add(m.NewSequence(), []int32{1, 2, 3}, 1))
		require.NoError(t, b.Run(context.Background()))
		run := b.Packing()
		_, err := b.Logits(0)
		require.NoError(t, err)
		if i == 0 {
			require.Positive(t, run)
			require.Greater(t, b.Packing(), run, "the output head")
		} else {
			require.Zero(t, b.Packing())
		}
	}
}

func TestACancelledLoadGivesItsMemoryBackAndMayBeRepeated(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	m := openModel(t, tinyPath("llama", "q8_0"), Options{Threads: 2, Weights: WeightsPacked, Progress: func(done, total int64) {
		if done > total/2 {
			cancel()
		}
	}})
	b := m.NewBatch()
	require.NoError(t, b.Add(m.NewSequence(), []int32{1, 2, 3}, 1))
	require.NoError(t, b.Run(context.Background())) // all but the output head is packed
	require.ErrorIs(t, m.Load(ctx), context.Canceled)
	require.Nil(t, m.memory)
	_, err := b.Logits(0) // packs the head alone
	require.NoError(t, err)
	require.NotNil(t, m.memory)
	require.False(t, m.loaded.Load())
	require.NoError(t, m.Load(context.Background()))
	want := greedy(t, openModel(t, tinyPath("llama", "q8_0"), Options{Threads: 1}), []int32{1, 2, 3}, 4)
	require.Equal(t, want, greedy(t, m, []int32{1, 2, 3}, 4))
}

// stopsAfter is a context that is cancelled once it has been asked n times.
type stopsAfter struct {
	context.Context
	n int
}

func (c *stopsAfter) Err() error {
	if c.n--; c.n < 0 {
		return context.Canceled
	}
	return nil
}

func TestAPassThatStopsHalfwayLeavesNoTrace(t *testing.T) {
	for _, arch := range tinyArchs {
		t.Run(arch, func(t *testing.T) {
			var g tinyGolden
			readJSON(t, &g, "tiny", arch, "golden.json")
			ids := longText(arch, g, 256)
			opts := Options{Threads: 2, Weights: WeightsPacked}
			want := evaluate(t, openModel(t, tinyPath(arch, "q8_0"), opts), ids, 512)
			m := openModel(t, tinyPath(arch, "q8_0"), opts)
			cut := m.NewBatch()
			require.NoError(t, cut.Add(m.NewSequence(), ids[:9], 1))
			require.ErrorIs(t, cut.Run(&stopsAfter{context.Background(), 1}), context.Canceled, "half of the weights are packed")
			require.False(t, m.loaded.Load())
			s, b := m.NewSequence(), m.NewBatch()
			prefill(t, m, s, ids[:250])
			for layers := range len(m.Config().Heads) {
				b.Reset()
				require.NoError(t, b.Add(s, ids[:6], 1), "another text, of which nothing may stay")
				require.ErrorIs(t, b.Run(&stopsAfter{context.Background(), layers}), context.Canceled)
				require.Equal(t, 250, s.Len())
				_, err := b.Logits(0)
				require.Error(t, err)
			}
			b.Reset()
			require.NoError(t, b.Add(s, ids[250:], 6))
			require.NoError(t, b.Run(context.Background()))
			for i := range 6 {
				row, err := b.Logits(i)
				require.NoError(t, err)
				requireSameBits(t, want[250+i:][:1], [][]float32{row}, "after passes that stopped")
			}
		})
	}
}

func TestASequenceIsInOneBatchAtATime(t *testing.T) {
	m := openModel(t, tinyPath("llama", "q8_0"), Options{Threads: 1})
	s, a, b := m.NewSequence(), m.NewBatch(), m.NewBatch()
	require.NoError(t, a.Add(s, []int32{1}, 0))
	require.Error(t, b.Add(s, []int32{1}, 0))
	a.Close()
	require.NoError(t, b.Add(s, []int32{1}, 0))
	b.Reset()
	require.NoError(t, a.Add(s, []int32{1}, 1))
	require.NoError(t, a.Run(context.Background()))
	_, err := a.Logits(0)
	require.NoError(t, err)
}
