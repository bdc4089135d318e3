package exec

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/quant"
)

// plainProduct is one token times one matrix, a panel at a time, on the generic
// tier: bias after the sum, then what dst holds if add.
func plainProduct(s *kernels.Set, dst, x []float32, w *Matrix, add bool) {
	f := w.Form()
	act := alignedBytes(s.ActBytes(f, 1, w.Cols))
	s.PackAct(f, act, x, w.Cols, w.Cols, 1, 0)
	r := s.PanelRowsOf(w.Type)
	panel, tmp := alignedBytes(s.PanelBytes(w.Type, w.Cols)), make([]float32, r*kernels.MaxTokens)
	out := make([]float32, w.Rows)
	for i := range s.Panels(w.Type, w.Rows) {
		w.packPanel(s, panel, i)
		s.MulPanel(out[i*r:], w.Rows, w.Type, panel, min(r, w.Rows-i*r), w.Cols, f, act, 1, tmp)
	}
	for i, v := range out {
		if w.Bias != nil {
			v += w.Bias[i]
		}
		if add {
			v += dst[i]
		}
		dst[i] = v
	}
}

// weight describes a matrix of a Linear call.
type weight struct {
	typ              quant.Type
	rows             int
	bias, exact, add bool
}

// linearCases are matrices that share an input of cols values.
var linearCases = []struct {
	cols    int
	weights []weight
}{
	{96, []weight{
		{quant.F32, 70, true, false, false},
		{quant.Q8_0, 1, false, false, false},
		{quant.Q4_0, 100, true, false, true},
		{quant.Q4_0, 33, false, true, false},
		{quant.F16, 64, true, false, true},
		{quant.Q5_0, 8, true, true, true},
	}},
	{37, []weight{
		{quant.F32, 65, true, false, true},
		{quant.F16, 3, false, false, false},
	}},
	{1, []weight{{quant.F32, 130, false, false, true}}},
}

func TestLinearEqualsAPlainLoop(t *testing.T) {
	ref := generic(t)
	counts := []int{1, 2, 13, 60, 61, 125}
	if testing.Short() {
		counts = []int{1, 61}
	}
	forEachExecutor(t, func(t *testing.T, x *Executor) {
		for _, c := range linearCases {
			for _, n := range counts {
				for _, packed := range []bool{false, true} {
					testLinear(t, ref, x, c.cols, c.weights, n, packed)
				}
			}
		}
	})
}

func TestAPanelMayFillTheScratch(t *testing.T) {
	const cols = 1200
	forEachExecutor(t, func(t *testing.T, x *Executor) {
		size := x.Set.PanelBytes(quant.F32, cols)
		require.Greater(t, size, scratchBytes)
		x.PrepareScratch(size)
		testLinear(t, generic(t), x, cols, []weight{{quant.F32, 150, false, false, false}}, 2, false)
	})
}

func testLinear(t *testing.T, ref *kernels.Set, x *Executor, cols int, weights []weight, n int, packed bool) {
	r := rand.New(rand.NewPCG(uint64(cols), uint64(n)))
	in := Rows{normals(r, n*cols), cols}
	p := beginRows(x, Sizes{Embedding: cols}, n)
	var products []Product
	var want [][]float32
	for _, d := range weights {
		w := randomMatrix(r, d.typ, d.rows, cols)
		w.Exact = d.exact
		if d.bias {
			w.Bias = normals(r, d.rows)
		}
		if packed {
			require.NoError(t, w.Pack(x, alignedBytes(w.PackedBytes(x.Set)), func([]byte) {}))
		}
		dst := Rows{normals(r, n*d.rows), d.rows}
		plain := slices.Clone(dst.Data)
		for i := range n {
			plainProduct(ref, plain[i*d.rows:(i+1)*d.rows], in.Row(i), w, d.add)
		}
		products, want = append(products, Product{dst, w, d.add}), append(want, plain)
	}
	p.Linear(in, products...)
	require.NoError(t, p.Err())
	for i := range products {
		requireBits(t, want[i], products[i].Dst.Data, "product %d, %d columns, %d tokens, packed %t", i, cols, n, packed)
	}
}

func TestBlocksOfTokensAreWholeGroups(t *testing.T) {
	for _, s := range kernels.Available() {
		for _, f := range []kernels.Form{kernels.FormFloat, kernels.FormInt8, kernels.FormInt16} {
			require.Zero(t, tokenBlock%s.GroupTokens(f), "tier %s, form %d", s.Name, f)
		}
	}
}

func TestASliceIsTheRowsOfTheWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	w := randomMatrix(r, quant.Q8_0, 20, 64)
	w.Bias = normals(r, 20)
	x := normals(r, 64)
	whole, part := make([]float32, 20), make([]float32, 7)
	plainProduct(generic(t), whole, x, w, false)
	plainProduct(generic(t), part, x, w.Slice(5, 12), false)
	requireBits(t, whole[5:12], part, "rows 5 to 12")
}

func TestLogitsAreRowsOfTheHead(t *testing.T) {
	forEachExecutor(t, func(t *testing.T, x *Executor) {
		r := rand.New(rand.NewPCG(7, 8))
		w := randomMatrix(r, quant.Q8_0, 77, 32)
		w.Exact = true
		p := beginRows(x, Sizes{Embedding: 32}, 5)
		copy(p.H.Data, normals(r, 5*32))
		dst := Rows{make([]float32, 2*77), 77}
		require.NoError(t, p.Logits(dst, w, 2, 4, 0))
		want := make([]float32, 2*77)
		plainProduct(generic(t), want[:77], p.H.Row(2), w, false)
		plainProduct(generic(t), want[77:], p.H.Row(3), w, false)
		requireBits(t, want, dst.Data, "logits")

		const c = 3
		require.NoError(t, p.Logits(dst, w, 2, 4, c))
		for i, v := range want {
			require.InDelta(t, c*tanh(float64(v)/c), dst.Data[i], 2e-6*c)
		}
	})
}

func TestAPassStopsAtItsError(t *testing.T) {
	x := newExecutor(t, generic(t), 2)
	p := beginRows(x, Sizes{Embedding: 32}, 3)
	p.err = errStop
	dst := Rows{make([]float32, 3*4), 4}
	p.Linear(p.H, Product{Dst: dst, W: randomMatrix(rand.New(rand.NewPCG(1, 1)), quant.F32, 4, 32)})
	p.RMSNorm(p.H, p.X, make([]float32, 32), 1)
	require.ErrorIs(t, p.Err(), errStop)
	require.Equal(t, make([]float32, 12), dst.Data)
}
