package exec

import (
	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/runtime/kv"
)

const (
	chunk = kernels.ChunkPositions
	// tileQueries is the number of queries that share a sweep over the keys and
	// values of their KV head.
	tileQueries = 24
)

// Attend computes attention of the rows of q over the caches' layer and writes
// it to out; queries are multiplied by scale first.
//
// A segment of several tokens is split into tiles of neighbouring tokens; each
// goes through the chunks of the cache in order. A single token that is much of
// the work is split by chunk instead, and the parts are merged in order: the same
// sums.
func (p *Pass) Attend(layer int, out, q Rows, heads int, scale float32) {
	if p.err != nil {
		return
	}
	t := &p.attn
	t.layer, t.out, t.q, t.heads, t.scale = layer, out, q, heads, scale
	t.items = t.items[:0]
	parts, step := 0, max(1, t.chunks()/(itemsPerWorker*p.x.Pool.Workers()))
	for si := range p.segments {
		parts += t.split(si, parts, step)
	}
	if need := parts * t.partLen(); cap(t.parts) < need {
		t.parts = make([]float32, need+need/2)
	}
	p.run(t, len(t.items))
	if parts > 0 {
		t.merge()
	}
}

// attnItem is a tile of queries, tokens [row, row+count) of one KV head. With
// part ≥ 0 it covers some chunks only, and what each gives goes to a part of its
// own, from that one on.
type attnItem struct {
	segment, head       int
	row, count          int
	part, chunk, chunks int
}

// itemsPerWorker is about how many items a worker gets of single tokens, which
// may be split by chunks: enough to be shared out evenly, each as long as that allows.
const itemsPerWorker = 6

type attnTask struct {
	p      *Pass
	layer  int
	out, q Rows
	heads  int
	scale  float32
	items  []attnItem
	parts  []float32 // (M, L, O) of each query head of a part
}

func (t *attnTask) geometry(segment int) (kv.Layer, int) {
	g := t.p.segments[segment].Cache.Layer(t.layer)
	return g, t.heads / g.Heads
}

// partLen is the room a part takes.
func (t *attnTask) partLen() int {
	g, group := t.geometry(0)
	return group * (2 + g.ValueDim)
}

// chunks is the number of chunks that all KV heads of single tokens see.
func (t *attnTask) chunks() (n int) {
	for si, s := range t.p.segments {
		if s.Count == 1 {
			g, _ := t.geometry(si)
			pos := t.p.pos[s.Row]
			n += g.Heads * (pos/chunk - g.From(pos)/chunk + 1)
		}
	}
	return n
}

// split adds the items of a segment and returns the number of parts among them:
// a single token that sees more than step chunks is split by so many.
func (t *attnTask) split(segment, parts, step int) int {
	s := t.p.segments[segment]
	g, group := t.geometry(segment)
	if s.Count == 1 {
		pos := t.p.pos[s.Row]
		first, last := g.From(pos)/chunk, pos/chunk
		if chunks := last - first + 1; step < chunks {
			for h := range g.Heads {
				for c := 0; c < chunks; c += step {
					t.items = append(t.items, attnItem{segment, h, s.Row, 1, parts + h*chunks + c, first + c, min(step, chunks-c)})
				}
			}
			return g.Heads * chunks
		}
	}
	tokens := max(1, tileQueries/group)
	for row := 0; row < s.Count; row += tokens {
		for h := range g.Heads {
			t.items = append(t.items, attnItem{segment, h, s.Row + row, min(tokens, s.Count-row), -1, 0, 0})
		}
	}
	return 0
}

func (t *attnTask) Do(worker, item int) {
	it := t.items[item]
	g, group := t.geometry(it.segment)
	tile := t.p.x.workers[worker].attn
	tile.Reset(it.count * group)
	last := 0
	for i := range it.count {
		pos := t.p.pos[it.row+i]
		last = pos
		for j := range group {
			q := i*group + j
			t.query(tile.Query(q), it.row+i, it.head*group+j, g.KeyDim)
			tile.Visible(q, g.From(pos), pos+1)
		}
	}
	cache := t.p.segments[it.segment].Cache
	first, end := g.From(t.p.pos[it.row])/chunk, last/chunk+1
	if it.part >= 0 {
		first, end = it.chunk, it.chunk+it.chunks
	}
	next := cache.Chunk(t.layer, it.head, first)
	for c := first; c < end; c++ {
		kv := next
		if next = (kernels.KV{}); c+1 < end {
			next = cache.Chunk(t.layer, it.head, c+1)
		}
		tile.Next(next)
		tile.Chunk(t.p.x.Set, c, kv)
		if it.part >= 0 {
			t.keep(tile, it.part+c-first, group, g.ValueDim)
			tile.Restart()
		}
	}
	if it.part < 0 {
		t.finish(tile, it, g, group)
	}
}

// query copies one head's query, scaled.
func (t *attnTask) query(dst []float32, row, head, dim int) {
	copy(dst, t.q.Row(row)[head*dim:(head+1)*dim])
	if t.scale != 1 {
		t.p.x.Set.Scale(dst, t.scale)
	}
}

func (t *attnTask) finish(tile *kernels.AttnTile, it attnItem, g kv.Layer, group int) {
	for i := range it.count {
		out := t.out.Row(it.row + i)
		for j := range group {
			h := it.head*group + j
			tile.Finish(i*group+j, out[h*g.ValueDim:(h+1)*g.ValueDim])
		}
	}
}

// keep saves the state of a tile of one token as a part.
func (t *attnTask) keep(tile *kernels.AttnTile, part, group, dim int) {
	n := t.partLen()
	dst := t.parts[part*n : (part+1)*n]
	for j := range group {
		m, l, o := tile.Partial(j)
		d := dst[j*(2+dim) : (j+1)*(2+dim)]
		d[0], d[1] = m, l
		copy(d[2:], o)
	}
}

// merge folds the parts of each token and KV head, which are neighbours and in
// order of their chunks.
func (t *attnTask) merge() {
	tile, n := t.p.x.workers[0].attn, t.partLen()
	for i := 0; i < len(t.items); {
		it := t.items[i]
		if it.part < 0 {
			i++
			continue
		}
		g, group := t.geometry(it.segment)
		dim := g.ValueDim
		tile.Reset(group)
		for ; i < len(t.items) && t.items[i].part >= 0 && t.items[i].segment == it.segment && t.items[i].head == it.head; i++ {
			for part := range t.items[i].chunks {
				src := t.parts[(t.items[i].part+part)*n:]
				for j := range group {
					s := src[j*(2+dim) : (j+1)*(2+dim)]
					tile.Merge(t.p.x.Set, j, s[0], s[1], s[2:])
				}
			}
		}
		t.finish(tile, it, g, group)
	}
}
