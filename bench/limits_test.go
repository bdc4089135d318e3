package bench

import (
	"fmt"
	"math"
	goruntime "runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/bench/limits"
	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/runtime/mem"
	"github.com/gptrun/gptrun/runtime/pool"
)

// machine measures this machine's limits. Limits are named
//
//	memory         read of anonymous memory, in huge pages where there are any
//	file           read of a mapped file that is in the page cache
//	l2             read of the second-level cache
//	products/tier  products of bytes that the tier's instructions can do
//	sums/tier      fused multiply-adds of float32, likewise
type machine struct {
	tb     testing.TB    // whose end frees what the limits hold
	size   int           // bytes read for memory and file
	cached int           // bytes that fit into a core's second-level cache
	time   time.Duration // for one measurement

	memory, file []byte
	measured     map[string]*measured // by name and number of threads
}

// measured is a limit and the best rate seen so far; nil where there is none.
type measured struct {
	limits.Limit
	best float64
}

// realMachine measures as long as the figures need to settle.
func realMachine(tb testing.TB) *machine {
	return &machine{tb: tb, size: realSizes.memory, cached: realSizes.cached, time: 100 * time.Millisecond, measured: map[string]*measured{}}
}

// limitNames are the limits that this machine can measure.
func limitNames() []string {
	names := []string{"memory", "file", "l2"}
	for _, s := range kernels.Available() {
		if limits.Products(s.Name) != nil {
			names = append(names, "products/"+s.Name)
		}
		if limits.Sums(s.Name) != nil {
			names = append(names, "sums/"+s.Name)
		}
	}
	return names
}

// rate measures the named limit anew and returns the best rate of all times it
// was, since a busy neighbour can only lower it; 0 where there is no such limit.
func (m *machine) rate(name string, threads int) float64 {
	l := m.limit(name, threads)
	if l == nil {
		return 0
	}
	l.best = max(l.best, l.Rate(m.time))
	return l.best
}

func (m *machine) limit(name string, threads int) *measured {
	key := fmt.Sprint(name, " ", threads)
	l, ok := m.measured[key]
	if !ok {
		l = m.prepare(name, threads)
		m.measured[key] = l
	}
	return l
}

// prepare makes a limit ready on workers of its own, which sleep between
// measurements.
func (m *machine) prepare(name string, threads int) *measured {
	p := pool.New(threads)
	p.Lock()
	m.tb.Cleanup(func() {
		p.Unlock()
		p.Close()
	})
	kind, tier, _ := strings.Cut(name, "/")
	switch kind {
	case "memory":
		if m.memory == nil {
			m.memory = anonymous(m.tb, m.size)
		}
		return &measured{Limit: limits.Stream(p, m.memory)}
	case "file":
		if m.file == nil {
			m.file = mappedFile(m.tb, m.size)
		}
		return &measured{Limit: limits.Stream(p, m.file)}
	case "l2":
		return &measured{Limit: limits.Reread(p, m.cached, 64)}
	}
	loop := limits.Sums(tier)
	if kind == "products" {
		loop = limits.Products(tier)
	}
	if loop == nil {
		return nil
	}
	return &measured{Limit: loop.Repeat(p, 200_000)}
}

// anonymous returns memory as packed weights have it, written once.
func anonymous(tb testing.TB, n int) []byte {
	r, err := mem.Alloc(n)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, r.Free()) })
	fill(r.Bytes())
	return r.Bytes()
}

// fill writes bytes of which any two or four are a floating-point number neither
// tiny nor huge: what they are does not matter to a kernel's speed, but
// subnormals and NaN may.
func fill(b []byte) {
	state := uint64(1)
	for i := range b {
		if i%8 == 0 {
			state = state*6364136223846793005 + 1442695040888963407
		}
		b[i] = 0x20 | byte(state>>(24+4*(i%8)))&0x1f
	}
}

// threadCounts are one thread and, where they can run, two.
func threadCounts() []int { return []int{1, 2}[:min(2, goruntime.GOMAXPROCS(0))] }

// BenchmarkLimits prints what this machine can do at most.
func BenchmarkLimits(b *testing.B) {
	m := realMachine(b)
	for _, name := range limitNames() {
		for _, threads := range threadCounts() {
			b.Run(fmt.Sprintf("%s/threads=%d", name, threads), func(b *testing.B) {
				l := m.limit(name, threads)
				b.ReportMetric(bestRate(b, l.Work, l.Run), l.Unit)
			})
		}
	}
}

// bestRate runs f for the benchmark's time and returns the rate of the best run,
// as limits are measured.
func bestRate(b *testing.B, work float64, f func()) float64 {
	best := time.Duration(math.MaxInt64)
	for b.Loop() {
		start := time.Now()
		f()
		best = min(best, time.Since(start))
	}
	return work / float64(max(best, 1))
}

func TestLimitsAreMeasured(t *testing.T) {
	m := realMachine(t)
	m.size, m.cached, m.time = 1<<20, 16<<10, time.Millisecond
	for _, name := range limitNames() {
		for _, threads := range threadCounts() {
			require.Positive(t, m.rate(name, threads), "%s, %d threads", name, threads)
		}
	}
	require.Zero(t, m.rate("products/generic", 1))
	m.limit("memory", 1).best = math.MaxFloat64
	require.Equal(t, math.MaxFloat64, m.rate("memory", 1), "a worse measurement replaces no better one")
}
