package gptrun

import (
	"math/rand/v2"

	"github.com/gptrun/gptrun/runtime/sample"
)

// Sampler picks the tokens of a text.
type Sampler interface {
	// Sample returns the next token, given the logits of all tokens, which it
	// may change. They are valid during the call.
	Sample(logits []float32) int32
	// Accept tells a token of the text: the prompt's, then each one sampled.
	Accept(token int32)
}

// SamplerFunc is a Sampler that looks at nothing but the logits.
type SamplerFunc func(logits []float32) int32

// Sample calls f.
func (f SamplerFunc) Sample(logits []float32) int32 { return f(logits) }

// Accept does nothing.
func (f SamplerFunc) Accept(int32) {}

// GenerateOption says how to continue a text.
type GenerateOption func(*generateOptions)

type generateOptions struct {
	params   sample.Params
	seeded   bool
	max      int // −1: no bound
	logprobs int // likeliest tokens to list with each; −1: no log-probabilities
	stops    []string
	sampler  Sampler
}

func newGenerateOptions(opts []GenerateOption) generateOptions {
	o := generateOptions{params: sample.Defaults(), max: -1, logprobs: -1}
	for _, set := range opts {
		set(&o)
	}
	if !o.seeded {
		o.params.Seed = rand.Uint64()
	}
	return o
}

// chain returns the sampler to use.
func (o *generateOptions) chain(context int) (Sampler, error) {
	if o.sampler != nil {
		return o.sampler, nil
	}
	return sample.New(o.params, context)
}

// MaxTokens bounds the tokens generated; −1, the default, is up to the end of
// the context.
func MaxTokens(n int) GenerateOption { return func(o *generateOptions) { o.max = n } }

// Temperature divides the logits; 0 or less picks the likeliest token always.
// The default is 0.8.
func Temperature(t float32) GenerateOption {
	return func(o *generateOptions) { o.params.Temperature = t }
}

// TopK keeps the k likeliest tokens; 0 keeps all. The default is 40.
func TopK(k int) GenerateOption { return func(o *generateOptions) { o.params.TopK = k } }

// TopP keeps the fewest likeliest tokens whose probabilities sum to p; 1 keeps
// all. The default is 0.95.
func TopP(p float32) GenerateOption { return func(o *generateOptions) { o.params.TopP = p } }

// MinP keeps the tokens at least p times as likely as the likeliest; 0 keeps
// all. The default is 0.05.
func MinP(p float32) GenerateOption { return func(o *generateOptions) { o.params.MinP = p } }

// RepeatPenalty weakens the tokens among the last n of the text, prompt
// included; n −1 is all of it. The default is 1, no penalty, over 64.
func RepeatPenalty(penalty float32, lastN int) GenerateOption {
	return func(o *generateOptions) { o.params.RepeatPenalty, o.params.RepeatLastN = penalty, lastN }
}

// Seed fixes the choice of tokens; without it, each text has another seed.
func Seed(seed uint64) GenerateOption {
	return func(o *generateOptions) { o.params.Seed, o.seeded = seed, true }
}

// StopAt ends the text before the first of the given strings. Tokens of the
// string may have been generated, and stay part of the session.
func StopAt(stops ...string) GenerateOption {
	return func(o *generateOptions) { o.stops = append(o.stops, stops...) }
}

// WithSampler replaces gptrun's own sampling.
func WithSampler(s Sampler) GenerateOption { return func(o *generateOptions) { o.sampler = s } }
