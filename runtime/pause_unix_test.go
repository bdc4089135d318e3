//go:build unix

package runtime

import (
	"context"
	goruntime "runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A worker that could not be stopped would hold up every goroutine of the process.
func TestGarbageIsCollectedWithPausesBelowAMillisecond(t *testing.T) {
	for _, arch := range tinyArchs {
		t.Run(arch, func(t *testing.T) { checkPauses(t, openModel(t, tinyPath(arch, "q8_0"), Options{})) })
	}
	for _, name := range []string{smolLM2, gemma} {
		t.Run(name, func(t *testing.T) { checkPauses(t, openModel(t, labPath(t, name), Options{})) })
	}
}

func TestALongPauseWouldBeSeen(t *testing.T) {
	var stop atomic.Bool
	var copying sync.WaitGroup
	copying.Go(func() { // in assembly, a few milliseconds at a time
		from, to := make([]byte, 32<<20), make([]byte, 32<<20)
		for !stop.Load() {
			copy(to, from)
			goruntime.Gosched()
		}
	})
	seen := time.Duration(0)
	for begin := time.Now(); seen < time.Millisecond && time.Since(begin) < 30*time.Second; {
		seen = longestPause(3)
	}
	stop.Store(true)
	copying.Wait()
	require.GreaterOrEqual(t, seen, time.Millisecond)
}

// checkPauses collects garbage while m is busy. A process beside may hold a
// processor that has been asked to stop, so one try with short pauses suffices,
// and those on a busy machine prove nothing.
func checkPauses(t *testing.T, m *Model) {
	const limit, tries, quietTries = time.Millisecond, 25, 8
	var stop atomic.Bool
	done := make(chan error, 1)
	go func() {
		var err error
		for !stop.Load() && err == nil {
			err = promptAndDecode(m)
		}
		done <- err
	}()
	defer func() {
		stop.Store(true)
		require.NoError(t, <-done)
	}()
	quiet, shortest := 0, time.Hour
	for range tries {
		longest := longestPause(10)
		if longest < limit {
			t.Log("longest pause:", longest)
			return
		}
		shortest = min(shortest, longest)
		if machineIsQuiet(m.Threads()) {
			quiet++
		}
		require.Less(t, quiet, quietTries, "in all tries there was a pause of %v or more", shortest)
	}
	t.Skip("the machine is too busy to tell")
}

// promptAndDecode evaluates a prompt, then token by token.
func promptAndDecode(m *Model) error {
	s, ids := m.NewSequence(), make([]int32, 150)
	for end := 120; end <= len(ids); end++ {
		if _, err := s.Evaluate(context.Background(), ids[s.Len():end]); err != nil {
			return err
		}
	}
	return nil
}

// longestPause collects garbage n times and returns an upper bound of the
// longest stop of the world.
func longestPause(n int) time.Duration {
	pauses := func() *metrics.Float64Histogram {
		s := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}}
		metrics.Read(s)
		return s[0].Value.Float64Histogram()
	}
	before := pauses()
	for range n {
		goruntime.GC()
	}
	after := pauses()
	for i := len(after.Counts) - 1; i >= 0; i-- {
		if after.Counts[i] > before.Counts[i] {
			return time.Duration(after.Buckets[i+1] * float64(time.Second))
		}
	}
	return 0
}

// machineIsQuiet reports that this process gets as many processors as it wants.
func machineIsQuiet(processors int) bool {
	used := func() time.Duration {
		var u unix.Rusage
		_ = unix.Getrusage(unix.RUSAGE_SELF, &u)
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	begin, before := time.Now(), used()
	var loops sync.WaitGroup
	for range processors {
		loops.Go(func() {
			for time.Since(begin) < 20*time.Millisecond {
			}
		})
	}
	loops.Wait()
	return used()-before > time.Duration(processors)*time.Since(begin)*95/100
}
