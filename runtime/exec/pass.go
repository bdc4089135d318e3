package exec

import (
	"context"
	"unsafe"

	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/runtime/kv"
)

// Rows is a matrix of activations, one row a token.
type Rows struct {
	Data  []float32
	Width int
}

// Row returns row i.
func (r Rows) Row(i int) []float32 { return r.Data[i*r.Width : (i+1)*r.Width] }

// Sizes are the widths of a model's activations.
type Sizes struct {
	Embedding  int
	Query      int // query heads × key size
	Key, Value int // KV heads × key size, × value size
	Attention  int // query heads × value size
	FeedFwd    int
}

// Segment is a run of a pass's rows that continue one sequence.
type Segment struct {
	Cache *kv.Cache
	Row   int // first row
	Count int
}

// Pass is one forward pass over up to a fixed number of tokens. Its methods
// are no-ops after an error, which Err returns.
type Pass struct {
	// X is the residual stream, H what a layer's parts add to it and, at last,
	// its normalised copy; Q, K, V and A are attention's inputs and output, G and
	// U the feed-forward's.
	X, H, Q, K, V, A, G, U Rows

	x        *Executor
	sizes    Sizes
	ctx      context.Context
	err      error
	n        int
	tokens   []int32
	pos      []int
	segments []Segment

	residual residual
	angles   []*angles

	act  [kernels.NumForms][]byte
	pack actTask
	mul  mulTask
	row  rowTask
	attn attnTask
}

// NewPass returns a pass on x.
func NewPass(x *Executor, sizes Sizes) *Pass {
	p := &Pass{x: x, sizes: sizes}
	p.pack.p, p.mul.p, p.row.p, p.attn.p = p, p, p, p
	p.attn.merges.t = &p.attn
	return p
}

// Begin starts a pass over the tokens of the segments, which follow each other
// in tokens and have room reserved in their caches. The caller holds the pool
// until the pass is done.
func (p *Pass) Begin(ctx context.Context, tokens []int32, segments []Segment) {
	p.ctx, p.err, p.residual = ctx, nil, residual{}
	p.n, p.tokens, p.segments = len(tokens), tokens, segments
	p.pos = p.pos[:0]
	for _, s := range segments {
		for i := range s.Count {
			p.pos = append(p.pos, s.Cache.Len()+i)
		}
	}
	w := p.sizes
	for _, b := range [...]struct {
		r     *Rows
		width int
	}{
		{&p.X, w.Embedding}, {&p.H, w.Embedding}, {&p.Q, w.Query}, {&p.K, w.Key},
		{&p.V, w.Value}, {&p.A, w.Attention}, {&p.G, w.FeedFwd}, {&p.U, w.FeedFwd},
	} {
		if need := p.n * b.width; cap(b.r.Data) < need {
			b.r.Data = make([]float32, need)
		}
		*b.r = Rows{b.r.Data[:p.n*b.width], b.width}
	}
}

// Len is the number of tokens of the pass.
func (p *Pass) Len() int { return p.n }

// Err returns the first error since Begin, the context's among them.
func (p *Pass) Err() error {
	if p.err == nil && p.ctx != nil {
		p.err = p.ctx.Err()
	}
	return p.err
}

func (p *Pass) run(t interface{ Do(worker, item int) }, items int) {
	if p.err == nil {
		p.err = p.x.Pool.Run(t, items)
	}
}

// alignedBytes returns n bytes that start at a cache line.
func alignedBytes(n int) []byte {
	const line = 128
	b := make([]byte, n+line)
	skip := int(-uintptr(unsafe.Pointer(&b[0])) & (line - 1))
	return b[skip : skip+n : skip+n]
}

// Cut returns the rows at a smaller width, as many as r has.
func (r Rows) Cut(width int) Rows {
	if width == r.Width {
		return r
	}
	return Rows{r.Data[:len(r.Data)/r.Width*width], width}
}
