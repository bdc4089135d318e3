package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// attnCase is queries over a cache: query i sees [lo[i], hi[i]).
type attnCase struct {
	keyDim, valueDim int
	lo, hi           []int
	q                [][]float32
	k, v             [][]float32 // by position, as stored
	as               stored
}

// stored is how a cache holds keys and values.
type stored struct{ keys, values string }

var cacheTypes = []stored{{"f16", "f16"}, {"f32", "f32"}, {"f16", "f32"}, {"f32", "f16"},
	{"q8_0", "q8_0"}, {"q8_0", "f16"}, {"f32", "q8_0"}}

// randomAttention draws a case: a causal run of tokens with a window or none
// and groups of heads, or unrelated ranges.
func randomAttention(r *rand.Rand, as stored) *attnCase {
	a := &attnCase{keyDim: 1 + r.IntN(140), valueDim: 1 + r.IntN(140), as: as}
	if r.IntN(2) == 0 {
		a.keyDim, a.valueDim = 64, 64
	}
	if as.keys == "q8_0" {
		a.keyDim = (a.keyDim + 31) / 32 * 32
	}
	if as.values == "q8_0" {
		a.valueDim = (a.valueDim + 31) / 32 * 32
	}
	n, positions := 1+r.IntN(24), 1+r.IntN(800)
	group, window := 1+r.IntN(4), 0
	if r.IntN(2) == 0 {
		window = 1 + r.IntN(400)
	}
	for i := range n {
		hi := max(1, positions-(n-1-i)/group)
		lo := 0
		if window > 0 {
			lo = max(0, hi-window)
		}
		if r.IntN(40) == 0 {
			lo = r.IntN(hi)
		}
		a.lo, a.hi = append(a.lo, lo), append(a.hi, hi)
		a.q = append(a.q, randomValues(r, a.keyDim))
	}
	for range positions {
		a.k, a.v = append(a.k, randomValues(r, a.keyDim)), append(a.v, randomValues(r, a.valueDim))
	}
	round(as.keys, a.k)
	round(as.values, a.v)
	return a
}

// round makes rows what a cache holds of them.
func round(typ string, rows [][]float32) {
	if typ == "f16" {
		for _, x := range rows {
			h := make([]uint16, len(x))
			Generic().ToF16(h, x)
			Generic().FromF16(x, h)
		}
	}
	if typ == "q8_0" {
		for _, x := range rows {
			roundQ8(x)
		}
	}
}

// cache stores the positions as s does, in memory between guard pages.
func (a *attnCase) cache(t testing.TB, s *Set) []KV {
	chunks := make([]KV, (len(a.k)+ChunkPositions-1)/ChunkPositions)
	for c := range chunks {
		k, v := ChunkPositions*a.keyDim, ChunkPositions*a.valueDim
		kv := &chunks[c]
		switch a.as.keys {
		case "f16":
			kv.K16 = guarded(t, make([]uint16, k))
		case "f32":
			kv.K32 = guarded(t, make([]float32, k))
		case "q8_0":
			kv.K8 = guarded(t, make([]byte, k/32*34))
		}
		switch a.as.values {
		case "f16":
			kv.V16 = guarded(t, make([]uint16, v))
		case "f32":
			kv.V32 = guarded(t, make([]float32, v))
		case "q8_0":
			kv.V8 = guarded(t, make([]byte, v/32*34))
		}
	}
	key, value := guarded(t, a.k[0]), guarded(t, a.v[0])
	for p := range a.k {
		copy(key, a.k[p])
		copy(value, a.v[p])
		s.Store(chunks[p/ChunkPositions], p%ChunkPositions, key, value)
	}
	return chunks
}

func (a *attnCase) tile(n int) *AttnTile {
	tile := NewAttnTile(n, a.keyDim, a.valueDim)
	tile.Reset(n)
	return tile
}

// run attends with all queries in one tile.
func (a *attnCase) run(t testing.TB, s *Set) [][]float32 {
	tile := a.tile(len(a.q))
	for i, q := range a.q {
		copy(tile.Query(i), q)
		tile.Visible(i, a.lo[i], a.hi[i])
	}
	for c, kv := range a.cache(t, s) {
		tile.Chunk(s, c, kv)
	}
	out := make([][]float32, len(a.q))
	for i := range out {
		out[i] = make([]float32, a.valueDim)
		tile.Finish(i, out[i])
	}
	return out
}

func requireSameRows(t testing.TB, want, got [][]float32, what string) {
	t.Helper()
	for i := range want {
		requireSame(t, want[i], got[i], fmt.Sprintf("%s, query %d", what, i))
	}
}

func eachCacheType(t *testing.T, f func(t *testing.T, as stored)) {
	for _, as := range cacheTypes {
		t.Run(as.keys+"/"+as.values, func(t *testing.T) { f(t, as) })
	}
}

// anyCacheType draws one.
func anyCacheType(r *rand.Rand) stored { return cacheTypes[r.IntN(len(cacheTypes))] }

