package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

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
	raw, json                 bool
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
	f.integer(&p.tokens, -1, "n n-predict predict", "N", "most tokens to generate; -1: up to the end of the context")
	value(f, &p.seed, parseSeed, "s seed", "N", "seed of the choice of tokens; -1: a random one").standard = "-1"
	const large = 1e9
	f.float(&p.temp, -large, large, "temperature temp", "T", "divides the logits; 0: the likeliest token always")
	f.integer(&p.topK, -1, "top-k", "K", "keep the K likeliest tokens; 0: all")
	f.float(&p.topP, 0, 1, "top-p", "P", "keep the likeliest tokens that sum to P; 1: all")
	f.float(&p.minP, 0, 1, "min-p", "P", "keep tokens at least P times as likely as the likeliest; 0: all")
	f.float(&p.penalty, 0, large, "repeat-penalty", "X", "weaken recent tokens; 1: no")
	f.integer(&p.lastN, -1, "repeat-last-n", "N", "how many tokens are recent; -1: the context")
	value(f, &p.stops, func(s string) ([]string, error) { return append(p.stops, s), nil }, "r reverse-prompt", "TEXT", "stop before this text; may be given several times").standard = ""
	f.toggle(&p.raw, "raw", "take the text as it is, without a chat template")
	f.toggle(&p.json, "json", `print {"tokens":[…],"text":…,"stop":…,"timings":{…}} at the end`)
	p.modelFlags.define(f)
	return p.run
}

func (p *promptFlags) run(ctx context.Context, t *terminal, args []string) (err error) {
	path, err := p.model(ctx, t)
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
	a := answer{out: t.answer(), json: p.json}
	if p.json {
		a.out = t.out
	}
	err = a.stream(session.Generate(ctx, text, p.options()...))
	wipe()
	stop, timings := session.Stop(), session.Timings()
	timings.Load += opening
	if err == nil || ctx.Err() != nil {
		if e := a.finish(stop, timings); err == nil {
			err = e
		}
	} else if !p.json && a.last != 0 && a.last != '\n' {
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

// answer prints what a model generates: at once, or as JSON at the end.
type answer struct {
	out  io.Writer
	json bool

	tokens []int32
	text   strings.Builder
	last   byte
}

func (a *answer) stream(tokens func(yield func(gptrun.Token, error) bool)) error {
	for tok, err := range tokens {
		if err != nil {
			return err
		}
		if a.json {
			a.tokens = append(a.tokens, tok.ID)
			a.text.WriteString(tok.Text)
			continue
		}
		if tok.Text == "" {
			continue
		}
		a.last = tok.Text[len(tok.Text)-1]
		if _, err := io.WriteString(a.out, tok.Text); err != nil {
			return err
		}
	}
	return nil
}

// finish ends the answer: text with a line break, JSON with everything.
func (a *answer) finish(stop gptrun.StopReason, t gptrun.Timings) error {
	if !a.json {
		if a.last == '\n' {
			return nil
		}
		_, err := io.WriteString(a.out, "\n")
		return err
	}
	b := append([]byte(nil), `{"tokens":`...)
	b = appendIDs(b, a.tokens)
	b = append(b, `,"text":`...)
	b = appendString(b, a.text.String())
	b = append(b, `,"stop":`...)
	b = appendString(b, string(stop))
	b = append(b, `,"timings":`...)
	b = appendTimings(b, t)
	_, err := a.out.Write(append(b, "}\n"...))
	return err
}

func appendTimings(b []byte, t gptrun.Timings) []byte {
	field := func(key string, v float64) {
		b = append(b, key...)
		b = appendFloat(b, v, 64)
	}
	field(`{"load_ms":`, milliseconds(t.Load))
	field(`,"prompt_n":`, float64(t.PromptTokens))
	field(`,"prompt_ms":`, milliseconds(t.Prompt))
	field(`,"prompt_per_second":`, rate(t.PromptTokens, t.Prompt))
	field(`,"predicted_n":`, float64(t.GeneratedTokens))
	field(`,"predicted_ms":`, milliseconds(t.Generate))
	field(`,"predicted_per_second":`, rate(t.GeneratedTokens, t.Generate))
	return append(b, '}')
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// rate is n a second, 0 where no time has passed.
func rate(n int, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}

// report prints how long things took.
func report(w io.Writer, t gptrun.Timings) {
	line := func(name string, n int, d time.Duration) {
		fmt.Fprintf(w, "%-9s %5d tokens in %9.2f ms, %8.2f tok/s\n", name, n, milliseconds(d), rate(n, d))
	}
	fmt.Fprintf(w, "load:     %22.2f ms\n", milliseconds(t.Load))
	line("prompt:", t.PromptTokens, t.Prompt)
	line("generate:", t.GeneratedTokens, t.Generate)
}
