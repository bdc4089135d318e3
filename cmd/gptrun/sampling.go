package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/gptrun/gptrun"
)

// samplingFlags say how tokens are chosen, and how many.
type samplingFlags struct {
	tokens                    int
	seed                      uint32
	temp, topP, minP, penalty float32
	topK, lastN               int
	stops                     []string
}

// randomSeed asks for a seed of gptrun's choice.
const randomSeed = 0xffffffff

// parseSeed reads a seed; −1 is randomSeed.
func parseSeed(s string) (uint32, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < -1 || n > randomSeed {
		return 0, fmt.Errorf("%q is not within -1 and %d", s, uint32(randomSeed))
	}
	return uint32(n), nil
}

func (s *samplingFlags) define(f *flags) {
	*s = samplingFlags{tokens: -1, seed: randomSeed, temp: 0.8, topK: 40, topP: 0.95, minP: 0.05, penalty: 1, lastN: 64}
	f.group("Generation")
	f.integer(&s.tokens, -1, "n n-predict predict", "N", "most tokens to generate; -1: up to the end of the context")
	value(f, &s.seed, parseSeed, "s seed", "N", "seed of the choice of tokens; -1: a random one").standard = "-1"
	value(f, &s.stops, func(text string) ([]string, error) { return append(s.stops, text), nil }, "r reverse-prompt", "TEXT", "stop before this text").many()
	f.group("Sampling")
	const large = 1e9
	f.float(&s.temp, -large, large, "temperature temp", "T", "divides the logits; 0: the likeliest token always")
	f.integer(&s.topK, -1, "top-k", "K", "keep the K likeliest tokens; 0: all")
	f.float(&s.topP, 0, 1, "top-p", "P", "keep the likeliest tokens that sum to P; 1: all")
	f.float(&s.minP, 0, 1, "min-p", "P", "keep tokens at least P times as likely as the likeliest; 0: all")
	f.float(&s.penalty, 0, large, "repeat-penalty", "X", "weaken recent tokens; 1: no")
	f.integer(&s.lastN, -1, "repeat-last-n", "N", "how many tokens are recent; -1: the context")
}

// draw settles the seed where a random one is asked for.
func (s *samplingFlags) draw() {
	if s.seed == randomSeed {
		s.seed = rand.Uint32N(randomSeed)
	}
}

func (s *samplingFlags) options() []gptrun.GenerateOption {
	return []gptrun.GenerateOption{
		gptrun.MaxTokens(s.tokens), gptrun.Seed(uint64(s.seed)), gptrun.Temperature(s.temp),
		gptrun.TopK(s.topK), gptrun.TopP(s.topP), gptrun.MinP(s.minP),
		gptrun.RepeatPenalty(s.penalty, s.lastN), gptrun.StopAt(s.stops...),
	}
}

// settings are the flags' values by their names.
func (s *samplingFlags) settings() map[string]any {
	return map[string]any{
		"predict": s.tokens, "seed": s.seed, "temp": s.temp, "top-k": s.topK, "top-p": s.topP, "min-p": s.minP,
		"repeat-penalty": s.penalty, "repeat-last-n": s.lastN, "reverse-prompt": append([]string{}, s.stops...),
	}
}
