package exec

import (
	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/runtime/pool"
)

// scratchBytes is the room a worker has to pack panels at each use: small
// enough to stay in a core's second-level cache.
const scratchBytes = 256 << 10

// Executor is what all passes over one model share: the tier's kernels, the
// workers, and each worker's scratch memory.
type Executor struct {
	Set  *kernels.Set
	Pool *pool.Pool

	workers []scratch
}

type scratch struct {
	tile   []float32         // one panel's outputs for a group of tokens
	panels []byte            // panels packed at use
	attn   *kernels.AttnTile // attention's running state
	sum    []float32         // one panel's outputs for a block of tokens
	row    []float32         // a head's worth of values
}

// NewExecutor starts an executor of n workers.
func NewExecutor(set *kernels.Set, workers int) *Executor {
	x := &Executor{Set: set, Pool: pool.New(workers), workers: make([]scratch, workers)}
	rows := max(set.PanelRows, set.FloatPanelRows)
	for i := range x.workers {
		x.workers[i].tile = make([]float32, rows*kernels.MaxTokens)
		x.workers[i].sum = make([]float32, rows*tokenBlock)
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

// Close ends the workers.
func (x *Executor) Close() { x.Pool.Close() }
