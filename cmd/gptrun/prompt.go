package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"

	"github.com/gptrun/gptrun"
)

// promptFlags are prompt's flags.
type promptFlags struct {
	input
	modelFlags
	tokens                    int
	seed                      uint32
	temp, topP, minP, penalty float32
	topK, lastN               int
	stops                     []string
	raw                       bool
	answerFlags
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

func definePrompt(f *flags) func(context.Context, *terminal, []string) error {
	p := &promptFlags{tokens: -1, seed: randomSeed, temp: 0.8, topK: 40, topP: 0.95, minP: 0.05, penalty: 1, lastN: 64}
	p.input.define(f)
	f.group("Generation")
	f.integer(&p.tokens, -1, "n n-predict predict", "N", "most tokens to generate; -1: up to the end of the context")
	value(f, &p.seed, parseSeed, "s seed", "N", "seed of the choice of tokens; -1: a random one").standard = "-1"
	value(f, &p.stops, func(s string) ([]string, error) { return append(p.stops, s), nil }, "r reverse-prompt", "TEXT", "stop before this text").many()
	f.toggle(&p.raw, "raw", "take the text as it is, without a chat template")
	f.group("Sampling")
	const large = 1e9
	f.float(&p.temp, -large, large, "temperature temp", "T", "divides the logits; 0: the likeliest token always")
	f.integer(&p.topK, -1, "top-k", "K", "keep the K likeliest tokens; 0: all")
	f.float(&p.topP, 0, 1, "top-p", "P", "keep the likeliest tokens that sum to P; 1: all")
	f.float(&p.minP, 0, 1, "min-p", "P", "keep tokens at least P times as likely as the likeliest; 0: all")
	f.float(&p.penalty, 0, large, "repeat-penalty", "X", "weaken recent tokens; 1: no")
	f.integer(&p.lastN, -1, "repeat-last-n", "N", "how many tokens are recent; -1: the context")
	p.answerFlags.define(f)
	p.modelFlags.define(f)
	f.describe("The answer streams to standard output, everything else goes to standard error. Without -p, -f or arguments the text is read from standard input.")
	f.example(exampleFor, "go on with a text")
	f.example(`gptrun prompt -m model.gguf --raw --temp 0 -n 32 "1, 2, 3,"`, "the likeliest tokens, 32 at most")
	f.example("gptrun prompt -m model.gguf --raw -f notes.txt --json", "a file's text, and an answer for programs")
	f.example(`echo "Dear Sir," | gptrun prompt -m model.gguf --raw -s 7 -v`, "a pipe, a fixed seed, and times at the end")
	return p.run
}

func (p *promptFlags) run(ctx context.Context, t *terminal, args []string) (err error) {
	path, err := p.model(ctx, t)
	if err != nil {
		return err
	}
	format, err := p.format()
	if err != nil {
		return err
	}
	text, err := p.read(t, args)
	if err != nil {
		return err
	}
	if p.seed == randomSeed {
		p.seed = rand.Uint32N(randomSeed)
	}
	model, opening, wipe, err := p.open(t, path)
	if err != nil {
		return err
	}
	defer closing(model, &err)
	info, err := model.Info()
	if err != nil {
		return err
	}
	if info.ChatTemplate && !p.raw {
		return fmt.Errorf("%s: the model has a chat template, which prompt does not apply; --raw takes the text as it is", path)
	}
	session := model.NewSession()
	defer closing(session, &err)
	a := answer{out: t.answer(), format: format}
	options := p.options()
	if format != plainText {
		a.out = t.out
		a.logprobs = p.logprobs >= 0
		a.nameOf = model.TokenText
		options = append(options, gptrun.Logprobs(p.logprobs))
	}
	err = a.stream(session.Generate(ctx, text, options...))
	wipe()
	stop, timings := session.Stop(), session.Timings()
	timings.Load += opening
	if err == nil || ctx.Err() != nil {
		if e := a.finish(stop, timings); err == nil {
			err = e
		}
	} else if format == plainText && a.last != 0 && a.last != '\n' {
		_, _ = io.WriteString(a.out, "\n") // the error gets a line of its own
	}
	if p.verbose {
		report(t.err, timings)
		fmt.Fprintf(t.err, "stop:     %s; seed %d; %s, %d threads, context %d\n", stop, p.seed, info.Tier, info.Threads, model.ContextLength())
	}
	return err
}

func (p *promptFlags) options() []gptrun.GenerateOption {
	return []gptrun.GenerateOption{
		gptrun.MaxTokens(p.tokens), gptrun.Seed(uint64(p.seed)), gptrun.Temperature(p.temp),
		gptrun.TopK(p.topK), gptrun.TopP(p.topP), gptrun.MinP(p.minP),
		gptrun.RepeatPenalty(p.penalty, p.lastN), gptrun.StopAt(p.stops...),
	}
}
