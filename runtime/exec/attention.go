package exec

import (
	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/runtime/kv"
)

const (
	chunk = kernels.ChunkPositions
	// tileQueries is the most queries that share a sweep over the keys and values
	// of their KV head: enough to read them seldom, few enough to leave the second
	// cache room for a chunk. Twice as many is no faster.
	tileQueries = 48
	// tilesPerWorker is how many tiles there should be for each worker, so that
	// all end at about the same time.
	tilesPerWorker = 8
)

// Attend computes attention of the rows of q over the caches' layer and writes
// it to out; queries are multiplied by scale first.
//
// A segment of several tokens is split into tiles of neighbouring tokens; each
// goes through the chunks of the cache in order. Where a single token is much of
// the work, it is split by chunk instead, and the parts are merged in order: the
// same sums.
func (p *Pass) Attend(layer int, out, q Rows, heads int, scale float32) {
	if p.err != nil {
		return
	}
	t := &p.attn
	t.layer, t.out, t.q, t.heads, t.scale = layer, out, q, heads, scale
	t.items, t.merges.items = t.items[:0], t.merges.items[:0]
	parts, share := 0, t.chunks()/(4*p.x.Pool.Workers())
	for si := range p.segments {
		parts += t.split(si, parts, share)
	}
	if need := parts * t.partLen(); cap(t.parts) < need {
		t.parts = make([]float32, need+need/2)
	}
	p.run(t, len(t.items))
	p.run(&t.merges, len(t.merges.items))
}

// attnItem is a tile of queries, tokens [row, row+count) of one KV head. With
// part ≥ 0 it covers one chunk only, and its state goes to that part.
type attnItem struct {
	segment, head int
	row, count    int
	part, chunk   int
}

type attnTask struct {
	p      *Pass
	layer  int
	out, q Rows
	heads  int
	scale  float32
	items  []attnItem
	parts  []float32 // (M, L, O) of each query head of a part
	merges mergeTask
}

// mergeTask folds the parts of tokens and KV heads.
type mergeTask struct {
	t     *attnTask
	items []mergeItem
}

// mergeItem has the first of so many parts. The next is as many parts on as there
// are heads.
type mergeItem struct {
	attnItem
	parts int
}

func (t *attnTask) geometry(segment int) (kv.Layer, int) {
	g := t.p.segments[segment].Cache.Layer(t.layer)
	return g, t.heads / g.Heads
}

// partLen is the room a part takes.
func (t *attnTask) partLen() int {
	_, group := t.geometry(0)
	return group * t.p.x.workers[0].attn.PartLen()
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
// a single token that sees more chunks than its share is split into parts.
func (t *attnTask) split(segment, parts, share int) int {
	s := t.p.segments[segment]
	g, group := t.geometry(segment)
	if s.Count == 1 {
		pos := t.p.pos[s.Row]
		if first, last := g.From(pos)/chunk, pos/chunk; first < last && last-first >= share {
			return t.splitChunks(segment, parts, first, last)
		}
	}
	tiles := (tilesPerWorker*t.p.x.Pool.Workers() + g.Heads - 1) / g.Heads // of each head
	step := max(1, min(tileQueries/group, (s.Count+tiles-1)/tiles))
	for row := 0; row < s.Count; row += step {
		for h := range g.Heads {
			t.items = append(t.items, attnItem{segment, h, s.Row + row, min(step, s.Count-row), -1, 0})
		}
	}
	return 0
}

// splitChunks adds the items of a single token by chunk, then by head: the order
// in which keys and values lie in memory.
func (t *attnTask) splitChunks(segment, parts, first, last int) int {
	row := t.p.segments[segment].Row
	g, _ := t.geometry(segment)
	for c := first; c <= last; c++ {
		for h := range g.Heads {
			t.items = append(t.items, attnItem{segment, h, row, 1, parts + (c-first)*g.Heads + h, c})
		}
	}
	for h := range g.Heads {
		t.merges.items = append(t.merges.items, mergeItem{attnItem{segment, h, row, 1, parts + h, first}, last - first + 1})
	}
	return (last - first + 1) * g.Heads
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
	set, cache := t.p.x.Set, t.p.segments[it.segment].Cache
	if it.part >= 0 {
		n := t.partLen()
		tile.Next(t.after(item))
		tile.Part(set, it.chunk, cache.Chunk(t.layer, it.head, it.chunk), t.parts[it.part*n:(it.part+1)*n])
		return
	}
	first := g.From(t.p.pos[it.row]) / chunk
	next := cache.Chunk(t.layer, it.head, first)
	for c := first; c <= last/chunk; c++ {
		kv := next
		if next = (kernels.KV{}); c < last/chunk {
			next = cache.Chunk(t.layer, it.head, c+1)
		}
		tile.Next(next)
		tile.Chunk(set, c, kv)
	}
	t.finish(tile, it, g, group)
}

// after is the chunk of the item after a part, if that is one too.
func (t *attnTask) after(item int) (next kernels.KV) {
	if item++; item < len(t.items) && t.items[item].part >= 0 {
		it := t.items[item]
		next = t.p.segments[it.segment].Cache.Chunk(t.layer, it.head, it.chunk)
	}
	return next
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

func (m *mergeTask) Do(worker, item int) {
	t, it := m.t, m.items[item]
	g, group := t.geometry(it.segment)
	tile, n := t.p.x.workers[worker].attn, t.partLen()
	tile.Reset(group)
	for j := range group {
		tile.Merge(t.p.x.Set, j, t.parts[it.part*n+j*tile.PartLen():], g.Heads*n, it.parts)
	}
	t.finish(tile, it.attnItem, g, group)
}
