package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"strconv"

	"github.com/gptrun/gptrun"
)

// promptFlags are prompt's flags.
type promptFlags struct {
	input
	modelFlags
	templateFlags
	tokens                    int
	seed                      uint32
	temp, topP, minP, penalty float32
	topK, lastN               int
	stops                     []string
	raw                       bool
	system                    string
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
	f.group("Chat template, of models that have one")
	f.toggle(&p.raw, "raw", "take the text as it is, without the template")
	f.text(&p.system, "sys system-prompt system", "TEXT", "system message")
	p.templateFlags.define(f)
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
	f.describe("A model with a chat template answers the text as a user's message; one without, a base model, goes on with the text. The answer streams to standard output, everything else goes to standard error. Without -p, -f or arguments the text is read from standard input.")
	f.example(`gptrun prompt -m model.gguf -sys "Be brief." "Why is the sky blue?"`, "a chat model answers")
	f.example(exampleFor, "go on with a text")
	f.example("gptrun prompt -m model.gguf -f question.txt --temp 0 --json", "a file's text, and an answer for programs")
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
	g, err := p.generation(ctx, t, model, text, format)
	if err != nil {
		return err
	}
	defer closing(g, &err)
	a := newAnswer(t, model, format, p.logprobs)
	err = a.stream(g.tokens)
	wipe()
	stop, timings := g.Stop(), g.Timings()
	timings.Load += opening
	if err == nil || ctx.Err() != nil {
		if e := a.finish(g.message(), stop, timings); err == nil {
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

// holder is a session or a chat.
type holder interface {
	Stop() gptrun.StopReason
	Timings() gptrun.Timings
	io.Closer
}

// generation is a text under way.
type generation struct {
	holder
	tokens iter.Seq2[gptrun.Token, error]
	chat   *gptrun.Chat // nil: a session
}

// message is a chat's answer, nil where there is none.
func (g *generation) message() *gptrun.Message {
	if g.chat == nil {
		return nil
	}
	if m := g.chat.Messages(); len(m) > 0 && m[len(m)-1].Role == "assistant" {
		return &m[len(m)-1]
	}
	return nil
}

// generation prepares the answer: as the model's chat template has it, where
// there is one.
func (p *promptFlags) generation(ctx context.Context, t *terminal, model *gptrun.Model, text string, format answerFormat) (*generation, error) {
	info, err := model.Info()
	if err != nil {
		return nil, err
	}
	options := p.options()
	if format != plainText {
		options = append(options, gptrun.Logprobs(p.logprobs))
	}
	if p.raw || !info.ChatTemplate {
		if p.system != "" || p.toolsFile != "" || len(p.vars) > 0 {
			return nil, usageError("--system, --tools and --var need a model with a chat template, and no --raw")
		}
		s := model.NewSession()
		return &generation{s, s.Generate(ctx, text, options...), nil}, nil
	}
	tools, err := p.tools()
	if err != nil {
		return nil, err
	}
	opts := []gptrun.ChatOption{gptrun.System(p.system), gptrun.Tools(tools...)}
	for _, v := range p.vars {
		opts = append(opts, gptrun.TemplateVar(v.Key, v.Value))
	}
	c, err := model.NewChat(opts...)
	if err != nil {
		return nil, fmt.Errorf("%w (--raw does without)", err)
	}
	if t.errIsTerminal {
		fmt.Fprintln(t.err, "gptrun: the text goes through the model's chat template; --raw leaves it as it is")
	}
	return &generation{c, c.Send(ctx, text, options...), c}, nil
}

func (p *promptFlags) options() []gptrun.GenerateOption {
	return []gptrun.GenerateOption{
		gptrun.MaxTokens(p.tokens), gptrun.Seed(uint64(p.seed)), gptrun.Temperature(p.temp),
		gptrun.TopK(p.topK), gptrun.TopP(p.topP), gptrun.MinP(p.minP),
		gptrun.RepeatPenalty(p.penalty, p.lastN), gptrun.StopAt(p.stops...),
	}
}
