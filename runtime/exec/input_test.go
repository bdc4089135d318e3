package exec

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/quant"
)

// inputs are all kinds of them, and the plain loops that they equal: dst from x,
// row i of X with its residual, or from rows a and b.
var inputs = map[string]struct {
	input func(p *Pass) Input
	plain func(s *kernels.Set, dst, x, a, b []float32)
}{
	"rows": {
		func(p *Pass) Input { return Plain(p.G) },
		func(_ *kernels.Set, dst, _, a, _ []float32) { copy(dst, a) },
	},
	"RMSNorm": {
		func(p *Pass) Input { return p.RMSNormed(weights(p.X.Width), 1e-5) },
		func(s *kernels.Set, dst, x, _, _ []float32) { s.RMSNorm(dst, x, weights(len(x)), 1e-5) },
	},
	"LayerNorm": {
		func(p *Pass) Input { return p.LayerNormed(weights(p.X.Width), weights(p.X.Width), 1e-5) },
		func(s *kernels.Set, dst, x, _, _ []float32) {
			s.LayerNorm(dst, x, weights(len(x)), weights(len(x)), 1e-5)
		},
	},
	"LayerNorm without a bias": {
		func(p *Pass) Input { return p.LayerNormed(weights(p.X.Width), nil, 1e-5) },
		func(s *kernels.Set, dst, x, _, _ []float32) { s.LayerNorm(dst, x, weights(len(x)), nil, 1e-5) },
	},
	"SiLU gate": {
		func(p *Pass) Input { return SiLUGated(p.G, p.U) },
		func(s *kernels.Set, dst, _, a, b []float32) { s.SiLUMul(dst, a, b) },
	},
	"GELU gate": {
		func(p *Pass) Input { return GELUGated(p.G, p.U) },
		func(s *kernels.Set, dst, _, a, b []float32) { s.GELUMul(dst, a, b) },
	},
	"GELU": {
		func(p *Pass) Input { return GELU(p.G) },
		func(s *kernels.Set, dst, _, a, _ []float32) { s.GELU(dst, a) },
	},
}

// residuals is what X may still be given.
var residuals = map[string]func(p *Pass){
	"no residual":         func(*Pass) {},
	"residual":            func(p *Pass) { p.Residual(p.H, nil, 0) },
	"normalised residual": func(p *Pass) { p.Residual(p.H, weights(p.H.Width), 1e-5) },
}

// beginInputs begins a pass whose X, H, G and U are of the given width.
func beginInputs(x *Executor, n, width int) *Pass {
	p := beginRows(x, Sizes{Embedding: width, FeedFwd: width}, n)
	r := rand.New(rand.NewPCG(uint64(n), uint64(width)))
	for _, rows := range []Rows{p.X, p.H, p.G, p.U} {
		copy(rows.Data, normals(r, n*width))
	}
	return p
}

// plainStream is row i of X with the residual of that name.
func plainStream(s *kernels.Set, p *Pass, residual string, i int) []float32 {
	x, y := slices.Clone(p.X.Row(i)), slices.Clone(p.H.Row(i))
	switch residual {
	case "no residual":
		return x
	case "normalised residual":
		s.RMSNorm(y, slices.Clone(y), weights(len(y)), 1e-5)
	}
	s.Add(x, y)
	return x
}

// 125 tokens are more than the caller packs alone, and three blocks of them.
func TestInputsAreComputedAsTheyArePacked(t *testing.T) {
	const width = 96
	ref := generic(t)
	r := rand.New(rand.NewPCG(15, 16))
	matrices := []*Matrix{
		randomMatrix(r, quant.F32, 5, width), randomMatrix(r, quant.Q8_0, 6, width), randomMatrix(r, quant.Q4_0, 7, width),
	}
	matrices[2].Exact = true
	forEachExecutor(t, func(t *testing.T, x *Executor) {
		for name, in := range inputs {
			for residual, give := range residuals {
				for _, n := range []int{1, 13, 125} {
					for _, some := range [][]*Matrix{matrices[1:2], matrices} {
						testInput(t, ref, beginInputs(x, n, width), some, in.plain, residual, func(p *Pass) Input {
							give(p)
							return in.input(p)
						}, name)
					}
				}
			}
		}
	})
}

func testInput(t *testing.T, ref *kernels.Set, p *Pass, matrices []*Matrix, plain func(s *kernels.Set, dst, x, a, b []float32),
	residual string, input func(p *Pass) Input, name string) {
	var products []Product
	var want []Rows
	for _, w := range matrices {
		products = append(products, Product{Rows{make([]float32, p.Len()*w.Rows), w.Rows}, w})
		want = append(want, Rows{make([]float32, p.Len()*w.Rows), w.Rows})
	}
	row := make([]float32, p.X.Width)
	for i := range p.Len() {
		plain(ref, row, plainStream(ref, p, residual, i), p.G.Row(i), p.U.Row(i))
		for j, w := range matrices {
			plainProduct(ref, want[j].Row(i), row, w)
		}
	}
	p.Linear(input(p), products...)
	require.NoError(t, p.Err())
	for j := range want {
		requireBits(t, want[j].Data, products[j].Dst.Data, "%s, %s, product %d of %d, %d tokens", name, residual, j, len(want), p.Len())
	}
}

// 2000 values a row are more than the caller works alone.
func TestFinalNormsAddTheResidualOnce(t *testing.T) {
	const n = 11
	ref := generic(t)
	forEachExecutor(t, func(t *testing.T, x *Executor) {
		for _, width := range []int{12, 2000} {
			row := randomMatrix(rand.New(rand.NewPCG(1, 1)), quant.F16, 1, width)
			x.PrepareScratch(x.Set.PanelBytes(row.Type, width))
			for residual, give := range residuals {
				for _, layer := range []bool{false, true} {
					p := beginInputs(x, n, width)
					w := weights(width)
					stream, normed := Rows{nil, width}, Rows{make([]float32, n*width), width}
					for i := range n {
						stream.Data = append(stream.Data, plainStream(ref, p, residual, i)...)
						if layer {
							ref.LayerNorm(normed.Row(i), stream.Row(i), w, w, 1e-5)
						} else {
							ref.RMSNorm(normed.Row(i), stream.Row(i), w, 1e-5)
						}
					}
					give(p)
					p.Linear(Plain(p.G), Product{p.U.Cut(1), row}) // leaves X alone
					for range 2 {
						if layer {
							p.FinalLayerNorm(w, w, 1e-5)
						} else {
							p.FinalRMSNorm(w, 1e-5)
						}
						require.NoError(t, p.Err())
						requireBits(t, stream.Data, p.X.Data, "X, %s, width %d", residual, width)
						requireBits(t, normed.Data, p.H.Data, "H, %s, width %d", residual, width)
					}
				}
			}
		}
	})
}
