package sample

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Params says how to pick tokens. The zero value picks the likeliest one.
type Params struct {
	Temperature   float32 // divides the logits; 0 or less picks the likeliest token
	TopK          int     // keep the K likeliest; 0 or less: all
	TopP          float32 // keep the likeliest until their probability reaches P, at least one; 1: all
	MinP          float32 // keep those at least P times as likely as the likeliest; 0: all
	RepeatPenalty float32 // weakens recent tokens; 0 or 1: none
	RepeatLastN   int     // how many tokens are recent; 0: none, −1: all of the context
	Seed          uint64
}

// Defaults are the values that users of other runtimes expect.
func Defaults() Params {
	return Params{Temperature: 0.8, TopK: 40, TopP: 0.95, MinP: 0.05, RepeatPenalty: 1, RepeatLastN: 64}
}

// Validate reports a value out of range.
func (p Params) Validate() error {
	for _, v := range []struct {
		name     string
		value    float32
		min, max float32
	}{
		{"temperature", p.Temperature, -math.MaxFloat32, math.MaxFloat32},
		{"top_p", p.TopP, 0, 1},
		{"min_p", p.MinP, 0, 1},
		{"repeat_penalty", p.RepeatPenalty, 0, math.MaxFloat32},
	} {
		if !(v.value >= v.min && v.value <= v.max) {
			return fmt.Errorf("%s %v is out of range", v.name, v.value)
		}
	}
	if p.RepeatLastN < -1 {
		return fmt.Errorf("repeat_last_n %d is out of range", p.RepeatLastN)
	}
	return nil
}

func (p Params) greedy() bool { return p.Temperature <= 0 }

// stage is one sampler of a chain.
type stage interface {
	// apply narrows or reweighs the tokens in play.
	apply(c *candidates)
	// accept notes a token of the text.
	accept(id int32)
}

// memoryless is a stage that does not look at the text.
type memoryless struct{}

func (memoryless) accept(int32) {}

// table lists the samplers in the order of a chain. build returns nil where the
// parameters leave a sampler nothing to do; context is the most tokens a text
// may have.
var table = []struct {
	name  string
	build func(p Params, context int) stage
}{
	{"penalties", newPenalties},
	{"top_k", newTopK},
	{"top_p", newTopP},
	{"min_p", newMinP},
	{"temperature", newTemperature},
}

// Chain picks the tokens of one text. It is used by one goroutine at a time.
type Chain struct {
	stages     []stage
	candidates candidates
	random     *rand.Rand
}

// stream is the second word of the generator's seed.
const stream = 0x9e3779b97f4a7c15

// New returns a chain for a text of at most context tokens.
func New(p Params, context int) (*Chain, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	c := &Chain{random: rand.New(rand.NewPCG(p.Seed, stream))}
	for _, row := range table {
		if s := row.build(p, context); s != nil {
			c.stages = append(c.stages, s)
		}
	}
	return c, nil
}

// Accept notes a token of the text: of the prompt, or one that was picked.
func (c *Chain) Accept(id int32) {
	for _, s := range c.stages {
		s.accept(id)
	}
}

// Sample picks a token; logits[i] is token i's, and may be changed. It returns
// −1 where no logit is a number above −∞. The token is not yet accepted.
func (c *Chain) Sample(logits []float32) int32 {
	c.candidates.reset(logits)
	for _, s := range c.stages {
		s.apply(&c.candidates)
	}
	return c.candidates.draw(c.random.Float64())
}
