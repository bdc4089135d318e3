package runtime

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/loader"
)

// asker is a sequence whose next tokens are asked for in a goroutine.
type asker struct {
	s      *Sequence
	ctx    context.Context
	tokens []int32

	logits []float32
	err    error
	panics any
}

// askTogether lets the first of the askers lead a pass alone, and the others
// queue up behind it in their order. between runs when all have queued. It
// returns when all have been answered.
func askTogether(t *testing.T, m *Model, between func(), askers ...*asker) {
	var all sync.WaitGroup
	m.exec.Pool.Lock() // the first pass waits for it
	for i, a := range askers {
		all.Go(func() {
			defer func() { a.panics = recover() }()
			if a.ctx == nil {
				a.ctx = context.Background()
			}
			a.logits, a.err = a.s.Evaluate(a.ctx, a.tokens)
		})
		require.Eventually(t, func() bool {
			m.queue.mu.Lock()
			defer m.queue.mu.Unlock()
			return m.queue.led && len(m.queue.waiting) == i
		}, 10*time.Second, 10*time.Microsecond)
	}
	if between != nil {
		between()
	}
	m.exec.Pool.Unlock()
	all.Wait()
}

// passes is how many passes f takes.
func passes(m *Model, f func()) int {
	before := m.queue.round
	f()
	return int(m.queue.round - before)
}

func ask(m *Model, n int) *asker { return &asker{s: m.NewSequence(), tokens: make([]int32, n)} }

func TestSequencesThatQueueUpShareOnePass(t *testing.T) {
	for _, arch := range tinyArchs {
		t.Run(arch, func(t *testing.T) {
			m := openModel(t, tinyPath(arch, "q8_0"), Options{Threads: 2})
			var askers []*asker
			for i := range 21 {
				a := ask(m, 1+i%5)
				for j := range a.tokens {
					a.tokens[j] = int32(3 + 7*i + j)
				}
				askers = append(askers, a)
			}
			require.Equal(t, 2, passes(m, func() { askTogether(t, m, nil, askers...) }))
			for i, a := range askers {
				require.NoError(t, a.err)
				want := evaluate(t, m, a.tokens, 10)
				requireSameBits(t, want[len(want)-1:], [][]float32{a.logits}, fmt.Sprint("sequence ", i))
			}
		})
	}
}

// continuations decodes n tokens after each of the texts, all at once, and
// returns the logits of every step.
func continuations(t testing.TB, m *Model, texts [][]int32, n int) [][][]float32 {
	all := make([][][]float32, len(texts))
	var wg sync.WaitGroup
	for i, text := range texts {
		wg.Go(func() {
			s, ids := m.NewSequence(), slices.Clone(text)
			defer s.Close()
			for len(all[i]) < n {
				logits, err := s.Evaluate(context.Background(), ids[s.Len():])
				if err != nil {
					t.Error(err)
					return
				}
				if s.Len() == len(ids) {
					all[i] = append(all[i], slices.Clone(logits))
					ids = append(ids, int32(argmax(logits)))
				}
				goruntime.Gosched() // lets the others in, whose passes are as short
			}
		})
	}
	wg.Wait()
	return all
}

func TestSequencesDecodedAtOnceGiveTheBitsTheyGiveAlone(t *testing.T) {
	check := func(t *testing.T, m *Model, texts [][]int32) {
		const steps = 12
		var alone [][][]float32
		for _, text := range texts {
			alone = append(alone, continuations(t, m, [][]int32{text}, steps)...)
		}
		for i, got := range continuations(t, m, texts, steps) {
			requireSameBits(t, alone[i], got, fmt.Sprint("text ", i))
		}
	}
	texts := func(ids []int32) [][]int32 {
		return [][]int32{ids[:1], ids[:20], ids[5:90], ids[9:10], ids, ids[3:9], ids[50:], ids[:2]}
	}
	for _, arch := range tinyArchs {
		var g tinyGolden
		readJSON(t, &g, "tiny", arch, "golden.json")
		for _, batch := range []int{1, 3, 64, 512} {
			t.Run(fmt.Sprint(arch, ", batches of ", batch), func(t *testing.T) {
				m := openModel(t, tinyPath(arch, "q8_0"), Options{Threads: 2, Batch: batch})
				check(t, m, texts(longText(arch, g, 240)))
			})
		}
	}
	t.Run(smolLM2, func(t *testing.T) {
		m := openModel(t, labPath(t, smolLM2), Options{})
		ids := make([]int32, 300)
		for i := range ids {
			ids[i] = int32(1000 + 37*i)
		}
		check(t, m, texts(ids))
	})
}

func TestSequencesOfTheLastPassAreWaitedForAWhile(t *testing.T) {
	m := openModel(t, tinyPath("llama", "q8_0"), Options{Threads: 2})
	first, a, b := ask(m, 1), ask(m, 1), ask(m, 1)
	askTogether(t, m, nil, first, a, b)
	evaluates := func(a *asker) chan error {
		done := make(chan error, 1)
		go func() {
			_, err := a.s.Evaluate(context.Background(), a.tokens)
			done <- err
		}()
		return done
	}
	m.queue.until = time.Now().Add(time.Hour)
	require.Equal(t, 1, passes(m, func() {
		doneA := evaluates(a)
		time.Sleep(20 * time.Millisecond)
		require.Empty(t, doneA, "b is to come")
		doneB := evaluates(b)
		require.NoError(t, <-doneA)
		require.NoError(t, <-doneB)
	}))
	m.queue.until = time.Now()
	require.NoError(t, <-evaluates(b), "a has stayed away")
	m.queue.until = time.Now().Add(time.Hour)
	require.NoError(t, <-evaluates(b), "nobody else was in the last pass")
}

