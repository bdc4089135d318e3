package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// opLengths are all lengths about the vectors' sizes, and some real ones.
func opLengths() []int {
	n := []int{256, 576, 577, 1023, 2048}
	for i := range 70 {
		n = append(n, i+1)
	}
	return n
}

var specialValues = []float32{
	0, float32(math.Copysign(0, -1)), float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()),
	1e-42, -1e-42, math.MaxFloat32, -math.MaxFloat32, 1e-20, 1, -1, expMin, expMax, 87.4, 89, -89, 65519, 65520, 0x1p-64, 0x1p-65,
}

// operands are values of the ordinary kind or, if hostile, with special ones
// among them.
func operands(r *rand.Rand, n int, hostile bool) []float32 {
	x := randomValues(r, n)
	for i := range x {
		x[i] *= 4
		if hostile && r.IntN(8) == 0 {
			x[i] = specialValues[r.IntN(len(specialValues))]
		}
	}
	return x
}

// rowOps are the operations that write n values from slices x, y and z of n
// values each. dst holds operands too.
var rowOps = []struct {
	name string
	run  func(s *Set, dst, x, y, z []float32)
}{
	{"RMSNorm", func(s *Set, dst, x, y, z []float32) { s.RMSNorm(dst, x, y, 1e-5) }},
	{"LayerNorm", func(s *Set, dst, x, y, z []float32) { s.LayerNorm(dst, x, y, z, 1e-5) }},
	{"LayerNorm without b", func(s *Set, dst, x, y, z []float32) { s.LayerNorm(dst, x, y, nil, 1e-5) }},
	{"Add", func(s *Set, dst, x, y, z []float32) { s.Add(dst, x) }},
	{"Scale", func(s *Set, dst, x, y, z []float32) { s.Scale(dst, x[0]) }},
	{"SiLU", func(s *Set, dst, x, y, z []float32) { s.SiLU(dst, x) }},
	{"SiLUMul", func(s *Set, dst, x, y, z []float32) { s.SiLUMul(dst, x, y) }},
	{"GELU", func(s *Set, dst, x, y, z []float32) { s.GELU(dst, x) }},
	{"GELUMul", func(s *Set, dst, x, y, z []float32) { s.GELUMul(dst, x, y) }},
	{"GELUErf", func(s *Set, dst, x, y, z []float32) { s.GELUErf(dst, x) }},
	{"Exp", func(s *Set, dst, x, y, z []float32) { s.Exp(dst, x) }},
	{"Exp in place", func(s *Set, dst, x, y, z []float32) { s.Exp(dst, dst) }},
	{"Merge", func(s *Set, dst, x, y, z []float32) { s.Attn.Merge(dst, x, y[0], z[0]) }},
	{"RoPEAdjacent", func(s *Set, dst, x, y, z []float32) {
		n := len(dst) / 2
		s.RoPEAdjacent(dst[:2*n], x[:n], y[:n])
	}},
	{"RoPEHalves", func(s *Set, dst, x, y, z []float32) {
		n := len(dst) / 2
		s.RoPEHalves(dst[:2*n], x[:n], y[:n])
	}},
}

func TestEveryTierComputesRowsLikeGeneric(t *testing.T) {
	forEachTier(t, func(t *testing.T, s *Set) {
		g := Generic()
		for _, op := range rowOps {
			t.Run(op.name, func(t *testing.T) {
				r := rand.New(rand.NewPCG(3, 4))
				for _, hostile := range []bool{false, true} {
					for _, n := range opLengths() {
						x, y, z := operands(r, n, hostile), operands(r, n, hostile), operands(r, n, hostile)
						want := operands(r, n, hostile)
						got := guarded(t, want)
						op.run(g, want, x, y, z)
						op.run(s, got, guarded(t, x), guarded(t, y), guarded(t, z))
						requireSame(t, want, got, fmt.Sprint(n))
					}
				}
			})
		}
	})
}

