package runtime

import "github.com/gptrun/gptrun/kernels"

// Softmax tells how likely tokens are under the softmax of a row of logits. It is
// used by one goroutine at a time.
type Softmax struct {
	top    float64 // the row's largest logit
	logSum float64 // ln Σ exp(logit − top)

	exp  func(dst, src []float32)
	part [256]float32
}

// NewSoftmax returns one without a row.
func (m *Model) NewSoftmax() *Softmax { return &Softmax{exp: m.exec.Set.Exp} }

// Reset takes a row of logits, which it does not keep. Exponentials are fp32 and
// summed in float64: those of ids of the same remainder by 4 in order of id, then
// the four sums. So likelihoods are within 1e-6 of the exact ones, and the same on
// every tier.
func (s *Softmax) Reset(logits []float32) {
	top := logits[0]
	for _, x := range logits {
		if x > top {
			top = x
		}
	}
	var a, b, c, d float64
	for rest := logits; len(rest) > 0; {
		part := s.part[:min(len(rest), len(s.part))]
		for i := range part {
			part[i] = rest[i] - top
		}
		s.exp(part, part)
		rest = rest[len(part):]
		clear(s.part[len(part):]) // what lacks to a multiple of four
		for i := 0; i < len(part); i += 4 {
			four := s.part[i : i+4 : i+4]
			a += float64(four[0])
			b += float64(four[1])
			c += float64(four[2])
			d += float64(four[3])
		}
	}
	s.top, s.logSum = float64(top), kernels.Log((a+b)+(c+d))
}

// NegLogLikelihood is −ln p of a token with the given logit: NaN where one of the
// row's logits is.
func (s *Softmax) NegLogLikelihood(logit float32) float64 {
	return s.top - float64(logit) + s.logSum
}

// Logprob is ln p of a token with the given logit; that of a certain one is +0.
func (s *Softmax) Logprob(logit float32) float64 { return 0 - s.NegLogLikelihood(logit) }
