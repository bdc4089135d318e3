package main

import (
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/gptrun/gptrun"
)

// promptFlags are prompt's flags.
type promptFlags struct {
	input
	modelFlags
	templateFlags
	samplingFlags
	raw    bool
	system string
	answerFlags
}

func definePrompt(f *flags) func(context.Context, *terminal, []string) error {
	p := &promptFlags{}
	p.input.define(f)
	p.samplingFlags.define(f)
	f.group("Chat template, of models that have one")
	f.toggle(&p.raw, "raw", "take the text as it is, without the template")
	f.text(&p.system, "sys system-prompt system", "TEXT", "system message")
	p.templateFlags.define(f)
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
	g, err := p.generation(ctx, t, model, info, text, format)
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
	return lastAnswer(g.chat.Messages())
}

// generation prepares the answer: as the model's chat template has it, where
// there is one.
func (p *promptFlags) generation(ctx context.Context, t *terminal, model *gptrun.Model, info gptrun.Info, text string, format answerFormat) (*generation, error) {
	options := p.samplingFlags.options()
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
	opts, err := p.templateFlags.options()
	if err != nil {
		return nil, err
	}
	c, err := model.NewChat(append(opts, gptrun.System(p.system))...)
	if err != nil {
		return nil, fmt.Errorf("%w (--raw does without)", err)
	}
	if t.errIsTerminal {
		fmt.Fprintln(t.err, "gptrun: the text goes through the model's chat template; --raw leaves it as it is")
	}
	return &generation{c, c.Send(ctx, text, options...), c}, nil
}
