package runtime

import "github.com/gptrun/gptrun/kernels"

// NegLogLikelihood returns −ln p(id) under the softmax of the logits: NaN where
// a logit is. Exponentials are fp32 and summed in float64, in order of id, so
// that the result is within 1e-6 of the exact one, and the same on every tier.
func (m *Model) NegLogLikelihood(logits []float32, id int32) float64 {
	top := logits[0]
	for _, x := range logits {
		top = max(top, x)
	}
	sum := 0.0
	var part [256]float32
	for rest := logits; len(rest) > 0; {
		n := min(len(rest), len(part))
		for i, x := range rest[:n] {
			part[i] = x - top
		}
		m.exec.Set.Exp(part[:n], part[:n])
		for _, e := range part[:n] {
			sum += float64(e)
		}
		rest = rest[n:]
	}
	return float64(top) - float64(logits[id]) + kernels.Log(sum)
}
