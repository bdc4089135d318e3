package arch

import (
	"fmt"
	"math"

	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/runtime/exec"
)

// scaling is how RoPE is stretched past the context a model was trained on.
type scaling struct {
	kind       string // none, linear or yarn
	factor     float64
	original   int // context before scaling
	attnFactor float64
	betaFast   float64
	betaSlow   float64
}

func readScaling(k *keys, c *Config) scaling {
	s := scaling{kind: k.text("rope.scaling.type", "")}
	s.factor = k.float("rope.scaling.factor", 0, capValue)
	if old := k.float("rope.scale_linear", 0, capValue); s.factor == 0 && old != 0 {
		s.factor = old
	}
	s.original = k.number("rope.scaling.original_context_length", c.ContextLength, 1, maxContext)
	s.attnFactor = k.float("rope.scaling.attn_factor", 1, positive)
	s.betaFast = k.float("rope.scaling.yarn_beta_fast", 32, positive)
	s.betaSlow = k.float("rope.scaling.yarn_beta_slow", 1, positive)
	if s.kind == "" {
		s.kind = "linear"
	}
	if s.factor == 0 {
		s.factor = 1
	}
	switch s.kind {
	case "none":
		s.factor = 1
	case "linear", "yarn":
	default:
		k.fail("key %q is %q; RoPE scalings known are none, linear, yarn", k.prefix+"rope.scaling.type", s.kind)
	}
	return s
}

// newRoPE returns the embedding of n rotary values a head with the given base:
// frequency i is base^(−2i/n), divided by factors[i] (Llama 3's rope_freqs)
// where there are any, and scaled.
func newRoPE(n int, base float64, halves bool, s scaling, factors []float32) *exec.RoPE {
	r := &exec.RoPE{InvFreq: make([]float32, n/2), Scale: float32(s.attnFactor), Halves: halves}
	for i := range r.InvFreq {
		f := kernels.Pow(base, -float64(2*i)/float64(n))
		if factors != nil {
			f /= float64(factors[i])
		}
		r.InvFreq[i] = float32(s.apply(f, i, n, base))
	}
	if s.kind == "yarn" && s.factor > 1 {
		r.Scale = float32(s.attnFactor * (1 + float64(0.1*kernels.Log(s.factor))))
	}
	return r
}

// apply scales frequency f of pair i. YaRN (Peng et al., 2023,
// arXiv:2309.00071) leaves pairs that turn more than betaFast times over the
// original context as they are, divides those that turn less than betaSlow
// times by the factor, and blends between.
func (s scaling) apply(f float64, i, n int, base float64) float64 {
	if s.kind != "yarn" {
		return f / s.factor
	}
	low := max(0, math.Floor(s.pairOfTurns(s.betaFast, n, base)))
	high := min(float64(n-1), -math.Floor(-s.pairOfTurns(s.betaSlow, n, base)))
	ramp := (float64(i) - low) / max(0.001, high-low)
	keep := 1 - min(1, max(0, ramp))
	return float64(f/s.factor*(1-keep)) + float64(f*keep)
}

// pairOfTurns is the pair, as a real number, that makes the given number of
// turns over the original context.
func (s scaling) pairOfTurns(turns float64, n int, base float64) float64 {
	return float64(n) * kernels.Log(float64(s.original)/(turns*2*math.Pi)) / (2 * kernels.Log(base))
}

// checkFactors refuses frequency divisors that are no positive numbers.
func checkFactors(factors []float32) error {
	for i, f := range factors {
		if !(f > 0 && f <= math.MaxFloat32) {
			return fmt.Errorf("%w: tensor %q: factor %d is %v", ErrModel, "rope_freqs.weight", i, f)
		}
	}
	return nil
}
