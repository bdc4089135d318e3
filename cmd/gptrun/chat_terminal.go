package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/gptrun/gptrun"
	"github.com/gptrun/gptrun/cmd/gptrun/lineedit"
)

// What stands before a message's first line and its others.
const promptText, continuationText = ">>> ", "... "

// person is someone who types messages.
type person interface {
	// Read reads a message. Its errors are the editor's.
	Read() (string, error)
	// OnInterrupt makes Ctrl-C call f instead; nil ends that.
	OnInterrupt(f func())
}

// editing is a person with an editor.
type editing struct {
	*lineedit.Editor
	*lineedit.TTY
}

// atTerminal holds the conversation with a person. Signals come by way of the
// terminal: Ctrl-C does not end ctx.
func (k *talk) atTerminal(ctx context.Context, in, out *os.File, historyFile string) error {
	ctx = context.WithoutCancel(ctx)
	k.hint(fmt.Sprintf("%s, %s tokens of context. /help lists commands, Ctrl-D leaves.", printable(k.name), thousands(k.capacity)))
	if k.t.dumb() {
		return k.converse(ctx, newTypist(in, out), &lineedit.History{})
	}
	history, err := &lineedit.History{}, error(nil)
	if historyFile != "" {
		if history, err = lineedit.OpenHistory(historyFile); err != nil {
			k.hint("what you type is not kept: " + printable(err.Error()))
		}
	}
	tty, err := lineedit.Open(in, out)
	if err != nil {
		return err
	}
	defer closing(tty, &err)
	editor := lineedit.New(tty, out, tty.Size)
	editor.Prompt, editor.Continuation, editor.Complete, editor.History = promptText, continuationText, isComplete, history
	err = k.converse(ctx, editing{editor, tty}, history)
	return err
}

// historyFile is where what was typed is kept; "": nowhere.
func (c *chatFlags) historyFile(t *terminal) string {
	switch c.history {
	case "":
		if dir := t.stateDir(); dir != "" {
			return filepath.Join(dir, "chat_history")
		}
		return ""
	case "-":
		return ""
	}
	return c.history
}

// errLeave ends the conversation.
var errLeave = errors.New("leave")

// converse reads messages and commands until the person leaves.
func (k *talk) converse(ctx context.Context, p person, history *lineedit.History) error {
	k.interruptible = p
	kept := true
	for {
		text, err := p.Read()
		switch {
		case errors.Is(err, lineedit.ErrInterrupted):
			if strings.TrimSpace(text) == "" {
				k.hint("Ctrl-D or /exit leaves.")
			}
			continue
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		if err := history.Add(text); err != nil && kept {
			kept = false
			k.hint("what you type is not kept: " + printable(err.Error()))
		}
		if err := k.take(ctx, text); err == errLeave {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// take does what a message or command asks for. The error is one of writing.
func (k *talk) take(ctx context.Context, typed string) error {
	text := unquote(typed)
	if strings.TrimSpace(text) == "" {
		return nil
	}
	if c, argument, ok := k.command(typed); ok {
		err := c(k, ctx, argument)
		var cannot cannotError
		if errors.As(err, &cannot) {
			return k.hint(printable(cannot.Error()))
		}
		return err
	}
	return k.reply(ctx, k.send(text))
}

// reply prints an answer and what there is to say about it.
func (k *talk) reply(ctx context.Context, ask question) error {
	err := k.answer(ctx, ask)
	full := k.chat.Len() >= k.capacity
	switch {
	case errors.Is(err, context.Canceled):
		return k.hint(fmt.Sprintf("(stopped; %s)", k.usage()))
	case errors.Is(err, gptrun.ErrContext):
		return k.hint(printable(err.Error()) + ". The conversation is as it was; /clear begins anew.")
	case errors.Is(err, errWriting):
		return err
	case err != nil:
		return k.hint("gptrun: " + printable(err.Error()))
	case full:
		return k.hint(fmt.Sprintf("(the context is full: %s; /clear begins anew)", k.usage()))
	}
	return k.hint(fmt.Sprintf("(%s)", k.usage()))
}

// hint prints a line that is not the model's.
func (k *talk) hint(line string) error {
	_, err := io.WriteString(k.out, k.style.dim(line)+"\n")
	return err
}

const quotes = `"""`

// isComplete tells whether Enter ends a message: one that begins with three
// quotes goes on until the next three.
func isComplete(text string) bool {
	text, quoted := strings.CutPrefix(strings.TrimSpace(text), quotes)
	return !quoted || strings.HasSuffix(text, quotes)
}

// unquote takes the three quotes off.
func unquote(text string) string {
	inner, begun := strings.CutPrefix(strings.TrimSpace(text), quotes)
	inner, ended := strings.CutSuffix(inner, quotes)
	if !begun || !ended {
		return text
	}
	return strings.Trim(inner, "\n")
}
