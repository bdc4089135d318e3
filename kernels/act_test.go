package kernels

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/quant"
)

// block is an activation block as its record says.
type block struct {
	codes  [32]int
	d, s   float32
	h0, h1 int
}

// readRecord reads a record in the tier's layout and checks what it holds twice.
func readRecord(t testing.TB, s *Set, rec []byte, form Form) (b block) {
	f := func(at int) float32 { return math.Float32frombits(le.Uint32(rec[at:])) }
	i := func(at int) int { return int(int32(le.Uint32(rec[at:]))) }
	if s.Name == "avx2" {
		return readRecordAVX2(t, rec, form)
	}
	if s.Name != "generic" {
		rest := 32
		for k := range b.codes {
			b.codes[k] = int(int8(rec[k]))
			if form == FormInt16 {
				rest = 64
				b.codes[k] = 128*int(int8(rec[k])) + int(int8(rec[32+k]))
			}
		}
		b.d, b.s = f(rest), f(rest+4)
		if s.Name != "avx512" {
			n, h0, h1 := i(rest+8)/-8, i(rest+24)/-4, i(rest+28)/-4
			require.Equal(t, []int{-8 * n, -16 * n, -32 * h0, -32 * h1, -4 * h0, -4 * h1},
				[]int{i(rest + 8), i(rest + 12), i(rest + 16), i(rest + 20), i(rest + 24), i(rest + 28)})
			require.Equal(t, h0+h1, n)
			b.h0, b.h1 = h0, h1
			return b
		}
		w := func(at int) int { return int(int16(le.Uint16(rec[at:]))) }
		b.h0, b.h1 = w(rest+24)+128*w(rest+28), w(rest+26)+128*w(rest+30)
		n := b.h0 + b.h1
		require.Equal(t, []int{-8 * n, -128 * n, -32 * b.h0, -32 * b.h1}, []int{i(rest + 8), i(rest + 12), i(rest + 16), i(rest + 20)})
		return b
	}
	for k := range b.codes {
		place := 4*(k/4) + []int{0, 2, 1, 3}[k%4]
		b.codes[k] = int(int16(le.Uint16(rec[32+2*place:])))
		int8Code := 0
		if form == FormInt8 {
			int8Code = b.codes[k]
		}
		require.Equal(t, int8Code, int(int8(rec[k])))
	}
	b.d, b.s, b.h0, b.h1 = f(96), f(100), i(108), i(112)
	require.Equal(t, b.h0+b.h1, i(104))
	require.Equal(t, make([]byte, 12), rec[116:RecordBytes])
	return b
}

func readRecordAVX2(t testing.TB, rec []byte, form Form) (b block) {
	f := func(at int) float32 { return math.Float32frombits(le.Uint32(rec[at:])) }
	i := func(at int) int { return int(int32(le.Uint32(rec[at:]))) }
	w := func(at int) int { return int(int16(le.Uint16(rec[at:]))) }
	rest := 32
	if form == FormInt16 {
		rest = 64
	}
	for k := range b.codes {
		b.codes[k] = int(int8(rec[k]))
		if form == FormInt16 {
			b.codes[k] = w(2 * (4*(k/4) + []int{0, 2, 1, 3}[k%4]))
		}
	}
	b.d, b.s, b.h0, b.h1 = f(rest), f(rest+4), i(rest+20), i(rest+24)
	n, pair := b.h0+b.h1, []int{b.h0, b.h1}
	if form == FormInt16 {
		pair = []int{0, 0}
	}
	require.Equal(t, []int{-8 * n, -16 * n, -128 * n}, []int{i(rest + 8), i(rest + 12), i(rest + 16)})
	require.Equal(t, pair, []int{w(rest + 28), w(rest + 30)})
	return b
}

// quantized is a row's records, each read.
func quantized(t testing.TB, s *Set, x []float32, form Form) (blocks []block) {
	size := s.RecordBytes[form]
	rec := dirty(len(x) / 32 * size)
	s.QuantizeRow(rec, size, x, form)
	for at := 0; at < len(rec); at += size {
		blocks = append(blocks, readRecord(t, s, rec[at:], form))
	}
	return blocks
}

func sum(codes []int) (n int) {
	for _, c := range codes {
		n += c
	}
	return n
}

func TestARecordHoldsTheNearestCodes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	for _, s := range Available() {
		for form, levels := range map[Form]float64{FormInt8: 127, FormInt16: 16256} {
			for range 200 {
				x := randomValues(r, 32)
				scale := float32(math.Ldexp(1, r.IntN(100)-50))
				amax := 0.0
				for i := range x {
					x[i] *= scale
					amax = max(amax, math.Abs(float64(x[i])))
				}
				b := quantized(t, s, x, form)[0]
				require.Equal(t, float32(amax)/float32(levels), b.d)
				for k, v := range x {
					c := float64(b.codes[k])
					require.InDelta(t, float64(v)/float64(b.d), c, 0.5+levels*1e-6, "%s: code %d of %v", s.Name, k, x)
					require.LessOrEqual(t, math.Abs(c), levels)
				}
				require.Equal(t, []int{sum(b.codes[:16]), sum(b.codes[16:])}, []int{b.h0, b.h1})
				require.Equal(t, b.d*float32(b.h0+b.h1), b.s)
			}
		}
	}
}

