package sample

import (
	"math"

	"github.com/gptrun/gptrun/kernels"
)

// NegLogLikelihood returns −ln p(id) under the softmax of the logits, in
// float64, NaN where a logit is NaN.
func NegLogLikelihood(logits []float32, id int32) float64 {
	top := negInf
	for _, l := range logits {
		if l != l {
			return math.NaN()
		}
		top = max(top, l)
	}
	sum := 0.0
	for _, l := range logits {
		sum += odds(l, top)
	}
	return (float64(top) - float64(logits[id])) + kernels.Log(sum)
}
