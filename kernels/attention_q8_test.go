package kernels

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/quant"
)

// roundQ8 makes x what a cache of type q8_0 holds of it, by the definition.
func roundQ8(x []float32) {
	for ; len(x) > 0; x = x[32:] {
		amax := float32(0)
		for _, v := range x[:32] {
			amax = max(amax, float32(math.Abs(float64(v))))
		}
		if amax < 0x1p-64 {
			clear(x[:32])
			continue
		}
		d := quant.F16ToF32(quant.F32ToF16(amax / 127))
		for i, v := range x[:32] {
			x[i] = d * float32(math.RoundToEven(float64(v*(127/amax))))
		}
	}
}

// Blocks with a NaN or an infinity have a scale that is NaN and no codes;
// those next to nothing are zeros.
func TestEveryTierStoresQ8LikeGeneric(t *testing.T) {
	forEachTier(t, func(t *testing.T, s *Set) {
		r := rand.New(rand.NewPCG(15, 16))
		for range 300 {
			blocks, group := 1+r.IntN(8), 4*(1+r.IntN(16))
			x := guarded(t, randomValues(r, 32*blocks))
			scale := float32(math.Ldexp(1, r.IntN(120)-70))
			for i := range x {
				x[i] *= scale
			}
			for range r.IntN(3) {
				x[r.IntN(len(x))] = specialValues[r.IntN(len(specialValues))]
			}
			flip := byte(r.IntN(2) * 0x80)
			block, step := 8*group, 2+2*r.IntN(300)
			store := func(s *Set) (codes, scales []byte) {
				codes = guarded(t, make([]byte, (blocks-1)*block+7*group+4))
				scales = guarded(t, make([]byte, (blocks-1)*step+2))
				s.Attn.StoreQ8(codes, group, block, scales, step, x, flip)
				return codes, scales
			}
			wantCodes, wantScales := store(Generic())
			codes, scales := store(s)
			require.Equal(t, wantCodes, codes)
			require.Equal(t, wantScales, scales)
		}
	})
}

func TestStoreQ8RoundsToNearest(t *testing.T) {
	x := make([]float32, 96)
	x[0], x[1], x[2], x[3], x[4] = 127, -63.5, 62.5, 1.4999, -0.75
	x[33] = float32(math.Inf(-1))
	x[64] = 0x1p-65
	codes, scales := make([]byte, 96), make([]byte, 6)
	Generic().Attn.StoreQ8(codes, 4, 32, scales, 2, x, 0)
	want := make([]byte, 96)
	for i, c := range []int8{127, -64, 62, 1, -1} {
		want[i] = byte(c)
	}
	require.Equal(t, want, codes)
	require.Equal(t, float32(1), quant.F16ToF32(le.Uint16(scales)))
	require.True(t, math.IsNaN(float64(quant.F16ToF32(le.Uint16(scales[2:])))))
	require.Zero(t, le.Uint16(scales[4:]))
}
