package exec

import (
	"time"

	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/runtime/pool"
)

// scratchBytes is the room a worker has to pack panels at each use: small
// enough to stay in a core's second-level cache.
const scratchBytes = 128 << 10

// Executor is what all passes over one model share: the tier's kernels, the
// workers, and each worker's scratch memory.
type Executor struct {
	Set  *kernels.Set
	Pool *pool.Pool

	// Release is called, by any worker, with what has been packed of the source
	// of a matrix that keeps its panels.
	Release func(source []byte)
	// Packed is called, by who holds the pool, when a matrix has all its panels.
	Packed func(m *Matrix)

	workers []scratch
}

type scratch struct {
	tile   []float32         // one panel's outputs for a group of tokens
	panels []byte            // panels packed at use
	attn   *kernels.AttnTile // attention's running state
	in     []float32         // inputs about to be packed
	row    []float32         // a head's worth of values

	packing time.Duration // spent on panels that are kept
}

// inputs returns room for n values that are about to be packed.
func (s *scratch) inputs(n int) []float32 {
	if cap(s.in) < n {
		s.in = make([]float32, n)
	}
	return s.in[:n]
}

// NewExecutor starts an executor of n workers.
func NewExecutor(set *kernels.Set, workers int) *Executor {
	x := &Executor{Set: set, Pool: pool.New(workers), workers: make([]scratch, workers)}
	x.Release, x.Packed = func([]byte) {}, func(*Matrix) {}
	rows := max(set.PanelRows, set.FloatPanelRows)
	for i := range x.workers {
		x.workers[i].tile = make([]float32, rows*kernels.MaxTokens)
	}
	return x
}

// PrepareAttention sizes the workers' attention state for a model: the largest
// number of query heads that share a KV head, and the head sizes.
func (x *Executor) PrepareAttention(group, keyDim, valueDim int) {
	for i := range x.workers {
		x.workers[i].attn = kernels.NewAttnTile(max(group, tileQueries), keyDim, valueDim)
		x.workers[i].row = make([]float32, max(keyDim, valueDim))
	}
}

// PrepareScratch gives the workers room to pack panels at each use, at least
// one panel of panelBytes.
func (x *Executor) PrepareScratch(panelBytes int) {
	for i := range x.workers {
		x.workers[i].panels = make([]byte, max(scratchBytes, panelBytes))
	}
}

// Packing is how long workers have packed panels that are kept, on average: the
// caller holds the pool.
func (x *Executor) Packing() (mean time.Duration) {
	for i := range x.workers {
		mean += x.workers[i].packing
	}
	return mean / time.Duration(len(x.workers))
}

// Close ends the workers.
func (x *Executor) Close() { x.Pool.Close() }
