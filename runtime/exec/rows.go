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

	dst, a, b    Rows
	weight, bias []float32
	f            float32
	m            *Matrix
	angles       *angles
	dim, layer   int
}

// inlineValues is up to how many activations the caller works alone.
const inlineValues = 8192

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
	if p.n*width <= inlineValues {
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

// RMSNorm normalises the rows of src into dst.
func (p *Pass) RMSNorm(dst, src Rows, w []float32, eps float32) {
	t := &p.row
	t.dst, t.a, t.weight, t.f = dst, src, w, eps
	p.rows(dst.Width, func(t *rowTask, _, i int) {
		t.p.x.Set.RMSNorm(t.dst.Row(i), t.a.Row(i), t.weight, t.f)
	})
}

// LayerNorm normalises the rows of src into dst; b may be nil.
func (p *Pass) LayerNorm(dst, src Rows, w, b []float32, eps float32) {
	t := &p.row
	t.dst, t.a, t.weight, t.bias, t.f = dst, src, w, b, eps
	p.rows(dst.Width, func(t *rowTask, _, i int) {
		t.p.x.Set.LayerNorm(t.dst.Row(i), t.a.Row(i), t.weight, t.bias, t.f)
	})
}

// HeadNorm applies RMSNorm to each head of len(w) values of the rows of r.
func (p *Pass) HeadNorm(r Rows, w []float32, eps float32) {
	t := &p.row
	t.dst, t.weight, t.f = r, w, eps
	p.rows(r.Width, func(t *rowTask, _, i int) {
		n := len(t.weight)
		for x := t.dst.Row(i); len(x) > 0; x = x[n:] {
			t.p.x.Set.RMSNorm(x[:n], x[:n], t.weight, t.f)
		}
	})
}

// Add adds the rows of src to dst.
func (p *Pass) Add(dst, src Rows) {
	t := &p.row
	t.dst, t.a = dst, src
	p.rows(dst.Width, func(t *rowTask, _, i int) { t.p.x.Set.Add(t.dst.Row(i), t.a.Row(i)) })
}

// SiLUMul writes SiLU(gate)·up to dst.
func (p *Pass) SiLUMul(dst, gate, up Rows) {
	t := &p.row
	t.dst, t.a, t.b = dst, gate, up
	p.rows(2*dst.Width, func(t *rowTask, _, i int) {
		t.p.x.Set.SiLUMul(t.dst.Row(i), t.a.Row(i), t.b.Row(i))
	})
}

// GELUMul writes GELU(gate)·up, in the tanh form, to dst.
func (p *Pass) GELUMul(dst, gate, up Rows) {
	t := &p.row
	t.dst, t.a, t.b = dst, gate, up
	p.rows(2*dst.Width, func(t *rowTask, _, i int) {
		t.p.x.Set.GELUMul(t.dst.Row(i), t.a.Row(i), t.b.Row(i))
	})
}

// GELU writes GELU(src), in the tanh form, to dst.
func (p *Pass) GELU(dst, src Rows) {
	t := &p.row
	t.dst, t.a = dst, src
	p.rows(2*dst.Width, func(t *rowTask, _, i int) { t.p.x.Set.GELU(t.dst.Row(i), t.a.Row(i)) })
}

// Store writes the rows of k and v to their sequences' caches.
func (p *Pass) Store(layer int, k, v Rows) {
	t := &p.row
	t.a, t.b, t.layer = k, v, layer
	p.rows(2*(k.Width+v.Width), func(t *rowTask, _, i int) {
		c := t.p.cacheOf(i)
		t.store(c, c.Layer(t.layer), i)
	})
}

func (t *rowTask) store(c *kv.Cache, g kv.Layer, i int) {
	set, pos := t.p.x.Set, t.p.pos[i]
	for h := range g.Heads {
		k := t.a.Row(i)[h*g.KeyDim : (h+1)*g.KeyDim]
		v := t.b.Row(i)[h*g.ValueDim : (h+1)*g.ValueDim]
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
