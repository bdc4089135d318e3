package main

import (
	"fmt"
	"strings"

	"github.com/gptrun/gptrun"
	"github.com/gptrun/gptrun/runtime"
	"github.com/gptrun/gptrun/runtime/kv"
)

// benchSettings are what a model is opened with.
type benchSettings struct {
	path               string
	activations        gptrun.ActivationType
	weights            gptrun.WeightsMode
	keyType, valueType gptrun.KVType
	threads            int
}

// options are the settings as runtime takes them.
func (s benchSettings) options() runtime.Options {
	return runtime.Options{
		Threads: s.threads, Exact: s.activations == gptrun.Int16, Weights: s.weights, KV: kv.Types{Keys: s.keyType, Values: s.valueType},
	}
}

// benchCase is one test: parallel sequences that hold depth tokens each are
// given a prompt, then tokens one by one.
type benchCase struct {
	benchSettings
	batch, microBatch, depth, parallel int
	prompt, generation                 int
}

// name is the test's name in tables, such as "pp512 @ d4096".
func (c benchCase) name() string {
	var parts []string
	if c.prompt > 0 {
		parts = append(parts, fmt.Sprintf("pp%d", c.prompt))
	}
	if c.generation > 0 {
		parts = append(parts, fmt.Sprintf("tg%d", c.generation))
	}
	name := strings.Join(parts, "+")
	if c.parallel > 1 {
		name += fmt.Sprintf(" x%d", c.parallel)
	}
	if c.depth > 0 {
		name += fmt.Sprintf(" @ d%d", c.depth)
	}
	return name
}

// pass is the most tokens of one forward pass over a prompt.
func (c benchCase) pass() int { return min(c.batch, c.microBatch) }

// tokens are those that the test's time is for.
func (c benchCase) tokens() int { return c.parallel * (c.prompt + c.generation) }

// context is what a sequence must hold.
func (c benchCase) context() int { return c.depth + c.prompt + c.generation }

// maxCases is the most tests of one command.
const maxCases = 10000

// cases are all combinations of the flags' values, a model's next to each
// other, in the order in which llama-bench runs them.
func (b *benchFlags) cases() ([]benchCase, error) {
	c := []benchCase{{}}
	c = expand(c, b.models, func(c *benchCase, v string) { c.path = v })
	c = expand(c, b.activations, func(c *benchCase, v gptrun.ActivationType) { c.activations = v })
	c = expand(c, b.weights, func(c *benchCase, v gptrun.WeightsMode) { c.weights = v })
	c = expand(c, b.batches, func(c *benchCase, v int) { c.batch = v })
	c = expand(c, b.microBatches, func(c *benchCase, v int) { c.microBatch = v })
	c = expand(c, b.keyTypes, func(c *benchCase, v gptrun.KVType) { c.keyType = v })
	c = expand(c, b.valueTypes, func(c *benchCase, v gptrun.KVType) { c.valueType = v })
	c = expand(c, b.threads, func(c *benchCase, v int) { c.threads = v })
	c = expand(c, b.depths, func(c *benchCase, v int) { c.depth = v })
	c = expand(c, b.parallel, func(c *benchCase, v int) { c.parallel = v })
	c = expand(c, b.lengths(), func(c *benchCase, v promptAndGeneration) { c.prompt, c.generation = v.prompt, v.generation })
	switch {
	case len(c) == 0:
		return nil, usageError("nothing to measure: -p and -n are 0 and there is no -pg")
	case len(c) > maxCases:
		return nil, usageError(fmt.Sprintf("the flags make more than %d tests", maxCases))
	}
	return c, nil
}

// lengths are the tests' tokens.
func (b *benchFlags) lengths() []promptAndGeneration {
	var l []promptAndGeneration
	for _, n := range b.prompts {
		if n > 0 {
			l = append(l, promptAndGeneration{prompt: n})
		}
	}
	for _, n := range b.generations {
		if n > 0 {
			l = append(l, promptAndGeneration{generation: n})
		}
	}
	return append(l, b.pairs...)
}

// expand returns each case once for every value, as far as maxCases allows.
func expand[T any](cases []benchCase, values []T, set func(*benchCase, T)) []benchCase {
	var out []benchCase
	for _, c := range cases {
		for _, v := range values {
			if len(out) > maxCases {
				return out
			}
			set(&c, v)
			out = append(out, c)
		}
	}
	return out
}