func TestAttentionIsSoftmaxOverWhatIsVisible(t *testing.T) {
	eachCacheType(t, func(t *testing.T, as stored) {
		delta := 2e-4
		if as.keys == "q8_0" {
			delta = 1e-3 // queries are rounded to 15 bits
		}
		r := rand.New(rand.NewPCG(1, 2))
		for range 6 {
			a := randomAttention(r, as)
			got := a.run(t, Generic())
			for i, q := range a.q {
				want, sum := make([]float64, a.valueDim), 0.0
				for p := a.lo[i]; p < a.hi[i]; p++ {
					score := 0.0
					for c, x := range q {
						score += float64(x) * float64(a.k[p][c])
					}
					e := math.Exp(score)
					sum += e
					for c, x := range a.v[p] {
						want[c] += e * float64(x)
					}
				}
				for c := range want {
					require.InDelta(t, want[c]/sum, got[i][c], delta)
				}
			}
		}
	})
}

func TestEveryTierAttendsLikeGeneric(t *testing.T) {
	forEachTier(t, func(t *testing.T, s *Set) {
		eachCacheType(t, func(t *testing.T, as stored) {
			r := rand.New(rand.NewPCG(3, 4))
			for i := range 25 {
				a := randomAttention(r, as)
				requireSameRows(t, a.run(t, Generic()), a.run(t, s), fmt.Sprintf("case %d", i))
			}
		})
	})
}

// Infinities at masked positions must not reach any output.
func TestMaskedPositionsContributeNothing(t *testing.T) {
	for _, s := range Available() {
		t.Run(s.Name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(5, 6))
			for range 8 {
				a := randomAttention(r, anyCacheType(r))
				want := a.run(t, s)
				from := a.hi[0] // the first query sees no further
				a.q, a.lo, a.hi = a.q[:1], a.lo[:1], a.hi[:1]
				for p := range a.k {
					if p >= from || p < a.lo[0] {
						for c := range a.k[p] {
							a.k[p][c] = float32(math.Inf(1))
						}
						for c := range a.v[p] {
							a.v[p][c] = float32(math.NaN())
						}
					}
				}
				requireSameRows(t, want[:1], a.run(t, s), "first query")
			}
		})
	}
}

// A query's output must not depend on which queries share its tile.
func TestAttentionIsTheSameQueryByQuery(t *testing.T) {
	for _, s := range Available() {
		t.Run(s.Name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, 8))
			for range 5 {
				a := randomAttention(r, anyCacheType(r))
				want := a.run(t, s)
				for i := range a.q {
					b := *a
					b.q, b.lo, b.hi = a.q[i:i+1], a.lo[i:i+1], a.hi[i:i+1]
					requireSameRows(t, want[i:i+1], b.run(t, s), fmt.Sprint(i))
				}
			}
		})
	}
}

// Chunks done apart and merged in order give the bits of chunks done in order.
func TestPartsMergeToTheSameBits(t *testing.T) {
	for _, s := range Available() {
		t.Run(s.Name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(9, 10))
			for range 8 {
				a := randomAttention(r, anyCacheType(r))
				want := a.run(t, s)
				n := len(a.q)
				whole, part := a.tile(n), a.tile(n)
				for c, kv := range a.cache(t, s) {
					part.Reset(n)
					for i, q := range a.q {
						copy(part.Query(i), q)
						part.Visible(i, a.lo[i], a.hi[i])
					}
					part.Chunk(s, c, kv)
					for i := range n {
						m, l, o := part.Partial(i)
						whole.Merge(s, i, m, l, o)
					}
				}
				got := make([]float32, a.valueDim)
				for i := range n {
					whole.Finish(i, got)
					requireSame(t, want[i], got, fmt.Sprint(i))
				}
			}
		})
	}
}

func TestAttentionAllocatesNothing(t *testing.T) {
	for _, s := range Available() {
		t.Run(s.Name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(11, 12))
			a := randomAttention(r, anyCacheType(r))
			kv := a.cache(t, s)
			tile, out := a.tile(len(a.q)), make([]float32, a.valueDim)
			require.Zero(t, testing.AllocsPerRun(3, func() {
				tile.Reset(len(a.q))
				for i := range a.q {
					tile.Visible(i, a.lo[i], a.hi[i])
				}
				for c := range kv {
					tile.Chunk(s, c, kv[c])
				}
				s.Store(kv[0], 0, a.k[0], a.v[0])
				tile.Finish(0, out)
			}))
		})
	}
}

// Scores of one tier in the raw: hostile values in queries, keys and values.
func TestEveryTierAttendsToHostileBitsLikeGeneric(t *testing.T) {
	forEachTier(t, func(t *testing.T, s *Set) {
		eachCacheType(t, func(t *testing.T, as stored) {
			r := rand.New(rand.NewPCG(13, 14))
			for i := range 15 {
				a := randomAttention(r, as)
				for _, rows := range [][][]float32{a.q, a.k, a.v} {
					for _, x := range rows {
						if r.IntN(20) == 0 {
							x[r.IntN(len(x))] = specialValues[r.IntN(len(specialValues))]
						}
					}
				}
				requireSameRows(t, a.run(t, Generic()), a.run(t, s), fmt.Sprintf("case %d", i))
			}
		})
	})
}
