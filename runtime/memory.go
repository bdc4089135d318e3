package runtime

import (
	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/runtime/kv"
)

// Memory is an estimate in bytes.
type Memory struct {
	Weights int64 // packed weights, or what of the file a step reads
	KV      int64 // one sequence's cache, full
	Compute int64 // activations of one batch
}

// Memory estimates what a sequence of the given context needs.
func (m *Model) Memory(context int) Memory {
	context = min(max(context, 0), maxContext)
	c, s := &m.arch.Config, m.arch.Sizes()
	w := Memory{KV: kv.Bytes(m.opts.KV, m.arch.Layers, context, m.opts.Batch)}
	if m.mapped {
		w.Weights = m.file.Size()
	} else {
		w.Weights = m.packedBytes(m.exec.Set)
	}
	tokens := int64(min(context, m.opts.Batch))
	widest := max(s.Embedding, s.FeedFwd, s.Attention)
	w.Compute = tokens*4*int64(2*s.Embedding+s.Query+s.Key+s.Value+s.Attention+2*s.FeedFwd) +
		int64(m.exec.Set.ActBytes(kernels.FormInt8, int(tokens), alignUp(widest))) +
		int64(logitRows)*4*int64(c.Vocab)
	return w
}

// headroom is what a process needs besides its weights: Go's runtime,
// activations, a cache.
const headroom = 256 << 20

// packedFits reports whether the packed weights fit the memory the process may use.
func (m *Model) packedFits(set *kernels.Set) bool {
	avail, ok := availableMemory()
	return !ok || m.packedBytes(set)+headroom <= avail
}
