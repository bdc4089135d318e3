package bench

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/runtime/exec"
	"github.com/gptrun/gptrun/runtime/kv"
)

// kernelCase is one benchmark of a kernel, run as a pass runs it.
type kernelCase struct {
	op, typ, form string
	set           *kernels.Set
	shape         string
	threads       int
	unit          string
	// limit names the limit of the same kind; the rate can be no more than
	// 1/terms of it.
	limit   string
	terms   float64
	prepare func(tb testing.TB, x *exec.Executor) job
}

// job is an operation with its operands at hand.
type job struct {
	work float64 // bytes or operations of one run
	run  func()
}

func (c kernelCase) name() string {
	return fmt.Sprintf("%s/%s/%s/%s/%s/threads=%d", c.op, c.typ, c.form, c.set.Name, c.shape, c.threads)
}

// start prepares the case on workers of its own.
func (c kernelCase) start(tb testing.TB) job {
	x := exec.NewExecutor(c.set, c.threads)
	x.Pool.Lock()
	tb.Cleanup(func() {
		x.Pool.Unlock()
		x.Close()
	})
	return c.prepare(tb, x)
}

// kernelSizes are how large operands are.
type kernelSizes struct {
	memory int // bytes of what is read from memory, far more than any cache
	cached int // bytes of what a worker reads from its second-level cache
	times  int // how often it does in a run
	side   int // rows and columns of a matrix in memory
	// A prompt's product: rows × cols (superCols for types with super-blocks) ×
	// tokens.
	rows, cols, superCols, tokens int
	depth, layers                 int // of a cache of keys and values
}

var (
	realSizes = kernelSizes{
		memory: 128 << 20, cached: 256 << 10, times: 64, side: 2048,
		rows: 1536, cols: 576, superCols: 768, tokens: 504, depth: 4096, layers: 30,
	}
	// smallSizes are for a test that every case runs.
	smallSizes = kernelSizes{
		memory: 64 << 10, cached: 8 << 10, times: 1, side: 256,
		rows: 40, cols: 64, superCols: 256, tokens: 14, depth: 300, layers: 1,
	}
)

func kernelCases(z kernelSizes) []kernelCase {
	var all []kernelCase
	for _, set := range kernels.Available() {
		for _, threads := range threadCounts() {
			all = append(all, matmulCases(z, set, threads)...)
			all = append(all, packCases(z, set, threads)...)
			all = append(all, attentionCases(z, set, threads)...)
			all = append(all, rowCases(z, set, threads)...)
		}
	}
	return all
}

// BenchmarkKernels is named op/type/form/tier/shape/threads. Beside the best
// run's rate it reports the machine's limit of the same kind, where it has one,
// and what part of it that is. The limit is measured before and after.
func BenchmarkKernels(b *testing.B) {
	m := realMachine(b)
	for _, c := range kernelCases(realSizes) {
		b.Run(c.name(), func(b *testing.B) {
			j := c.start(b)
			m.rate(c.limit, c.threads)
			rate := bestRate(b, j.work, j.run)
			b.ReportMetric(rate, c.unit)
			if limit := m.rate(c.limit, c.threads) / c.terms; limit > 0 {
				b.ReportMetric(limit, "limit-"+c.unit)
				b.ReportMetric(100*rate/limit, "%limit")
			}
		})
	}
}

func TestEveryKernelBenchmarkRunsAndHasANameOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	known := map[string]bool{"": true}
	for _, name := range limitNames() {
		known[name] = true
	}
	for _, c := range kernelCases(smallSizes) {
		name := c.name()
		require.False(t, seen[name], "two benchmarks are called %s", name)
		seen[name] = true
		require.Equal(t, 5, strings.Count(name, "/"), "%s is not op/type/form/tier/shape/threads", name)
		require.NotContains(t, name, " ")
		require.GreaterOrEqual(t, c.terms, 1.0, name)
		require.True(t, known[c.limit], "%s: no limit is called %q", name, c.limit)
		t.Run(name, func(t *testing.T) {
			j := c.start(t)
			require.Positive(t, j.work)
			j.run()
		})
	}
	require.NotEmpty(t, seen)
}

// newPass begins a pass of n tokens at the end of the cache.
func newPass(x *exec.Executor, cache *kv.Cache, n int) *exec.Pass {
	p := exec.NewPass(x, exec.Sizes{})
	p.Begin(context.Background(), make([]int32, n), []exec.Segment{{Cache: cache, Count: n}})
	return p
}

// perWorker does the same work for each worker, each on operands of its own.
type perWorker func(worker int)

func (f perWorker) Do(_, item int) { f(item) }

// onWorkers returns a job that does f once for each worker.
func onWorkers(tb testing.TB, x *exec.Executor, work float64, f perWorker) job {
	n := x.Pool.Workers()
	return job{work * float64(n), func() { require.NoError(tb, x.Pool.Run(f, n)) }}
}

// values are numbers of about unit size, neither regular nor slow to make.
func values(n int) []float32 {
	x := make([]float32, n)
	state := uint32(1)
	for i := range x {
		state = state*1664525 + 1013904223
		x[i] = float32(int32(state)) * 0x1p-30
	}
	return x
}