func TestAPromptLeavesRoomForThoseThatDecode(t *testing.T) {
	m := openModel(t, tinyPath("llama", "q8_0"), Options{Threads: 2, Batch: 128})
	first, prompt, second, decode := ask(m, 1), ask(m, 400), ask(m, 400), ask(m, 1)
	require.Equal(t, 2, passes(m, func() { askTogether(t, m, nil, first, prompt, second, decode) }))
	require.NotNil(t, decode.logits)
	require.Nil(t, prompt.logits)
	require.Equal(t, promptShare+1, prompt.s.Len())
	require.Equal(t, 1, second.s.Len())

	alone := ask(m, 400)
	askTogether(t, m, nil, alone)
	require.Equal(t, 128, alone.s.Len())
	require.Nil(t, alone.logits)
}

func TestACancelledSequenceLeavesTheOthersInItsPass(t *testing.T) {
	m := openModel(t, tinyPath("llama", "q8_0"), Options{Threads: 2})
	ctx, cancel := context.WithCancel(context.Background())
	first, a, b := ask(m, 1), ask(m, 2), ask(m, 3)
	a.ctx = ctx
	askTogether(t, m, cancel, first, a, b)
	require.NoError(t, first.err)
	require.ErrorIs(t, a.err, context.Canceled)
	require.Zero(t, a.s.Len())
	require.NoError(t, b.err)
	want := evaluate(t, m, b.tokens, 10)
	requireSameBits(t, want[2:], [][]float32{b.logits}, "beside a cancelled one")

	// Of two that are cancelled during their pass, each hears it of its own context.
	x, y := ask(m, 1), ask(m, 1)
	x.ctx, y.ctx = &stopsAfter{context.Background(), 2}, &endsAfter{stopsAfter{context.Background(), 2}}
	askTogether(t, m, nil, first, x, y)
	require.ErrorIs(t, x.err, context.Canceled)
	require.ErrorIs(t, y.err, context.DeadlineExceeded)
	require.Zero(t, x.s.Len()+y.s.Len())

	// And where one goes on, both do.
	x.ctx = &stopsAfter{context.Background(), 2}
	askTogether(t, m, nil, first, x, b)
	require.NoError(t, x.err)
	require.NoError(t, b.err)
}

// endsAfter is a context that ends by its deadline.
type endsAfter struct{ stopsAfter }

func (c *endsAfter) Err() error {
	if c.stopsAfter.Err() != nil {
		return context.DeadlineExceeded
	}
	return nil
}

func TestOneSequencesErrorIsItsOwn(t *testing.T) {
	m := openModel(t, tinyPath("llama", "q8_0"), Options{Threads: 2, Context: 8})
	first, full, wrong, good, none := ask(m, 1), ask(m, 1), ask(m, 2), ask(m, 1), ask(m, 0)
	prefill(t, m, full.s, make([]int32, 8))
	wrong.tokens[1] = -1
	askTogether(t, m, nil, first, full, wrong, good, none)
	require.ErrorIs(t, full.err, ErrContext)
	require.ErrorIs(t, wrong.err, ErrToken)
	require.Error(t, none.err)
	require.NoError(t, good.err)
	require.Equal(t, []int{8, 0, 1}, []int{full.s.Len(), wrong.s.Len(), good.s.Len()})
}

func TestAFileThatShrinksFailsAllSequencesOfThePass(t *testing.T) {
	if goruntime.GOOS == "windows" {
		t.Skip("a mapped file cannot shrink on this system")
	}
	data, err := os.ReadFile(tinyPath("llama", "f32"))
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "shrinking.gguf")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	m := openModel(t, path, Options{Threads: 2, Weights: WeightsMapped})
	askTogether(t, m, nil, ask(m, 3))
	askers := []*asker{ask(m, 1), ask(m, 1), ask(m, 5)}
	askTogether(t, m, func() { require.NoError(t, os.Truncate(path, 4096)) }, askers...)
	for _, a := range askers {
		require.ErrorIs(t, a.err, loader.ErrFault)
	}
}

// panicsAfter is a context whose n-th look panics.
type panicsAfter struct{ stopsAfter }

func (c *panicsAfter) Err() error {
	if c.stopsAfter.Err() != nil {
		panic("look")
	}
	return nil
}

func TestAPanicInASharedPassHoldsNobody(t *testing.T) {
	m := openModel(t, tinyPath("llama", "q8_0"), Options{Threads: 2})
	for looks := range 3 {
		first, bad, good := ask(m, 1), ask(m, 1), ask(m, 1)
		bad.ctx = &panicsAfter{stopsAfter{context.Background(), looks}}
		askTogether(t, m, nil, first, bad, good)
		require.NoError(t, first.err)
		require.Equal(t, "look", bad.panics)
		if good.err != nil {
			require.ErrorIs(t, good.err, errPanicked)
		}
		good.ctx = context.Background()
		askTogether(t, m, nil, good, first)
		require.NoError(t, good.err)
	}
}

func TestAStepSharedWithOthersDoesNotAllocate(t *testing.T) {
	const n = 3
	m := openModel(t, tinyPath("llama", "q8_0"), Options{Threads: 2})
	step, done := make(chan struct{}), make(chan error, n)
	for range n {
		s, next := m.NewSequence(), []int32{7}
		go func() {
			for range step {
				logits, err := s.Evaluate(context.Background(), next)
				if err == nil {
					next[0] = int32(argmax(logits))
				}
				done <- err
			}
		}()
	}
	defer close(step)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for range n {
			step <- struct{}{}
		}
		for range n {
			if err := <-done; err != nil {
				panic(err)
			}
		}
	}))
}
