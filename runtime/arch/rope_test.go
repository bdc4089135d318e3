package arch

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// requireClose compares frequencies within a unit in the last place of float32.
func requireClose(t testing.TB, want []float64, got []float32) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		require.InEpsilon(t, want[i], got[i], 1.2e-7, "pair %d", i)
	}
}

// plainFrequencies are base^(−2i/n).
func plainFrequencies(n int, base float64) []float64 {
	f := make([]float64, n/2)
	for i := range f {
		f[i] = math.Pow(base, -2*float64(i)/float64(n))
	}
	return f
}

var unscaled = scaling{kind: "none", factor: 1, original: 2048, attnFactor: 1, betaFast: 32, betaSlow: 1}

func TestRoPEWithoutScalingFollowsThePaper(t *testing.T) {
	for _, base := range []float64{10000, 1e5, 5e5, 1e6} {
		for _, n := range []int{2, 16, 64, 128, 256} {
			r := newRoPE(n, base, true, unscaled, nil)
			requireClose(t, plainFrequencies(n, base), r.InvFreq)
			require.Equal(t, float32(1), r.InvFreq[0])
			require.Equal(t, float32(1), r.Scale)
			require.True(t, r.Halves)
		}
	}
}

func TestLinearScalingDividesEveryFrequency(t *testing.T) {
	s := unscaled
	s.kind, s.factor = "linear", 8
	want := plainFrequencies(256, 1e6)
	for i := range want {
		want[i] /= 8
	}
	r := newRoPE(256, 1e6, false, s, nil)
	requireClose(t, want, r.InvFreq)
	require.Equal(t, float32(1), r.Scale)
	require.False(t, r.Halves)
}

// llama3Factors are the divisors of Llama 3.1's scaling: 1 for wavelengths
// shorter than original/high, factor for those longer than original/low, and a
// blend between.
func llama3Factors(n int, base, factor, low, high, original float64) []float32 {
	f := make([]float32, n/2)
	for i, freq := range plainFrequencies(n, base) {
		wavelength := 2 * math.Pi / freq
		switch {
		case wavelength < original/high:
			f[i] = 1
		case wavelength > original/low:
			f[i] = float32(factor)
		default:
			smooth := (original/wavelength - low) / (high - low)
			f[i] = float32(1 / ((1-smooth)/factor + smooth))
		}
	}
	return f
}

func TestFactorsDivideTheirFrequencies(t *testing.T) {
	const n, base = 128, 5e5
	factors := llama3Factors(n, base, 8, 1, 4, 8192)
	require.Equal(t, float32(1), factors[0])
	require.Equal(t, float32(8), factors[n/2-1])
	want := plainFrequencies(n, base)
	between := 0
	for i := range want {
		want[i] /= float64(factors[i])
		if factors[i] > 1 && factors[i] < 8 {
			between++
		}
	}
	require.Positive(t, between)
	requireClose(t, want, newRoPE(n, base, false, unscaled, factors).InvFreq)
	require.NoError(t, checkFactors(factors))
}

// TestYaRNFollowsThePaper computes section 3.2 of arXiv:2309.00071 with r, the
// number of turns that a pair makes over the original context, replaced by the
// pair's index between the (whole) indices of betaFast and betaSlow turns, as
// the authors' code has it.
func TestYaRNFollowsThePaper(t *testing.T) {
	for _, c := range []struct {
		n        int
		base     float64
		original int
		factor   float64
	}{
		{128, 10000, 4096, 16},
		{64, 1e6, 32768, 4},
		{16, 10000, 512, 2},
		{128, 10000, 64, 4}, // every pair turns less than betaFast times
	} {
		s := unscaled
		s.kind, s.factor, s.original = "yarn", c.factor, c.original
		index := func(turns float64) float64 {
			// turns = original·base^(−2i/n)/2π, solved for i.
			return float64(c.n) / 2 * math.Log(float64(c.original)/(2*math.Pi*turns)) / math.Log(c.base)
		}
		first := math.Max(0, math.Floor(index(32)))
		last := math.Min(float64(c.n-1), math.Ceil(index(1)))
		want := plainFrequencies(c.n, c.base)
		for i := range want {
			interpolated := math.Min(1, math.Max(0, (float64(i)-first)/(last-first)))
			want[i] = want[i]/c.factor*interpolated + want[i]*(1-interpolated)
		}
		r := newRoPE(c.n, c.base, true, s, nil)
		requireClose(t, want, r.InvFreq)
		require.InEpsilon(t, 0.1*math.Log(c.factor)+1, r.Scale, 1e-7)
	}
}

func TestYaRNAppliesTheAttentionFactorOnce(t *testing.T) {
	s := unscaled
	s.kind, s.factor, s.attnFactor = "yarn", 4, 1.25
	require.InEpsilon(t, 1.25*(1+0.1*math.Log(4)), newRoPE(64, 10000, true, s, nil).Scale, 1e-7)
	s.factor = 1
	require.Equal(t, float32(1.25), newRoPE(64, 10000, true, s, nil).Scale)
	s.factor = 0.5
	require.Equal(t, float32(1.25), newRoPE(64, 10000, true, s, nil).Scale, "a context made shorter leaves attention as it is")
	s.kind = "linear"
	require.Equal(t, float32(1.25), newRoPE(64, 10000, true, s, nil).Scale)
}

func TestYaRNOfWholeTurnsKeepsFastPairsAndDividesSlowOnes(t *testing.T) {
	s := unscaled
	s.kind, s.factor, s.original = "yarn", 8, 4096
	r := newRoPE(128, 10000, true, s, nil)
	plain := plainFrequencies(128, 10000)
	require.InEpsilon(t, plain[0], r.InvFreq[0], 1e-7)
	require.InEpsilon(t, plain[63]/8, r.InvFreq[63], 1e-7)
}

func TestFactorsThatAreNoPositiveNumbersAreRefused(t *testing.T) {
	for _, bad := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		require.ErrorIs(t, checkFactors([]float32{1, float32(bad)}), ErrModel)
	}
	require.NoError(t, checkFactors(nil))
}
