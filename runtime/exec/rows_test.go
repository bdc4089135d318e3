package exec

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/quant"
	"github.com/gptrun/gptrun/runtime/kv"
)

var errStop = errors.New("stop")

func tanh(x float64) float64 { return math.Tanh(x) }

func weights(n int) []float32 { return normals(rand.New(rand.NewPCG(11, 12)), n) }

// Layers of 2000 values a head make more work than the caller does alone.
func TestStoreNormalisesAndRotatesEachHead(t *testing.T) {
	const n, heads, kvHeads = 11, 4, 2
	ref := generic(t)
	for _, dim := range []int{5, 500} {
		for _, h := range []Heads{
			{},
			{QNorm: weights(dim), KNorm: weights(dim), Eps: 1e-5},
			{RoPE: &RoPE{InvFreq: []float32{1, 0.25}, Scale: 1.5}},
			{RoPE: &RoPE{InvFreq: []float32{1, 0.25}, Scale: 1, Halves: true}, KNorm: weights(dim), Eps: 1},
		} {
			forEachExecutor(t, func(t *testing.T, x *Executor) {
				r := rand.New(rand.NewPCG(9, uint64(dim)))
				p := beginRows(x, Sizes{Query: heads * dim, Key: kvHeads * dim, Value: kvHeads}, n,
					kv.Layer{Heads: kvHeads, KeyDim: dim, ValueDim: 1})
				p.Tabulate(&RoPE{InvFreq: []float32{3}, Scale: 1})
				h := h
				h.Q, h.K, h.V = p.Q, p.K, p.V
				for _, rows := range []Rows{p.Q, p.K, p.V} {
					copy(rows.Data, normals(r, len(rows.Data)))
				}
				q, k := slices.Clone(p.Q.Data), slices.Clone(p.K.Data)
				if h.RoPE != nil {
					p.Tabulate(h.RoPE)
				}
				plainHeads(ref, q, heads*dim, dim, h.QNorm, &h)
				plainHeads(ref, k, kvHeads*dim, dim, h.KNorm, &h)
				p.Store(0, h)
				require.NoError(t, p.Err())
				requireBits(t, q, p.Q.Data, "queries")
				requireBits(t, k, p.K.Data, "keys")
			})
		}
	}
}

// plainHeads normalises and rotates the heads of rows of the given width.
func plainHeads(s *kernels.Set, x []float32, width, dim int, norm []float32, h *Heads) {
	cos, sin := make([]float32, 2), make([]float32, 2)
	for i := 0; len(x) > 0; x = x[dim:] {
		head := x[:dim]
		if norm != nil {
			s.RMSNorm(head, slices.Clone(head), norm, h.Eps)
		}
		if r := h.RoPE; r != nil {
			kernels.RoPETable(cos, sin, i*dim/width, r.InvFreq, r.Scale)
			rotate := s.RoPEAdjacent
			if r.Halves {
				rotate = s.RoPEHalves
			}
			rotate(head[:4], cos, sin)
		}
		i++
	}
}

func TestEmbeddingsAreRowsOfTheirTable(t *testing.T) {
	const n, width = 40, 320
	forEachExecutor(t, func(t *testing.T, x *Executor) {
		r := rand.New(rand.NewPCG(13, 14))
		table, positions := randomMatrix(r, quant.Q8_0, n, width), randomMatrix(r, quant.F16, n, width)
		p := beginRows(x, Sizes{Embedding: width}, n)
		slices.Reverse(p.tokens)
		p.Embed(p.X, table, 2.5)
		p.AddPositions(p.X, p.H, positions)
		require.NoError(t, p.Err())
		e, pos := make([]float32, width), make([]float32, width)
		for i := range n {
			table.decodeRow(e, n-1-i)
			positions.decodeRow(pos, i)
			for j := range e {
				e[j] = float32(e[j]*2.5) + pos[j]
			}
			requireBits(t, e, p.X.Row(i), "row %d", i)
		}
	})
}

func TestCutKeepsTheNumberOfRows(t *testing.T) {
	r := Rows{make([]float32, 3*10), 10}
	require.Len(t, r.Cut(4).Data, 12)
	require.Equal(t, 4, r.Cut(4).Width)
	require.Len(t, r.Cut(10).Data, 30)
}
