package kernels

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// exactFMA is x·y + z in arbitrary precision, rounded once.
func exactFMA(x, y, z float32) float32 {
	f := func(v float32) *big.Float { return new(big.Float).SetPrec(2000).SetFloat64(float64(v)) }
	sum := new(big.Float).SetPrec(2000)
	sum.Mul(f(x), f(y))
	sum.Add(sum, f(z))
	r, _ := sum.Float32()
	return r
}

// A product half a unit of z's last place long, but for so little that float64
// cannot tell: where rounding twice goes wrong. Both signs, so that the truth
// lies on either side of the tie; results normal and subnormal.
func TestFMA32RoundsOnce(t *testing.T) {
	wrong := 0
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		z := math.Float32frombits(0x3f800000 | uint32(r.IntN(1<<23)))
		x := float32(math.Ldexp(float64(1<<23+1+r.IntN(300)), -23-24)) // (1 + a·2⁻²³)·2⁻²⁴
		y := 2 - float32(math.Ldexp(float64(x), 24))                   //  1 − a·2⁻²³
		if r.IntN(2) == 0 {
			x = -x
		}
		if r.IntN(2) == 0 {
			scale := float32(math.Ldexp(1, -r.IntN(100)))
			x, z = x*scale, z*scale
		}
		if r.IntN(4) == 0 { // a subnormal result: its last place is 2⁻¹⁴⁹
			x = float32(math.Copysign(math.Ldexp(float64(1<<23+1+r.IntN(300)), -23-75), float64(x)))
			y = (2 - float32(math.Ldexp(math.Abs(float64(x)), 75))) * 0x1p-75
			z = math.Float32frombits(uint32(r.IntN(1 << 23)))
		}
		want := exactFMA(x, y, z)
		require.Equal(t, want, FMA32(x, y, z), "%x·%x + %x", x, y, z)
		acc := []float32{z}
		addScaled(acc, []float32{x}, y)
		require.Equal(t, want, acc[0], "%x·%x + %x", x, y, z)
		if float32(math.FMA(float64(x), float64(y), float64(z))) != want {
			wrong++
		}
	}
	require.Greater(t, wrong, 10_000, "cases where float64's FMA rounds twice")
}

func TestFMA32OnRandomBits(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200_000 {
		x, y, z := math.Float32frombits(r.Uint32()), math.Float32frombits(r.Uint32()), math.Float32frombits(r.Uint32())
		if !finite(x) || !finite(y) || !finite(z) {
			continue
		}
		got, want := FMA32(x, y, z), exactFMA(x, y, z)
		require.True(t, got == want, "%x·%x + %x = %x, want %x", x, y, z, got, want)
	}
}

func finite(x float32) bool { return x-x == 0 }

func TestFMA32OnSpecialValues(t *testing.T) {
	inf := float32(math.Inf(1))
	require.Equal(t, inf, FMA32(inf, 1, 0))
	require.Equal(t, -inf, FMA32(inf, -1, 5))
	require.True(t, isNaN(FMA32(inf, 0, 1)))
	require.True(t, isNaN(FMA32(inf, 1, -inf)))
	require.True(t, isNaN(FMA32(1, 1, float32(math.NaN()))))
	require.Equal(t, inf, FMA32(math.MaxFloat32, 2, 0))
	require.Equal(t, uint32(0x80000000), math.Float32bits(FMA32(-1, 0, float32(math.Copysign(0, -1)))))
	require.Equal(t, uint32(0), math.Float32bits(FMA32(-1, 0, 0)))
	require.Equal(t, uint32(0), math.Float32bits(FMA32(1, 1, -1)))
}

func isNaN(x float32) bool { return x != x }
