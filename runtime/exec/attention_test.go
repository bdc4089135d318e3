package exec

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/runtime/kv"
)

const (
	testHeads = 6
	testScale = 0.3
)

var testLayers = []kv.Layer{
	{Heads: 2, KeyDim: 10, ValueDim: 7},
	{Heads: 2, KeyDim: 10, ValueDim: 7, Window: 40},
	{Heads: 6, KeyDim: 10, ValueDim: 7, Window: 300},
}

// history is the keys and values of one sequence, by layer, row a position.
type history struct {
	k, v []Rows
}

func randomHistory(r *rand.Rand, n int) history {
	var h history
	for _, l := range testLayers {
		h.k = append(h.k, Rows{normals(r, n*l.Heads*l.KeyDim), l.Heads * l.KeyDim})
		h.v = append(h.v, Rows{normals(r, n*l.Heads*l.ValueDim), l.Heads * l.ValueDim})
	}
	return h
}

// part is the rows [from, to).
func (r Rows) part(from, to int) Rows { return Rows{r.Data[from*r.Width : to*r.Width], r.Width} }

// attended is a sequence in a pass: the count rows of its history that follow
// what its cache holds are stored, then attended to.
type attended struct {
	cache *kv.Cache
	h     history
	count int
}

// attend runs attention of layer l over the last count positions of each
// sequence and returns its outputs.
func attend(t testing.TB, x *Executor, l int, q []float32, seqs ...*attended) Rows {
	g := testLayers[l]
	p := NewPass(x, Sizes{})
	var segments []Segment
	n := 0
	for _, s := range seqs {
		segments = append(segments, Segment{s.cache, n, s.count})
		n += s.count
	}
	p.Begin(context.Background(), make([]int32, n), segments)
	k, v := Rows{nil, g.Heads * g.KeyDim}, Rows{nil, g.Heads * g.ValueDim}
	for _, s := range seqs {
		s.cache.Reserve(s.count)
		at := s.cache.Len()
		k.Data = append(k.Data, s.h.k[l].part(at, at+s.count).Data...)
		v.Data = append(v.Data, s.h.v[l].part(at, at+s.count).Data...)
	}
	p.Store(l, Heads{K: k, V: v})
	out := Rows{make([]float32, n*testHeads*g.ValueDim), testHeads * g.ValueDim}
	p.Attend(l, out, Rows{q, testHeads * g.KeyDim}, testHeads, testScale)
	require.NoError(t, p.Err())
	for _, s := range seqs {
		s.cache.Advance(s.count)
	}
	return out
}

// fill evaluates the first n positions of layer l in passes of at most step.
func fill(t testing.TB, x *Executor, l int, s *attended, n, step int) {
	for s.cache.Len() < n {
		s.count = min(step, n-s.cache.Len())
		attend(t, x, l, make([]float32, s.count*testHeads*testLayers[l].KeyDim), s)
	}
}

// exactAttention is softmax(scale·q·Kᵀ)·V in float64 over what position pos sees.
func exactAttention(h history, l, head, pos int, q []float32) []float64 {
	g := testLayers[l]
	kvHead := head / (testHeads / g.Heads)
	from := g.From(pos)
	scores := make([]float64, pos+1-from)
	top := math.Inf(-1)
	for j := range scores {
		k := h.k[l].Row(from + j)[kvHead*g.KeyDim:]
		for c := range g.KeyDim {
			scores[j] += testScale * float64(q[c]) * float64(k[c])
		}
		top = max(top, scores[j])
	}
	out, sum := make([]float64, g.ValueDim), 0.0
	for j := range scores {
		e := math.Exp(scores[j] - top)
		sum += e
		for c, v := range h.v[l].Row(from + j)[kvHead*g.ValueDim:][:g.ValueDim] {
			out[c] += e * float64(v)
		}
	}
	for c := range out {
		out[c] /= sum
	}
	return out
}

