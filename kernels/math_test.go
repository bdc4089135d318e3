package kernels

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// ulps is the distance of got from want in units of want's last place.
func ulps(got, want float64) float64 {
	return math.Abs(got-want) / (math.Nextafter(math.Abs(want), math.Inf(1)) - math.Abs(want))
}

func TestExpIsWithinItsError(t *testing.T) {
	worst := 0.0
	for b := uint64(0); b < 1<<32; b += 1009 {
		x := math.Float32frombits(uint32(b))
		got, want := exp32(x), math.Exp(float64(x))
		switch {
		case x != x:
			require.True(t, got != got)
		case want < 0x1p-126:
			require.Equal(t, uint32(0), math.Float32bits(got), "exp(%v) is +0", x)
		case want > math.MaxFloat32:
			require.True(t, math.IsInf(float64(got), 1), "exp(%v) is +Inf", x)
		default:
			worst = max(worst, math.Abs(float64(got)/want-1))
		}
	}
	t.Logf("largest relative error %.3g", worst)
	require.Less(t, worst, 1.2e-7)
	require.Equal(t, float32(1), exp32(0))
	require.Equal(t, float32(1), exp32(float32(math.Copysign(0, -1))))
}

func TestFloat64FunctionsAreWithinTheirErrors(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	worst := map[string]float64{}
	for range 300000 {
		x := (r.Float64() - 0.5) * 1400
		if want := math.Exp(x); want > 0x1p-1020 {
			worst["Exp64"] = max(worst["Exp64"], ulps(Exp64(x), want))
		}
		y := math.Float64frombits(r.Uint64() &^ (1 << 63))
		if r.IntN(2) == 0 {
			y = 0.5 + r.Float64()
		}
		if y >= 0x1p-1022 && y <= math.MaxFloat64 { // amd64's math.Log is off below
			worst["Log"] = max(worst["Log"], ulps(Log(y), math.Log(y)))
		}
		base, e := 1+1e6*r.Float64(), -r.Float64()
		worst["Pow"] = max(worst["Pow"], math.Abs(Pow(base, e)/math.Pow(base, e)-1)*0x1p52)
	}
	t.Log("largest errors, in units of the last place:", worst)
	require.LessOrEqual(t, worst["Exp64"], 2.0, "the reference's own error included")
	require.LessOrEqual(t, worst["Log"], 2.0)
	require.Less(t, worst["Pow"], 16.0)
}

func TestFloat64FunctionsAtTheirEnds(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	cases := []struct {
		name      string
		got, want float64
	}{
		{"Exp64(0)", Exp64(0), 1},
		{"Exp64(+Inf)", Exp64(inf), inf},
		{"Exp64(-Inf)", Exp64(-inf), 0},
		{"Exp64(709.8)", Exp64(709.8), inf},
		{"Exp64(-746)", Exp64(-746), 0},
		{"Exp64(-745)", Exp64(-745), 5e-324},
		{"Exp64 of the largest argument", Exp64(exp64Max), 1.797693134862273e308},
		{"Exp64(NaN)", Exp64(nan), nan},
		{"Log(1)", Log(1), 0},
		{"Log(0)", Log(0), -inf},
		{"Log(-1)", Log(-1), nan},
		{"Log(+Inf)", Log(inf), inf},
		{"Log(NaN)", Log(nan), nan},
		{"Log of the smallest float64", Log(5e-324), -744.4400719213812},
		{"Pow(10000, 0)", Pow(10000, 0), 1},
	}
	for _, c := range cases {
		if math.IsNaN(c.want) {
			require.True(t, math.IsNaN(c.got), c.name)
		} else if c.got != c.want {
			require.InEpsilon(t, c.want, c.got, 1e-13, c.name)
		}
	}
}

