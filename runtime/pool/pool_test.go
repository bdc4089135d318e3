package pool

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gptrun/gptrun/loader"
)

type countTask struct {
	seen   []atomic.Int32
	inside []atomic.Int32
	clash  atomic.Bool
}

func (t *countTask) Do(worker, item int) {
	if t.inside[worker].Add(1) != 1 {
		t.clash.Store(true)
	}
	t.seen[item].Add(1)
	t.inside[worker].Add(-1)
}

func TestEveryItemRunsOnce(t *testing.T) {
	defer goleak.VerifyNone(t)
	for _, workers := range []int{1, 2, 3, 7} {
		p := New(workers)
		p.Lock()
		for _, n := range []int{0, 1, 2, 3, 10, 1000} {
			for range 200 {
				task := &countTask{seen: make([]atomic.Int32, n), inside: make([]atomic.Int32, workers)}
				require.NoError(t, p.Run(task, n))
				for i := range task.seen {
					require.EqualValues(t, 1, task.seen[i].Load(), "%d workers, item %d of %d", workers, i, n)
				}
				require.False(t, task.clash.Load(), "two items at once on one worker")
			}
		}
		p.Unlock()
		p.Close()
		p.Close()
	}
}

func TestParkedWorkersWakeUp(t *testing.T) {
	p := New(3)
	defer p.Close()
	p.Lock()
	defer p.Unlock()
	for range 5 {
		time.Sleep(20 * time.Millisecond)
		task := &countTask{seen: make([]atomic.Int32, 50), inside: make([]atomic.Int32, 3)}
		require.NoError(t, p.Run(task, 50))
	}
}

type funcTask func(item int)

func (f funcTask) Do(_, item int) { f(item) }

func TestAPanicReachesTheCallerAndThePoolGoesOn(t *testing.T) {
	p := New(2)
	defer p.Close()
	p.Lock()
	defer p.Unlock()
	for range 20 {
		var done atomic.Int32
		require.Panics(t, func() {
			_ = p.Run(funcTask(func(i int) {
				done.Add(1)
				if i%3 == 0 {
					panic("item")
				}
			}), 40)
		})
		require.EqualValues(t, 40, done.Load(), "the other items run all the same")
	}
	require.NoError(t, p.Run(funcTask(func(int) {}), 10))
}

func TestAFaultInMappedMemoryIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, make([]byte, 1<<16), 0o600))
	data, unmap := mapFile(t, path)
	defer unmap()
	require.NoError(t, os.Truncate(path, 0))

	p := New(2)
	defer p.Close()
	p.Lock()
	defer p.Unlock()
	var sum atomic.Int32
	err := p.Run(funcTask(func(i int) { sum.Add(int32(data[i<<12])) }), 16)
	require.ErrorIs(t, err, loader.ErrFault)
	require.NoError(t, p.Run(funcTask(func(int) {}), 10))
}

func TestRunDoesNotAllocate(t *testing.T) {
	p := New(2)
	defer p.Close()
	p.Lock()
	defer p.Unlock()
	var task Task = funcTask(func(int) {})
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = p.Run(task, 8) }))
}

type nothing struct{}

func (nothing) Do(int, int) {}

func BenchmarkRun(b *testing.B) {
	p := New(2)
	defer p.Close()
	p.Lock()
	defer p.Unlock()
	for b.Loop() {
		_ = p.Run(nothing{}, 2)
	}
}