func TestAttentionEqualsTheFormula(t *testing.T) {
	const n, tail = 560, 30
	r := rand.New(rand.NewPCG(15, 16))
	h := randomHistory(r, n)
	for l, g := range testLayers {
		x := newExecutor(t, kernels.Available()[0], 2)
		x.PrepareAttention(testHeads/g.Heads, g.KeyDim, g.ValueDim)
		q := Rows{normals(r, tail*testHeads*g.KeyDim), testHeads * g.KeyDim}
		for typ, delta := range map[kv.Type]float64{kv.F32: 2e-6, kv.F16: 4e-3} {
			s := &attended{cache: kv.New(kv.Both(typ), testLayers), h: h}
			fill(t, x, l, s, n-tail, 200)
			s.count = tail
			out := attend(t, x, l, q.Data, s)
			for i := range tail {
				for head := range testHeads {
					want := exactAttention(h, l, head, n-tail+i, q.Row(i)[head*g.KeyDim:])
					for c, v := range want {
						require.InDelta(t, v, out.Row(i)[head*g.ValueDim+c], delta, "layer %d, type %s, row %d, head %d", l, typ, i, head)
					}
				}
			}
		}
	}
}

// TestAttentionSplitByChunkEqualsUnsplit evaluates the last tokens of a long
// sequence one by one, which splits them by chunk, and together, which does not;
// alone, and beside other sequences.
func TestAttentionSplitByChunkEqualsUnsplit(t *testing.T) {
	const n, tail = 790, 25 // the tail begins in one chunk and ends in the next
	r := rand.New(rand.NewPCG(17, 18))
	h, other := randomHistory(r, n), randomHistory(r, 10)
	qs := make([][]float32, len(testLayers))
	for l, g := range testLayers {
		qs[l] = normals(r, (tail+3)*testHeads*g.KeyDim)
	}
	wants := make([]Rows, len(testLayers))
	forEachExecutor(t, func(t *testing.T, x *Executor) {
		for l, g := range testLayers {
			x.PrepareAttention(testHeads/g.Heads, g.KeyDim, g.ValueDim)
			q := Rows{qs[l], testHeads * g.KeyDim}
			s := &attended{cache: kv.New(kv.Both(kv.F16), testLayers), h: h}
			fill(t, x, l, s, n-tail, n)
			s.count = tail
			whole := attend(t, x, l, q.part(0, tail).Data, s)
			if wants[l].Data == nil {
				wants[l] = whole
			}
			requireBits(t, wants[l].Data, whole.Data, "layer %d, another tier or number of workers", l)

			require.NoError(t, s.cache.Truncate(n-tail))
			for i := range tail {
				s.count = 1
				got := attend(t, x, l, q.part(i, i+1).Data, s)
				requireBits(t, whole.Row(i), got.Data, "layer %d, row %d alone", l, i)
			}

			require.NoError(t, s.cache.Truncate(n-1))
			a, b := &attended{kv.New(kv.Both(kv.F16), testLayers), other, 2}, &attended{kv.New(kv.Both(kv.F16), testLayers), h, 1}
			mixed := slices.Concat(q.part(tail, tail+2).Data, q.part(tail-1, tail).Data, q.part(0, 1).Data)
			got := attend(t, x, l, mixed, a, s, b)
			requireBits(t, whole.Row(tail-1), got.Row(2), "layer %d, beside others", l)
			requireFirstRow(t, g, h.v[l], got.Row(3), fmt.Sprintf("layer %d", l))
		}
	})
}

// requireFirstRow checks the output of a sequence's first position: its own
// value, as the cache rounds it.
func requireFirstRow(t testing.TB, g kv.Layer, v Rows, got []float32, what string) {
	for head := range testHeads {
		own := v.Row(0)[head/(testHeads/g.Heads)*g.ValueDim:]
		for c := range g.ValueDim {
			require.InEpsilon(t, own[c], got[head*g.ValueDim+c], 1e-3, what)
		}
	}
}
