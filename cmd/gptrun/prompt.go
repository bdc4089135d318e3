package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gptrun/gptrun"
)

// promptFlags are prompt's flags.
type promptFlags struct {
	input
	modelFlags
	samplingFlags
	raw, json bool
}

func definePrompt(f *flags) func(context.Context, *terminal, []string) error {
	p := &promptFlags{}
	p.input.define(f)
	p.samplingFlags.define(f)
	f.toggle(&p.raw, "raw", "take the text as it is, without a chat template")
	f.toggle(&p.json, "json", `print {"tokens":[…],"text":…,"stop":…,"timings":{…}} at the end`)
	p.modelFlags.define(f)
	return p.run
}

func (p *promptFlags) run(ctx context.Context, t *terminal, args []string) (err error) {
	path, err := p.model()
	if err != nil {
		return err
	}
	text, err := p.read(t, args)
	if err != nil {
		return err
	}
	p.draw()
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
