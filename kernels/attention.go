package kernels

import "math"

// ChunkPositions is the number of positions in a chunk of the cache. Chunk c
// holds the absolute positions [256c, 256c+256), and attention is computed a
// chunk at a time.
const ChunkPositions = 256

// panelPositions is the number of positions in a panel of keys.
const panelPositions = 16

// KV is the keys and values of one KV head in one chunk, each in half or single
// precision or of type q8_0: one of K16, K32 and K8 is set and one of V16, V32
// and V8. Numbers of keys lie in 16 panels of
// 16 positions, in a panel by channel and then position:
// k[(pos/16·keyDim + channel)·16 + pos%16]. Values lie by position:
// v[pos·valueDim + channel]. Those of type q8_0 take as many bytes as Q8_0 weights.
type KV struct {
	K16, V16 []uint16
	K32, V32 []float32
	K8, V8   []byte
}

// AttnOps are the parts of attention over one chunk. Positions are relative to
// the chunk; rows of queries, scores and outputs are ldq, lds and ldo apart, and
// there are n of each.
type AttnOps struct {
	// Scores16 and Scores32 write the products of n queries with the keys of
	// the panels [first, last): s[i·lds+j] = Σ q[i·ldq+c]·k[j][c], one FMA a
	// channel, ascending. dim is the number of channels.
	Scores16 func(s []float32, lds int, q []float32, ldq, n int, k []uint16, dim, first, last int)
	Scores32 func(s []float32, lds int, q []float32, ldq, n int, k []float32, dim, first, last int)
	// ExpSum replaces s[j], lo ≤ j < hi, by exp(s[j]−m), m their maximum (NaN
	// aside), and returns m and the sum, element j in virtual lane j mod 16.
	// lo < hi. s is whole panels; what it holds elsewhere in those of lo and hi
	// is lost.
	ExpSum func(s []float32, lo, hi int) (m, l float32)
	// Values16 and Values32 add to n outputs the values at positions lo ≤ j < hi,
	// weighted: o[i·ldo+c] = FMA(e[i·lde+j], v[j·dim+c], o[i·ldo+c]), j ascending.
	Values16 func(o []float32, ldo int, e []float32, lde, n int, v []uint16, dim, lo, hi int)
	Values32 func(o []float32, ldo int, e []float32, lde, n int, v []float32, dim, lo, hi int)
	// ValuesQ8 is Values16 of codes of type q8_0: o += w·code, where w holds the
	// weights times the scales, ldw from query to query and ChunkPositions from
	// block to block. It may prefetch next.
	ValuesQ8 func(o []float32, ldo int, w []float32, ldw, n int, v []byte, dim, lo, hi int, next []byte)
	// Prefetch brings b into the cache; nil where that does not help.
	Prefetch func(b []byte)
	// MulF16 writes fp32(e·d), d being halves.
	MulF16 func(w, e []float32, d []byte)
	// Merge replaces acc by FMA(o, b, fp32(acc·a)).
	Merge func(acc, o []float32, a, b float32)
	// StoreK16 writes the key x of position pos into the chunk's panels k.
	StoreK16 func(k []uint16, pos int, x []float32)
	// StoreQ8 quantizes x; see storeQ8.
	StoreQ8 func(codes []byte, group, block int, scales []byte, scaleStep int, x []float32, flip byte)
}

// Store writes the key and the value of position pos, relative to the chunk,
// as its element type holds them.
func (s *Set) Store(kv KV, pos int, key, value []float32) {
	switch {
	case kv.K16 != nil:
		s.Attn.StoreK16(kv.K16, pos, key)
	case kv.K32 != nil:
		storeK32(kv.K32, pos, key)
	default:
		s.storeKeyQ8(kv.K8, pos, key)
	}
	n := len(value)
	switch {
	case kv.V16 != nil:
		s.ToF16(kv.V16[pos*n:(pos+1)*n], value)
	case kv.V32 != nil:
		copy(kv.V32[pos*n:(pos+1)*n], value)
	default:
		s.storeValueQ8(kv.V8, pos, value)
	}
}

func storeK32(k []float32, pos int, x []float32) {
	k = k[pos/panelPositions*panelPositions*len(x)+pos%panelPositions:]
	for c, v := range x {
		k[c*panelPositions] = v
	}
}

