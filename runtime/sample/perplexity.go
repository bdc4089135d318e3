package sample

import "github.com/gptrun/gptrun/kernels"

// Perplexity is the exponential of the mean of negative log likelihoods; NaN
// where there are none.
func Perplexity(nll []float64) float64 {
	sum := 0.0
	for _, v := range nll {
		sum += v
	}
	return kernels.Exp64(sum / float64(len(nll)))
}