func TestSineAndCosineAreNearlyCorrectlyRounded(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	worst := 0.0
	check := func(a float32) {
		s, c := sinCos(float64(a))
		wantS, wantC := math.Sincos(float64(a))
		for _, p := range [][2]float64{{s, wantS}, {c, wantC}} {
			got, want := float32(p[0]), p[1]
			unit := float64(math.Nextafter32(float32(math.Abs(want)), math.MaxFloat32)) - math.Abs(float64(float32(want)))
			worst = max(worst, math.Abs(float64(got)-want)/unit)
		}
	}
	for range 300000 {
		check(float32(math.Exp(r.Float64()*34-20)) * float32(1-2*r.IntN(2))) // up to 2²⁰
	}
	for k := range 1 << 16 { // the float32 nearest to multiples of π/2
		check(float32(float64(k) * math.Pi / 2))
	}
	t.Logf("largest error %.4f units of the last place", worst)
	require.Less(t, worst, 0.501)

	s, c := sinCos(0)
	require.Equal(t, [2]float64{0, 1}, [2]float64{s, c})
	s, c = sinCos(math.Inf(1))
	require.True(t, math.IsNaN(s) && math.IsNaN(c))
}

func TestRoPETableHoldsTheAnglesOfAPosition(t *testing.T) {
	freq := []float32{1, 0.1, 1e-4}
	cos, sin := make([]float32, 3), make([]float32, 3)
	RoPETable(cos, sin, 100000, freq, 1.5)
	for i, f := range freq {
		s, c := math.Sincos(float64(float32(100000) * f))
		require.InDelta(t, 1.5*c, cos[i], 2e-7)
		require.InDelta(t, 1.5*s, sin[i], 2e-7)
	}
	RoPETable(cos, sin, 0, freq, 1)
	require.Equal(t, []float32{1, 1, 1}, cos)
	require.Equal(t, []float32{0, 0, 0}, sin)
}

func TestActivationsAreNearTheExactOnes(t *testing.T) {
	cases := []struct {
		name  string
		got   func(float32) float32
		want  func(float64) float64
		bound float64 // relative to max(1, |x|)
	}{
		{"SiLU", silu, func(x float64) float64 { return x / (1 + math.Exp(-x)) }, 3e-7},
		{"GELU", geluTanh, func(x float64) float64 {
			return 0.5 * x * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
		}, 3e-7},
		{"GELUErf", geluErf, func(x float64) float64 { return 0.5 * x * math.Erfc(-x/math.Sqrt2) }, 3e-7},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			worst := 0.0
			for i := -400000; i <= 400000; i++ {
				x := float32(i) * 1e-4
				worst = max(worst, math.Abs(float64(c.got(x))-c.want(float64(x)))/max(1, math.Abs(float64(x))))
			}
			t.Logf("largest error %.3g", worst)
			require.Less(t, worst, c.bound)
			require.Equal(t, float32(0), c.got(0))
			require.Equal(t, float32(1000), c.got(1000))
			require.True(t, c.got(-1000) == 0)
		})
	}
}

func TestNormsAreNearTheExactOnes(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const n, eps = 577, 1e-5
	x, w, b := randomValues(r, n), randomValues(r, n), randomValues(r, n)
	mean, square := 0.0, 0.0
	for _, v := range x {
		mean += float64(v) / n
		square += float64(v) * float64(v) / n
	}
	got := make([]float32, n)
	rmsNorm(got, x, w, eps)
	for i := range x {
		require.InDelta(t, float64(x[i])/math.Sqrt(square+eps)*float64(w[i]), got[i], 2e-6)
	}
	layerNorm(got, x, w, b, eps)
	for i := range x {
		want := (float64(x[i])-mean)/math.Sqrt(square-mean*mean+eps)*float64(w[i]) + float64(b[i])
		require.InDelta(t, want, got[i], 4e-6)
	}
}

func TestRotationsKeepLengthAndTurnByTheAngle(t *testing.T) {
	cos, sin := make([]float32, 4), make([]float32, 4)
	RoPETable(cos, sin, 3, []float32{1, 0.5, 0.25, 0.125}, 1)
	adjacent := []float32{1, 0, 1, 0, 0, 1, 1, 0}
	halves := []float32{1, 1, 0, 1, 0, 0, 1, 0}
	ropeAdjacent(adjacent, cos, sin)
	ropeHalves(halves, cos, sin)
	require.Equal(t, []float32{cos[0], sin[0], cos[1], sin[1], -sin[2], cos[2], cos[3], sin[3]}, adjacent)
	require.Equal(t, []float32{cos[0], cos[1], -sin[2], cos[3], sin[0], sin[1], cos[2], sin[3]}, halves)
}