func TestEveryTierConvertsLikeGeneric(t *testing.T) {
	forEachTier(t, func(t *testing.T, s *Set) {
		g := Generic()
		all := make([]uint16, 1<<16)
		for i := range all {
			all[i] = uint16(i)
		}
		want, got := make([]float32, len(all)), make([]float32, len(all))
		g.FromF16(want, all)
		s.FromF16(got, all)
		requireSame(t, want, got, "all halves")

		r := rand.New(rand.NewPCG(5, 6))
		for _, n := range opLengths() {
			x := operands(r, n, true)
			for i := range x {
				if r.IntN(2) == 0 {
					x[i] = math.Float32frombits(r.Uint32())
				}
			}
			want, got := make([]uint16, n), guarded(t, make([]uint16, n))
			g.ToF16(want, x)
			s.ToF16(got, guarded(t, x))
			require.Equal(t, want, got)
			back, have := make([]float32, n), guarded(t, make([]float32, n))
			g.FromF16(back, want)
			s.FromF16(have, got)
			requireSame(t, back, have, fmt.Sprint(n))
		}
	})
}

func TestEveryTierQuantizesRowsLikeGeneric(t *testing.T) {
	forEachTier(t, func(t *testing.T, s *Set) {
		g := Generic()
		r := rand.New(rand.NewPCG(7, 8))
		for _, form := range []Form{FormInt8, FormInt16} {
			for i := range 200 {
				blocks, tokens := 1+r.IntN(20), 1+r.IntN(4)
				x := operands(r, 32*blocks, i%2 == 1)
				for at := 0; at < len(x); at += 32 {
					if r.IntN(4) == 0 {
						fillToLimit(r, x[at:at+32])
					}
				}
				stride := tokens * s.RecordBytes[form]
				want := quantized(t, g, x, form)
				got := guarded(t, dirty((blocks-1)*stride+s.RecordBytes[form]))
				s.QuantizeRow(got, stride, guarded(t, x), form)
				for b, w := range want {
					h := readRecord(t, s, got[b*stride:], form)
					requireSame(t, []float32{w.d, w.s}, []float32{h.d, h.s}, "d, s")
					w.d, w.s, h.d, h.s = 0, 0, 0, 0
					require.Equal(t, w, h)
				}
			}
		}
	})
}

// fillToLimit fills a block with values up to one at which blocks change kind.
func fillToLimit(r *rand.Rand, block []float32) {
	limits := []float32{0, 0x1p-149, 0x1.fffffep-65, 0x1p-64, math.MaxFloat32, float32(math.Inf(1))}
	limit := limits[r.IntN(len(limits))]
	for i := range block {
		block[i] = limit * (2*r.Float32() - 1)
	}
	block[r.IntN(len(block))] = -limit
}

// guarded copies s to just before a page that cannot be touched, where the
// system allows.
func guarded[T any](t testing.TB, s []T) []T {
	var zero T
	size := int(unsafe.Sizeof(zero))
	b := guardedBytes(t, len(s)*size)
	if len(b) == 0 {
		return make([]T, 0)
	}
	out := unsafe.Slice((*T)(unsafe.Pointer(&b[0])), len(s))
	copy(out, s)
	return out
}

// All exponents, infinities, NaNs and subnormals, through every elementwise function.
func TestEveryTierMapsEveryKindOfFloatLikeGeneric(t *testing.T) {
	forEachTier(t, func(t *testing.T, s *Set) {
		g := Generic()
		x := []float32{float32(math.Copysign(0, -1))}
		for b := uint64(0); b < 1<<32; b += 10007 {
			x = append(x, math.Float32frombits(uint32(b)))
		}
		up := randomValues(rand.New(rand.NewPCG(9, 9)), len(x))
		want, got := make([]float32, len(x)), make([]float32, len(x))
		for _, op := range rowOps {
			switch op.name {
			case "Exp", "SiLU", "GELU", "GELUErf", "SiLUMul", "GELUMul":
				op.run(g, want, x, up, nil)
				op.run(s, got, x, up, nil)
				requireSame(t, want, got, op.name)
			}
		}
	})
}