// AttnTile is the running state (M, L, O) of queries that share a KV head:
// softmax over the positions seen so far, a chunk at a time (Milakov and
// Gimelshein, 2018, arXiv:1805.02867). It is allocated once and used again by
// one goroutine at a time.
type AttnTile struct {
	keyDim, valueDim, n int

	q      []float32 // by query, then channel
	lo, hi []int     // absolute positions visible to a query
	m, l   []float32
	o      []float32 // by query, then channel

	// Of one chunk:
	s     []float32 // by query, then position: scores, then weights
	part  []float32 // outputs, by query, then channel
	mc    []float32
	lc    []float32
	scale []float32 // exp(M−M'), then exp(m−M') of each query

	q8 attnQ8
}

// NewAttnTile makes room for maxQueries queries.
func NewAttnTile(maxQueries, keyDim, valueDim int) *AttnTile {
	floats := func(n int) []float32 { return make([]float32, n) }
	return &AttnTile{
		keyDim: keyDim, valueDim: valueDim,
		q:  floats(maxQueries * keyDim),
		lo: make([]int, maxQueries), hi: make([]int, maxQueries),
		m: floats(maxQueries), l: floats(maxQueries),
		o:    floats(maxQueries * valueDim),
		s:    floats(maxQueries * ChunkPositions),
		part: floats(maxQueries * valueDim),
		mc:   floats(maxQueries), lc: floats(maxQueries),
		scale: floats(2 * maxQueries),
	}
}

// Reset begins with n queries that have seen nothing. Their vectors and what is
// visible to them stay as they were until they are set.
func (t *AttnTile) Reset(n int) {
	t.n, t.q8.packed = n, false
	t.Restart()
}

// Restart begins again with the same queries.
func (t *AttnTile) Restart() {
	for i := range t.n {
		t.m[i], t.l[i] = float32(math.Inf(-1)), 0
	}
	clear(t.o[:t.n*t.valueDim])
}

// Query is query i, keyDim values to be filled in, already scaled.
func (t *AttnTile) Query(i int) []float32 { return t.q[i*t.keyDim : (i+1)*t.keyDim] }

// Visible makes the absolute positions [lo, hi) visible to query i.
func (t *AttnTile) Visible(i, lo, hi int) { t.lo[i], t.hi[i] = lo, hi }

// Chunk folds chunk c, which kv holds, into every query that sees any of it.
// Chunks come in ascending order.
func (t *AttnTile) Chunk(s *Set, c int, kv KV) {
	for first := 0; first < t.n; {
		if lo, hi := t.seen(first, c); lo >= hi {
			first++
			continue
		}
		last := first + 1
		for last < t.n {
			if lo, hi := t.seen(last, c); lo >= hi {
				break
			}
			last++
		}
		t.chunk(s, c, kv, first, last)
		first = last
	}
}

// seen returns the part of chunk c that query i sees, relative to the chunk.
func (t *AttnTile) seen(i, c int) (lo, hi int) {
	return max(t.lo[i]-c*ChunkPositions, 0), min(t.hi[i]-c*ChunkPositions, ChunkPositions)
}

// chunk does Chunk's work for the queries [first, last), all of which see some
// of it.
func (t *AttnTile) chunk(s *Set, c int, kv KV, first, last int) {
	from, to := t.seen(first, c)
	for i := first + 1; i < last; i++ {
		lo, hi := t.seen(i, c)
		from, to = min(from, lo), max(to, hi)
	}
	scores, q := t.s[first*ChunkPositions:], t.q[first*t.keyDim:]
	p0, p1 := from/panelPositions, (to+panelPositions-1)/panelPositions
	switch {
	case kv.K16 != nil:
		s.Attn.Scores16(scores, ChunkPositions, q, t.keyDim, last-first, kv.K16, t.keyDim, p0, p1)
	case kv.K32 != nil:
		s.Attn.Scores32(scores, ChunkPositions, q, t.keyDim, last-first, kv.K32, t.keyDim, p0, p1)
	default:
		t.scoresQ8(s, kv, first, last, from, to)
	}
	for i := first; i < last; i++ {
		lo, hi := t.seen(i, c)
		t.mc[i], t.lc[i] = s.Attn.ExpSum(t.s[i*ChunkPositions:(i+1)*ChunkPositions], lo, hi)
	}
	clear(t.part[first*t.valueDim : last*t.valueDim])
	for i := first; i < last; {
		i = t.values(s, c, kv, i, last)
	}
	t.mergeAll(s, first, last)
}