func TestCodesRoundToEven(t *testing.T) {
	for _, s := range Available() {
		x := make([]float32, 32)
		copy(x, []float32{127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, -127})
		b := quantized(t, s, x, FormInt8)[0]
		require.Equal(t, []int{127, 0, 2, 2, 0, -2, -2, -127}, b.codes[:8], s.Name)
	}
}

func TestBlocksThatHaveNoScale(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, s := range Available() {
		for _, form := range []Form{FormInt8, FormInt16} {
			for _, v := range []float32{inf, -inf, nan} {
				x := randomValues(rand.New(rand.NewPCG(1, 4)), 64)
				x[7] = v
				blocks := quantized(t, s, x, form)
				b := blocks[0]
				require.True(t, isNaN(b.d) && isNaN(b.s), "%s: d, s = %v, %v", s.Name, b.d, b.s)
				b.d, b.s = 0, 0
				require.Zero(t, b)
				require.True(t, finite(blocks[1].d), "the next block is its own")
			}
			for _, v := range []float32{0, 1e-42, math.Float32frombits(0x1f7fffff), -math.Float32frombits(0x1f7fffff)} {
				x := make([]float32, 32)
				x[31] = v
				require.Zero(t, quantized(t, s, x, form)[0], "%s: %v", s.Name, v)
			}
			x := make([]float32, 32)
			x[31] = 0x1p-64
			require.NotZero(t, quantized(t, s, x, form)[0].d, "2⁻⁶⁴ is large enough to have a scale")
			for k := range x {
				x[k] = math.MaxFloat32
			}
			require.True(t, finite(quantized(t, s, x, form)[0].d))
		}
	}
}

func TestEveryTierQuantizesLikeGeneric(t *testing.T) {
	special := []float32{0, float32(math.Copysign(0, -1)), float32(math.Inf(1)), float32(math.NaN()), 1e-42, math.MaxFloat32, 0x1p-64, 0x1p-65}
	forEachTier(t, func(t *testing.T, s *Set) {
		g := Generic()
		r := rand.New(rand.NewPCG(1, 5))
		for i := range 3000 {
			x := make([]float32, 32*(1+r.IntN(4)))
			for k := range x {
				switch i % 4 {
				case 0:
					x[k] = float32(r.NormFloat64())
				case 1:
					x[k] = math.Float32frombits(r.Uint32())
				case 2: // ties: multiples of a half at a scale of 127 or 16256
					x[k] = float32(r.IntN(2*16256+1)-16256) / 2
				case 3:
					x[k] = float32(r.NormFloat64()) * 0x1p-64
				}
				if r.IntN(100) == 0 {
					x[k] = special[r.IntN(len(special))]
				}
			}
			for _, form := range []Form{FormInt8, FormInt16} {
				want := quantized(t, g, x, form)
				size := s.RecordBytes[form]
				stride := size * (1 + r.IntN(4))
				n := (len(x)/32-1)*stride + size
				got := dirty(n)
				s.QuantizeRow(got, stride, x, form)
				for j, w := range want {
					v := readRecord(t, s, got[j*stride:], form)
					requireSame(t, []float32{w.d, w.s}, []float32{v.d, v.s}, "d, s")
					w.d, w.s, v.d, v.s = 0, 0, 0, 0
					require.Equal(t, w, v, "%v", x)
				}
				for at := range n {
					if at%stride >= size {
						require.Equal(t, byte(0xa5), got[at], "written between records")
					}
				}
			}
		}
	})
}

func TestActivationsLieInGroupsOfTokens(t *testing.T) {
	const cols, ldx = 64, 70
	for _, s := range Available() {
		for tokens := 1; tokens <= 2*MaxTokens; tokens++ {
			x := randomValues(rand.New(rand.NewPCG(1, 6)), tokens*ldx)
			for f := range Form(NumForms) {
				g := s.GroupTokens(f)
				act := make([]byte, s.ActBytes(f, tokens, cols))
				for i := range (tokens + g - 1) / g {
					s.PackAct(f, act, x, ldx, cols, tokens, i)
				}
				for tok := range tokens {
					first := tok / g * g
					n := min(g, tokens-first)
					group := act[s.ActBytes(f, first, cols):]
					row := x[tok*ldx:][:cols]
					if f == FormFloat {
						for k, v := range row {
							require.Equal(t, v, math.Float32frombits(le.Uint32(group[4*(k*n+tok-first):])))
						}
						continue
					}
					for i := range cols / 32 {
						size := s.RecordBytes[f]
						want := make([]byte, size)
						s.QuantizeRow(want, size, row[32*i:32*i+32], f)
						require.Equal(t, want, group[(i*n+tok-first)*size:][:size])
					}
				}
			}
		}
	}
}

func TestFormsOfTypes(t *testing.T) {
	require.Equal(t, FormFloat, FormOf(quant.F16, true))
	require.Equal(t, FormInt8, FormOf(quant.Q4_0, false))
	require.Equal(t, FormInt16, FormOf(quant.Q4_0, true))
}
