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
)

var errStop = errors.New("stop")

func tanh(x float64) float64 { return math.Tanh(x) }

// rowWidths are fewer and more values than the caller works alone, with 11 rows.
var rowWidths = []int{12, 2000}

// testRows compares an operation of a pass with one of a set on each row.
func testRows(t *testing.T, op func(p *Pass, dst, a, b Rows), plain func(s *kernels.Set, row int, dst, a, b []float32)) {
	const n = 11
	ref := generic(t)
	forEachExecutor(t, func(t *testing.T, x *Executor) {
		for _, width := range rowWidths {
			r := rand.New(rand.NewPCG(9, uint64(width)))
			p := beginRows(x, Sizes{Embedding: width, FeedFwd: width}, n)
			for _, rows := range []Rows{p.X, p.G, p.U} {
				copy(rows.Data, normals(r, n*width))
			}
			want := slices.Clone(p.X.Data)
			for i := range n {
				plain(ref, i, want[i*width:(i+1)*width], p.G.Row(i), p.U.Row(i))
			}
			op(p, p.X, p.G, p.U)
			require.NoError(t, p.Err())
			requireBits(t, want, p.X.Data, "width %d", width)
		}
	})
}

func weights(n int) []float32 { return normals(rand.New(rand.NewPCG(11, 12)), n) }

func TestRowOperationsEqualPlainLoops(t *testing.T) {
	type rows = []float32
	for name, c := range map[string]struct {
		op    func(p *Pass, dst, a, b Rows)
		plain func(s *kernels.Set, row int, dst, a, b []float32)
	}{
		"RMSNorm": {
			func(p *Pass, dst, a, _ Rows) { p.RMSNorm(dst, a, weights(a.Width), 1e-5) },
			func(s *kernels.Set, _ int, dst, a, _ rows) { s.RMSNorm(dst, a, weights(len(a)), 1e-5) },
		},
		"LayerNorm": {
			func(p *Pass, dst, a, _ Rows) { p.LayerNorm(dst, a, weights(a.Width), weights(a.Width), 1e-5) },
			func(s *kernels.Set, _ int, dst, a, _ rows) {
				s.LayerNorm(dst, a, weights(len(a)), weights(len(a)), 1e-5)
			},
		},
		"LayerNorm without a bias": {
			func(p *Pass, dst, a, _ Rows) { p.LayerNorm(dst, a, weights(a.Width), nil, 1e-5) },
			func(s *kernels.Set, _ int, dst, a, _ rows) { s.LayerNorm(dst, a, weights(len(a)), nil, 1e-5) },
		},
		"HeadNorm": {
			func(p *Pass, dst, _, _ Rows) { p.HeadNorm(dst, weights(4), 1e-5) },
			func(s *kernels.Set, _ int, dst, _, _ rows) {
				for ; len(dst) > 0; dst = dst[4:] {
					s.RMSNorm(dst[:4], slices.Clone(dst[:4]), weights(4), 1e-5)
				}
			},
		},
		"Add": {
			func(p *Pass, dst, a, _ Rows) { p.Add(dst, a) },
			func(s *kernels.Set, _ int, dst, a, _ rows) { s.Add(dst, a) },
		},
		"SiLUMul": {
			func(p *Pass, dst, a, b Rows) { p.SiLUMul(dst, a, b) },
			func(s *kernels.Set, _ int, dst, a, b rows) { s.SiLUMul(dst, a, b) },
		},
		"GELUMul in place": {
			func(p *Pass, dst, a, b Rows) { p.GELUMul(a, a, b); copy(dst.Data, a.Data) },
			func(s *kernels.Set, _ int, dst, a, b rows) { s.GELUMul(dst, a, b) },
		},
		"GELU": {
			func(p *Pass, dst, a, _ Rows) { p.GELU(dst, a) },
			func(s *kernels.Set, _ int, dst, a, _ rows) { s.GELU(dst, a) },
		},
		"Rotate, part of a head": {
			func(p *Pass, dst, _, _ Rows) {
				r := &RoPE{InvFreq: []float32{1, 0.25}, Scale: 1.5}
				p.Tabulate(r)
				p.Tabulate(&RoPE{InvFreq: []float32{3}, Scale: 1})
				p.Rotate(dst, 5, r)
			},
			func(s *kernels.Set, row int, dst, _, _ rows) {
				cos, sin := make(rows, 2), make(rows, 2)
				kernels.RoPETable(cos, sin, row, []float32{1, 0.25}, 1.5)
				for ; len(dst) >= 5; dst = dst[5:] {
					s.RoPEAdjacent(dst[:4], cos, sin)
				}
			},
		},
		"Rotate, halves": {
			func(p *Pass, dst, _, _ Rows) {
				r := &RoPE{InvFreq: []float32{1, 0.25}, Scale: 1, Halves: true}
				p.Tabulate(r)
				p.Rotate(dst, 4, r)
			},
			func(s *kernels.Set, row int, dst, _, _ rows) {
				cos, sin := make(rows, 2), make(rows, 2)
				kernels.RoPETable(cos, sin, row, []float32{1, 0.25}, 1)
				for ; len(dst) >= 4; dst = dst[4:] {
					s.RoPEHalves(dst[:4], cos, sin)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) { testRows(t, c.op, c.plain) })
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