// valueQueries is the number of queries whose values are summed together.
const valueQueries = 6

// values sums the values of up to valueQueries queries from first on and
// returns the next query. Positions that not all of them see are summed query
// by query, before and after the others: a masked position contributes nothing,
// not zero times its value.
func (t *AttnTile) values(s *Set, c int, kv KV, first, last int) int {
	left := last - first
	groups := (left + valueQueries - 1) / valueQueries
	n := (left + groups - 1) / groups
	lo, hi := t.seen(first, c)
	for i := first + 1; i < first+n; i++ {
		l, h := t.seen(i, c)
		lo, hi = max(lo, l), min(hi, h)
	}
	if lo >= hi {
		n = 1
		lo, hi = t.seen(first, c)
	}
	for i := first; i < first+n; i++ {
		if l, _ := t.seen(i, c); l < lo {
			t.weighted(s, kv, i, 1, l, lo)
		}
	}
	t.weighted(s, kv, first, n, lo, hi)
	for i := first; i < first+n; i++ {
		if _, h := t.seen(i, c); h > hi {
			t.weighted(s, kv, i, 1, hi, h)
		}
	}
	return first + n
}

// weighted adds the values at [lo, hi) to the outputs of n queries.
func (t *AttnTile) weighted(s *Set, kv KV, first, n, lo, hi int) {
	o, e := t.part[first*t.valueDim:], t.s[first*ChunkPositions:]
	switch {
	case kv.V16 != nil:
		s.Attn.Values16(o, t.valueDim, e, ChunkPositions, n, kv.V16, t.valueDim, lo, hi)
	case kv.V32 != nil:
		s.Attn.Values32(o, t.valueDim, e, ChunkPositions, n, kv.V32, t.valueDim, lo, hi)
	default:
		t.weightedQ8(s, kv.V8, first, n, lo, hi)
	}
}

// mergeAll folds the chunk's sums of the queries [first, last) into their state:
// M' = max(M, m), a = exp(M−M'), b = exp(m−M'), L' = FMA(l, b, fp32(L·a)),
// O' = FMA(o, b, fp32(O·a)).
func (t *AttnTile) mergeAll(s *Set, first, last int) {
	n := last - first
	for i := range n {
		t.exponents(first+i, t.mc[first+i], &t.scale[i], &t.scale[n+i])
	}
	s.Exp(t.scale[:2*n], t.scale[:2*n])
	for i := range n {
		j := first + i
		t.fold(s, j, t.lc[j], t.part[j*t.valueDim:(j+1)*t.valueDim], t.scale[i], t.scale[n+i])
	}
}

// exponents raises M to M' and gives the exponents of a and b.
func (t *AttnTile) exponents(i int, m float32, a, b *float32) {
	top := t.m[i]
	if m > top {
		top = m
	}
	*a, *b = t.m[i]-top, m-top
	t.m[i] = top
}

func (t *AttnTile) fold(s *Set, i int, l float32, o []float32, a, b float32) {
	t.l[i] = FMA32(l, b, float32(t.l[i]*a))
	s.Attn.Merge(t.o[i*t.valueDim:(i+1)*t.valueDim], o, a, b)
}

// Partial is the state of query i. After one chunk it is that chunk's, which
// Merge takes elsewhere: so chunks may be split over threads. o is valid until
// the tile's next use.
func (t *AttnTile) Partial(i int) (m, l float32, o []float32) {
	return t.m[i], t.l[i], t.o[i*t.valueDim : (i+1)*t.valueDim]
}

// Merge folds the state of one chunk into query i, ascending: the same bits as
// Chunk gives. A state that has seen nothing, l = 0, changes nothing.
func (t *AttnTile) Merge(s *Set, i int, m, l float32, o []float32) {
	if l == 0 {
		return
	}
	t.exponents(i, m, &t.scale[0], &t.scale[1])
	s.Exp(t.scale[:2], t.scale[:2])
	t.fold(s, i, l, o, t.scale[0], t.scale[1])
}

// Finish writes query i's output O·fp32(1/L); NaN if it has seen nothing.
func (t *AttnTile) Finish(i int, dst []float32) {
	r := 1 / t.l[i]
	for c, v := range t.o[i*t.valueDim : (i+1)*t.valueDim] {
		dst[c] = v * r
	}
}
