package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/quant"
)

// randomRows returns GGUF rows of type t whose scales are tame, and their values.
func randomRows(r *rand.Rand, t quant.Type, rows, cols int) (src []byte, values []float32) {
	info, _ := quant.Lookup(t)
	n := rows * cols / info.BlockLen
	src = make([]byte, n*info.BlockBytes)
	for i := range src {
		src[i] = byte(r.Uint32())
	}
	for i := range n {
		b := src[i*info.BlockBytes : (i+1)*info.BlockBytes]
		for _, at := range halves[t] {
			le.PutUint16(b[at:], quant.F32ToF16(float32(r.NormFloat64())))
		}
		switch t {
		case quant.F32:
			le.PutUint32(b, math.Float32bits(float32(r.NormFloat64())))
		case quant.BF16:
			le.PutUint16(b, quant.F32ToBF16(float32(r.NormFloat64())))
		case quant.MXFP4:
			b[0] = byte(120 + r.IntN(16))
		}
	}
	values = make([]float32, rows*cols)
	info.Decode(values, src)
	return src, values
}

// halves are the places of the half-precision numbers in a block.
var halves = [quant.NumTypes][]int{
	quant.F16: {0}, quant.Q4_0: {0}, quant.Q4_1: {0, 2}, quant.Q5_0: {0}, quant.Q5_1: {0, 2}, quant.Q8_0: {0},
	quant.Q2_K: {80, 82}, quant.Q3_K: {108}, quant.Q4_K: {0, 2}, quant.Q5_K: {0, 2}, quant.Q6_K: {208},
	quant.IQ4_NL: {0}, quant.IQ4_XS: {0},
}

func randomValues(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// packAct packs the rows of x.
func packAct(s *Set, f Form, x []float32, cols, tokens int) []byte {
	act := make([]byte, s.ActBytes(f, tokens, cols))
	g := s.GroupTokens(f)
	for i := range (tokens + g - 1) / g {
		s.PackAct(f, act, x, cols, cols, tokens, i)
	}
	return act
}

// packPanels packs GGUF rows into all their panels.
func packPanels(s *Set, t quant.Type, src []byte, rows, cols int) []byte {
	r, size, rowBytes := s.PanelRowsOf(t), s.PanelBytes(t, cols), len(src)/rows
	panels := make([]byte, s.Panels(t, rows)*size)
	for i := range s.Panels(t, rows) {
		n := min(r, rows-i*r)
		s.PackPanel(t, panels[i*size:(i+1)*size], src[i*r*rowBytes:(i*r+n)*rowBytes], n, cols)
	}
	return panels
}

// multiply is a whole product by way of a Set's panels.
func multiply(s *Set, t quant.Type, src []byte, rows, cols int, x []float32, tokens int, f Form) []float32 {
	act := packAct(s, f, x, cols, tokens)
	panels := packPanels(s, t, src, rows, cols)
	tmp := make([]float32, s.PanelRowsOf(t)*MaxTokens)
	dst := make([]float32, tokens*rows)
	s.MulPanels(dst, rows, t, panels, rows, cols, f, act, tokens, tmp)
	return dst
}

func forms(t quant.Type) []Form {
	if t.Quantized() {
		return []Form{FormInt8, FormInt16}
	}
	return []Form{FormFloat}
}

func colsOf(r *rand.Rand, t quant.Type) int {
	info, _ := quant.Lookup(t)
	if info.BlockLen == 1 {
		return 1 + r.IntN(100)
	}
	return info.BlockLen * (1 + r.IntN(1024/info.BlockLen))
}

// activations are the values that packed activations stand for.
func activations(t testing.TB, s *Set, f Form, x []float32, cols, tokens int) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	if f == FormFloat {
		return y
	}
	for i, b := range quantized(t, s, x, f) {
		for k, c := range b.codes {
			y[i*blockCols+k] = float64(b.d) * float64(c)
		}
	}
	return y
}

func TestProductsAreTheSumsOfWeightsTimesActivations(t *testing.T) {
	for _, s := range Available() {
		for _, typ := range quant.Types() {
			for _, f := range forms(typ) {
				t.Run(fmt.Sprintf("%s/%s/%s", s.Name, typ, formNames[f]), func(t *testing.T) {
					r := rand.New(rand.NewPCG(uint64(typ), uint64(f)))
					for range 3 {
						rows, cols, tokens := 1+r.IntN(20), colsOf(r, typ), 1+r.IntN(6)
						src, w := randomRows(r, typ, rows, cols)
						x := randomValues(r, tokens*cols)
						got := multiply(s, typ, src, rows, cols, x, tokens, f)
						y := activations(t, s, f, x, cols, tokens)
						for i := range tokens {
							for j := range rows {
								want, size := 0.0, 0.0
								for k := range cols {
									p := float64(w[j*cols+k]) * y[i*cols+k]
									want += p
									size += math.Abs(p)
								}
								// One wrong code of a thousand would be seen.
								require.InDelta(t, want, got[i*rows+j], size*1e-5, "token %d, row %d", i, j)
							}
						}
					}
				})
			}
		}
	}
}

