package exec

import (
	"github.com/gptrun/gptrun/quant"
	"github.com/gptrun/gptrun/runtime/kv"
)

// rowTask applies an operation to rows of activations, a run of rows an item.
// Operations are functions of the task rather than closures, which would
// allocate at each call.
type rowTask struct {
	p   *Pass
	op  func(t *rowTask, worker, row int)
	n   int
	run int

	dst, a Rows
	f      float32
	m      *Matrix
	in     Input
	heads  Heads
	angles *angles
	layer  int
}

// inlineValues is up to how many activations the caller works alone, as it does on a single row.
const inlineValues = 4096

func (t *rowTask) Do(worker, item int) {
	for i := item * t.run; i < min((item+1)*t.run, t.n); i++ {
		t.op(t, worker, i)
	}
}

// rows runs op on each row; width is the number of values a row costs.
func (p *Pass) rows(width int, op func(t *rowTask, worker, row int)) {
	if p.err != nil {
		return
	}
	t := &p.row
	t.op, t.n = op, p.n
	if p.n == 1 || p.n*width <= inlineValues {
		t.run = p.n
		t.Do(0, 0)
		return
	}
	t.run = max(1, inlineValues/2/width)
	p.run(t, (p.n+t.run-1)/t.run)
}

// Embed writes each token's row of w, times scale, to dst.
func (p *Pass) Embed(dst Rows, w *Matrix, scale float32) {
	t := &p.row
	t.dst, t.m, t.f = dst, w, scale
	p.rows(dst.Width, func(t *rowTask, _, i int) {
		t.m.decodeRow(t.dst.Row(i), int(t.p.tokens[i]))
		if t.f != 1 {
			t.p.x.Set.Scale(t.dst.Row(i), t.f)
		}
	})
}

// AddPositions adds row pos of w to each token's row of dst.
func (p *Pass) AddPositions(dst, tmp Rows, w *Matrix) {
	t := &p.row
	t.dst, t.a, t.m = dst, tmp, w
	p.rows(dst.Width, func(t *rowTask, _, i int) {
		t.m.decodeRow(t.a.Row(i), t.p.pos[i])
		t.p.x.Set.Add(t.dst.Row(i), t.a.Row(i))
	})
}

// decodeRow decodes row i as the model file has it.
func (m *Matrix) decodeRow(dst []float32, i int) {
	info, _ := quant.Lookup(m.Type)
	n := len(m.Source) / m.Rows
	info.Decode(dst, m.Source[i*n:(i+1)*n])
}

// Heads are a layer's queries, keys and values, as they come from its products.
type Heads struct {
	Q, K, V Rows
	// QNorm and KNorm are the weights of an RMSNorm of each head; nil without.
	QNorm, KNorm []float32
	Eps          float32
	// RoPE, which Tabulate has seen, rotates each head of queries and keys; nil
	// without. What is past the rotary part of a head stays.
	RoPE *RoPE
}

// Store normalises and rotates the queries and keys where they stand, and writes
// keys and values to their sequences' caches.
func (p *Pass) Store(layer int, h Heads) {
	t := &p.row
	t.heads, t.layer, t.angles = h, layer, p.anglesOf(h.RoPE)
	p.rows(2*(h.Q.Width+h.K.Width+h.V.Width), func(t *rowTask, _, i int) {
		c := t.p.cacheOf(i)
		g := c.Layer(t.layer)
		t.prepare(t.heads.Q.Row(i), t.heads.QNorm, g.KeyDim, i)
		t.prepare(t.heads.K.Row(i), t.heads.KNorm, g.KeyDim, i)
		t.store(c, g, i)
	})
}

// prepare normalises and rotates each head of dim values of x, of row i.
func (t *rowTask) prepare(x, norm []float32, dim, i int) {
	if norm != nil {
		for h := x; len(h) > 0; h = h[dim:] {
			t.p.x.Set.RMSNorm(h[:dim], h[:dim], norm, t.heads.Eps)
		}
	}
	if t.angles != nil {
		t.angles.rotate(t.p.x.Set, x, dim, i)
	}
}

func (t *rowTask) store(c *kv.Cache, g kv.Layer, i int) {
	set, pos := t.p.x.Set, t.p.pos[i]
	for h := range g.Heads {
		k := t.heads.K.Row(i)[h*g.KeyDim : (h+1)*g.KeyDim]
		v := t.heads.V.Row(i)[h*g.ValueDim : (h+1)*g.ValueDim]
		set.Store(c.Chunk(t.layer, h, pos/chunk), pos%chunk, k, v)
	}
}

// cacheOf finds the cache of row i's sequence.
func (p *Pass) cacheOf(i int) *kv.Cache {
	lo, hi := 0, len(p.segments)-1
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if p.segments[mid].Row <= i {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return p.segments[lo].Cache
}
