package exec

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/quant"
)

// plainProduct is one token times one matrix, a panel at a time, on the generic
// tier: bias after the sum.
func plainProduct(s *kernels.Set, dst, x []float32, w *Matrix) {
	f := w.Form()
	act := alignedBytes(s.ActBytes(f, 1, w.Cols))
	s.PackAct(f, act, x, w.Cols, w.Cols, 1, 0)
	r := s.PanelRowsOf(w.Type)
	panel, tmp := alignedBytes(s.PanelBytes(w.Type, w.Cols)), make([]float32, r*kernels.MaxTokens)
	for i := range s.Panels(w.Type, w.Rows) {
		w.packPanel(s, panel, i)
		s.MulPanels(dst[i*r:], w.Rows, w.Type, panel, min(r, w.Rows-i*r), w.Cols, f, act, 1, tmp)
	}
	for i, b := range w.Bias {
		dst[i] += b
	}
}

// weight describes a matrix of a Linear call.
type weight struct {
	typ         quant.Type
	rows        int
	bias, exact bool
}

// linearCases are matrices that share an input of cols values.
var linearCases = []struct {
	cols    int
	weights []weight
}{
	{96, []weight{
		{quant.F32, 70, true, false},
		{quant.Q8_0, 1, false, false},
		{quant.Q4_0, 100, true, false},
		{quant.Q4_0, 33, false, true},
		{quant.F16, 64, true, false},
		{quant.Q5_0, 8, true, true},
	}},
	{37, []weight{
		{quant.F32, 65, true, false},
		{quant.F16, 3, false, false},
	}},
	{1, []weight{{quant.F32, 130, false, false}}},
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
				for _, w := range []where{atEachUse, atFirstUse, before} {
					testLinear(t, ref, x, c.cols, c.weights, n, w)
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
		for _, w := range []where{atEachUse, atFirstUse} {
			testLinear(t, generic(t), x, cols, []weight{{quant.F32, 150, false, false}}, 2, w)
		}
	})
}

// where says when a test's matrices are packed.
type where int

const (
	atEachUse where = iota
	atFirstUse
	before
)

func testLinear(t *testing.T, ref *kernels.Set, x *Executor, cols int, weights []weight, n int, when where) {
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
		plain := Rows{make([]float32, n*d.rows), d.rows}
		for i := range n {
			plainProduct(ref, plain.Row(i), in.Row(i), w)
		}
		if when != atEachUse {
			w.Keep(alignedBytes(w.PackedBytes(x.Set)))
		}
		if when == before {
			require.NoError(t, x.Pack(w))
			require.True(t, w.packed)
			clear(w.Source)
		}
		products, want = append(products, Product{W: w}), append(want, plain.Data)
	}
	for use := range 2 {
		for i := range products {
			products[i].Dst = Rows{normals(r, len(want[i])), products[i].W.Rows}
		}
		p.Linear(Plain(in), products...)
		require.NoError(t, p.Err())
		for i, pr := range products {
			requireBits(t, want[i], pr.Dst.Data, "product %d, %d columns, %d tokens, when %d, use %d", i, cols, n, when, use)
			require.Equal(t, when != atEachUse, pr.W.packed)
			if when == atFirstUse {
				clear(pr.W.Source) // it is not read again
			}
		}
	}
}

func TestWhatIsPackedIsGivenBackAndTold(t *testing.T) {
	forEachExecutor(t, func(t *testing.T, x *Executor) {
		for _, up := range []bool{false, true} {
			w := &Matrix{Type: quant.Q8_0, Rows: 33, Cols: 1024}
			large := up && x.Pool.Workers() == 1
			if large {
				w.Rows = 20011 // some times what is given back at once
			}
			w.Source = make([]byte, w.Rows*w.Cols/32*34)
			w.Keep(alignedBytes(w.PackedBytes(x.Set)))
			var lock sync.Mutex
			released := make([]bool, len(w.Source))
			pieces, told := 0, 0
			x.Release = func(b []byte) {
				lock.Lock()
				defer lock.Unlock()
				pieces++
				from := cap(w.Source) - cap(b)
				for i := range b {
					released[from+i] = true
				}
			}
			x.Packed = func(m *Matrix) {
				require.Same(t, w, m)
				told++
			}
			p := beginRows(x, Sizes{Embedding: w.Cols}, 1)
			for range 2 {
				if up {
					require.NoError(t, x.Pack(w))
				} else {
					p.Linear(Plain(p.H), Product{Dst: Rows{make([]float32, w.Rows), w.Rows}, W: w})
				}
			}
			require.NotContains(t, released, false)
			require.Equal(t, 1, told)
			if large {
				require.Greater(t, pieces, 1, "a large matrix is given back as it is packed")
			}
			require.Positive(t, x.Packing())
		}
	})
}

func TestAMatrixWithoutRoomIsNotKept(t *testing.T) {
	x := newExecutor(t, generic(t), 2)
	r := rand.New(rand.NewPCG(5, 4))
	w := randomMatrix(r, quant.Q8_0, 20, 64)
	x.Release = func([]byte) { t.Error("given back") }
	x.Packed = func(*Matrix) { t.Error("packed") }
	require.NoError(t, x.Pack(w))
	p := beginRows(x, Sizes{Embedding: 64}, 1)
	p.Linear(Plain(p.H), Product{Dst: Rows{make([]float32, 20), 20}, W: w})
	require.NoError(t, p.Err())
	require.Zero(t, x.Packing())
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
	plainProduct(generic(t), whole, x, w)
	plainProduct(generic(t), part, x, w.Slice(5, 12))
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
		plainProduct(generic(t), want[:77], p.H.Row(2), w)
		plainProduct(generic(t), want[77:], p.H.Row(3), w)
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
	p.Linear(Plain(p.H), Product{Dst: dst, W: randomMatrix(rand.New(rand.NewPCG(1, 1)), quant.F32, 4, 32)})
	copy(p.X.Data, normals(rand.New(rand.NewPCG(1, 1)), 3*32))
	p.FinalRMSNorm(weights(32), 1)
	require.ErrorIs(t, p.Err(), errStop)
	require.Equal(t, make([]float32, 12), dst.Data)
	require.Equal(t, make([]float32, 3*32), p.H.Data)
}