func requireSame(t testing.TB, want, got []float32, what string) {
	t.Helper()
	require.Equal(t, len(want), len(got))
	for i := range want {
		if math.Float32bits(want[i]) != math.Float32bits(got[i]) && (want[i] == want[i] || got[i] == got[i]) {
			require.Failf(t, "different bits", "%s: element %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

func TestEveryTierMultipliesLikeGeneric(t *testing.T) {
	forEachTier(t, func(t *testing.T, s *Set) {
		g := Generic()
		for _, typ := range quant.Types() {
			for _, f := range forms(typ) {
				t.Run(fmt.Sprintf("%s/%d", typ, f), func(t *testing.T) {
					r := rand.New(rand.NewPCG(uint64(typ), uint64(f)))
					for range 12 {
						rows, cols, tokens := 1+r.IntN(70), colsOf(r, typ), 1+r.IntN(17)
						src, _ := randomRows(r, typ, rows, cols)
						x := randomValues(r, tokens*cols)
						requireSame(t, multiply(g, typ, src, rows, cols, x, tokens, f),
							multiply(s, typ, src, rows, cols, x, tokens, f), fmt.Sprintf("%d×%d×%d", rows, cols, tokens))
					}
				})
			}
		}
	})
}

// Operands end where memory that cannot be touched begins, and rows of dst of
// other tokens' lie between.
func TestTilesTouchNothingBeyondTheirOperands(t *testing.T) {
	forEachTier(t, func(t *testing.T, s *Set) {
		r := rand.New(rand.NewPCG(8, 8))
		for _, typ := range quant.Types() {
			info, _ := quant.Lookup(typ)
			rows, cols := s.PanelRowsOf(typ), max(3, 2*info.BlockLen)
			src, _ := randomRows(r, typ, rows, cols)
			for _, f := range forms(typ) {
				steps := cols
				if f != FormFloat {
					steps /= blockCols
				}
				for n := 1; n <= s.GroupTokens(f); n++ {
					x := guarded(t, randomValues(r, n*cols))
					act := guarded(t, make([]byte, s.ActBytes(f, n, cols)))
					s.PackAct(f, act, x, cols, cols, n, 0)
					panel := guarded(t, packPanels(s, typ, src, rows, cols))
					want, ld := multiply(s, typ, src, rows, cols, x, n, f), rows+4
					dst := guarded(t, make([]float32, (n-1)*ld+rows))
					s.Tile[typ][f][n](&dst[0], ld, &panel[0], &act[0], steps)
					for i := range n {
						requireSame(t, want[i*rows:(i+1)*rows], dst[i*ld:][:rows], typ.String())
						requireSame(t, make([]float32, 4), append(dst, 0, 0, 0, 0)[i*ld+rows:][:4], "between rows")
					}
				}
			}
		}
	})
}

// hostile makes half of the bytes random and some of the half-precision scales
// infinities, NaNs, subnormals, negative zeros or the largest there are.
func hostile(r *rand.Rand, t quant.Type, src []byte) {
	info, _ := quant.Lookup(t)
	for i := range src {
		if r.IntN(2) == 0 {
			src[i] = byte(r.Uint32())
		}
	}
	bits := []uint16{0x7c00, 0xfc00, 0x7e00, 0x7c01, 0xffff, 0x0001, 0x8001, 0x03ff, 0x8000, 0x7bff, 0xfbff}
	for i := 0; i < len(src); i += info.BlockBytes {
		for _, at := range halves[t] {
			if r.IntN(4) == 0 {
				le.PutUint16(src[i+at:], bits[r.IntN(len(bits))])
			}
		}
	}
}

func TestEveryTierTreatsHostileBitsLikeGeneric(t *testing.T) {
	forEachTier(t, func(t *testing.T, s *Set) {
		g := Generic()
		special := []float32{0, float32(math.Copysign(0, -1)), float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), 1e-42, math.MaxFloat32, 1e-20, 1}
		for _, typ := range quant.Types() {
			for _, f := range forms(typ) {
				r := rand.New(rand.NewPCG(7, uint64(typ)))
				for range 20 {
					rows, cols, tokens := 1+r.IntN(10), colsOf(r, typ), 1+r.IntN(5)
					src, _ := randomRows(r, typ, rows, cols)
					hostile(r, typ, src)
					x := randomValues(r, tokens*cols)
					for i := range x {
						if r.IntN(50) == 0 {
							x[i] = special[r.IntN(len(special))]
						}
					}
					requireSame(t, multiply(g, typ, src, rows, cols, x, tokens, f),
						multiply(s, typ, src, rows, cols, x, tokens, f), typ.String())
				}
			}
		}
	})
}
