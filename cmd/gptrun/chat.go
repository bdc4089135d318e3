package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"
	"time"

	"github.com/gptrun/gptrun"
)

// chatFlags are chat's flags.
type chatFlags struct {
	modelName
	modelFlags
	samplingFlags
	templateFlags
	system, history string

	settings flags // samplingFlags' alone, for /set
}

func defineChat(f *flags) func(context.Context, *terminal, []string) error {
	c := &chatFlags{}
	f.group("Model")
	c.modelName.define(f)
	before := len(f.defs)
	c.samplingFlags.define(f)
	c.settings.defs = f.defs[before:]
	f.group("Chat")
	f.text(&c.system, "sys system-prompt system", "TEXT", "system message")
	f.text(&c.history, "history", "FILE", "keeps what was typed, for the keys up and Ctrl-R; - for none")
	c.templateFlags.define(f)
	c.modelFlags.define(f)
	f.describe("At a terminal /help lists commands and keys; Ctrl-C stops an answer, Ctrl-D leaves. Where the input or the output is no terminal, each line of the input that is not empty is a message, commands included, and only the answers go to standard output, without thinking.")
	f.example(`gptrun chat -m model.gguf -sys "Be brief."`, "talk with a model")
	f.example(`printf 'Hello\nWhy?\n' | gptrun chat -m model.gguf`, "two messages and their answers")
	return c.run
}

func (c *chatFlags) run(ctx context.Context, t *terminal, _ []string) (err error) {
	path, err := c.model(ctx, t)
	if err != nil {
		return err
	}
	opts, err := c.templateFlags.options()
	if err != nil {
		return err
	}
	c.draw()
	model, opening, wipe, err := c.open(t, path)
	if err != nil {
		return err
	}
	defer closing(model, &err)
	chat, err := model.NewChat(append(opts, gptrun.System(c.system))...)
	if errors.Is(err, gptrun.ErrNoChatTemplate) {
		return fmt.Errorf("%w; gptrun prompt continues a text with it", err)
	}
	if err != nil {
		return err
	}
	defer closing(chat, &err)
	info, err := model.Info()
	if err != nil {
		return err
	}
	k := &talk{
		t: t, out: t.out, chat: chat, capacity: model.ContextLength(), name: info.Name,
		check: func(messages []gptrun.Message) error {
			_, err := model.ApplyChatTemplate(messages, opts...)
			return err
		},
		sampling: &c.samplingFlags, settings: &c.settings, style: t.style(t.outIsTerminal), opening: opening, wipe: wipe, verbose: c.verbose,
	}
	if k.name == "" {
		k.name = filepath.Base(path)
	}
	if in, out, ok := t.files(); ok {
		return k.atTerminal(ctx, in, out, c.historyFile(t))
	}
	return k.lines(ctx)
}

// conversation is what of gptrun.Chat a talk needs.
type conversation interface {
	Send(ctx context.Context, text string, opts ...gptrun.GenerateOption) iter.Seq2[gptrun.Token, error]
	Reply(ctx context.Context, opts ...gptrun.GenerateOption) iter.Seq2[gptrun.Token, error]
	Messages() []gptrun.Message
	SetMessages([]gptrun.Message)
	Len() int
	Stop() gptrun.StopReason
	Timings() gptrun.Timings
}

// talk is a conversation under way with whoever is at the other end.
type talk struct {
	t        *terminal
	out      io.Writer
	chat     conversation
	check    func([]gptrun.Message) error // whether the template takes messages
	capacity int                          // tokens of the context
	name     string                       // the model's
	sampling *samplingFlags
	settings *flags // set them
	style    style
	opening  time.Duration
	wipe     func() // ends what shows of loading
	verbose  bool

	interruptible interface{ OnInterrupt(func()) } // nil: ctx alone ends an answer
	answers       int                              // so far
}

// lines holds the conversation line by line, each one a message. Answers go to
// the output and nothing else does; the first error ends it.
func (k *talk) lines(ctx context.Context) error {
	lines := bufio.NewReader(k.t.in)
	for {
		text, err := lines.ReadString('\n')
		if err != nil && err != io.EOF {
			return err
		}
		if text = strings.TrimRight(text, "\r\n"); strings.TrimSpace(text) != "" {
			if e := k.answer(ctx, k.send(text)); e != nil {
				return e
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// question begins an answer.
type question func(context.Context, ...gptrun.GenerateOption) iter.Seq2[gptrun.Token, error]

func (k *talk) send(text string) question {
	return func(ctx context.Context, o ...gptrun.GenerateOption) iter.Seq2[gptrun.Token, error] {
		return k.chat.Send(ctx, text, o...)
	}
}

// answer prints an answer as it comes. Each has a seed of its own, so that it can
// be had anew with another.
func (k *talk) answer(ctx context.Context, ask question) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if k.interruptible != nil {
		k.interruptible.OnInterrupt(cancel)
		defer k.interruptible.OnInterrupt(nil)
	}
	options := append(k.sampling.options(), gptrun.Seed(uint64(k.sampling.seed)+uint64(k.answers)))
	k.answers++
	var failure error // of the model, not of printing
	a := newAnswer(k.t, nil, plainText, -1)
	err := a.stream(func(yield func(gptrun.Token, error) bool) {
		for token, err := range ask(ctx, options...) {
			failure = err
			if !yield(token, err) {
				return
			}
		}
	})
	k.wipe()
	if err != nil && failure == nil {
		return fmt.Errorf("%w: %w", errWriting, err)
	}
	if err == nil || a.last != 0 {
		if e := a.finish(lastAnswer(k.chat.Messages()), k.chat.Stop(), k.chat.Timings()); e != nil {
			return fmt.Errorf("%w: %w", errWriting, e)
		}
	}
	if k.verbose {
		timings := k.chat.Timings()
		timings.Load += k.opening
		k.opening = 0
		report(k.t.err, timings)
	}
	return err
}

// errWriting is an answer that could not be printed, not one that could not be had.
var errWriting = errors.New("writing the answer")

// usage is how much of the context is used.
func (k *talk) usage() string {
	return fmt.Sprintf("%s / %s tokens", thousands(k.chat.Len()), thousands(k.capacity))
}

func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
