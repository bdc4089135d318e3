package main

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/gptrun/gptrun"
)

// answerFormat is how an answer is printed.
type answerFormat int

const (
	plainText answerFormat = iota
	jsonAtEnd              // one object
	jsonLines              // one for each token as it comes, and one at the end
)

// answerFlags choose it.
type answerFlags struct {
	json, lines bool
	logprobs    int // likeliest tokens to list with each; −1: no log-probabilities
	flags       *flags
}

func (a *answerFlags) define(f *flags) {
	a.logprobs, a.flags = -1, f
	f.group("Output")
	f.toggle(&a.json, "json", `print {"tokens":[…],"text":…,"stop":…,"timings":{…}} at the end, with thinking and tool_calls where there are any`)
	f.toggle(&a.lines, "stream-json", `print {"id":…,"text":…} for each token as it comes, a line each, then {"stop":…,"timings":{…}}, and tool_calls where there are any`)
	f.integer(&a.logprobs, -1, "n-probs logprobs", "N", "with either: each token's log-probability and those of the N likeliest in its place; -1: no")
}

// format returns the format asked for. What stands on the command line comes
// before the environment.
func (a *answerFlags) format() (answerFormat, error) {
	typed := func(name string) bool { return a.flags.find(name).typed }
	switch {
	case typed("json") && typed("stream-json") && a.json && a.lines:
		return 0, usageError("--json prints at the end, --stream-json as tokens come: give one of them")
	case a.lines && !(a.json && typed("json")):
		return jsonLines, nil
	case a.json:
		return jsonAtEnd, nil
	case a.logprobs >= 0 && typed("logprobs"):
		return 0, usageError("--logprobs goes with --json or --stream-json")
	}
	return plainText, nil
}

// answer prints what a model generates. As plain text its thinking is for a
// person who looks on at a terminal, dimmed; a program gets it in the JSON.
type answer struct {
	out      io.Writer
	escapes  io.Writer // where escape sequences for dimmed text go; nil: nowhere
	format   answerFormat
	thoughts bool                              // show thinking
	logprobs bool                              // tokens have them
	nameOf   func(token int32) (string, error) // gptrun.Model.TokenText

	thinking bool // the text printed last is
	last     byte // of the text printed
	line     []byte
	tokens   []int32
	text     strings.Builder
	likely   []byte // JSON of the tokens' log-probabilities, commas between them
}

func newAnswer(t *terminal, model *gptrun.Model, format answerFormat, logprobs int) *answer {
	if format != plainText {
		return &answer{out: t.out, format: format, logprobs: logprobs >= 0, nameOf: model.TokenText}
	}
	a := &answer{out: t.answer(), thoughts: t.outIsTerminal}
	if t.style(t.outIsTerminal).on {
		a.escapes = t.out
	}
	return a
}

func (a *answer) stream(tokens iter.Seq2[gptrun.Token, error]) error {
	defer a.dim(false)
	for tok, err := range tokens {
		if err != nil {
			return err
		}
		switch a.format {
		case jsonAtEnd:
			err = a.collect(tok)
		case jsonLines:
			err = a.printLine(tok)
		default:
			err = a.print(tok)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// print prints a text, thinking apart from the answer.
func (a *answer) print(tok gptrun.Token) error {
	text := tok.Text
	if text == "" || tok.Thinking && !a.thoughts {
		return nil
	}
	if tok.Thinking != a.thinking {
		if a.dim(tok.Thinking); !tok.Thinking {
			text = "\n\n" + text
		}
		a.thinking = tok.Thinking
	}
	a.last = text[len(text)-1]
	_, err := io.WriteString(a.out, text)
	return err
}

// dim begins or ends dimmed text.
func (a *answer) dim(on bool) {
	switch {
	case a.escapes == nil || !on && !a.thinking:
	case on:
		_, _ = io.WriteString(a.escapes, "\x1b[2m")
	default:
		_, _ = io.WriteString(a.escapes, "\x1b[0m")
	}
}

func (a *answer) collect(tok gptrun.Token) (err error) {
	if !tok.Thinking {
		a.text.WriteString(tok.Text)
	}
	if tok.ID < 0 { // text of tokens before
		return nil
	}
	a.tokens = append(a.tokens, tok.ID)
	if !a.logprobs {
		return nil
	}
	if len(a.likely) > 0 {
		a.likely = append(a.likely, ',')
	}
	a.likely = appendID(a.likely, tok.ID)
	a.likely, err = a.appendLogprobs(a.likely, tok)
	a.likely = append(a.likely, '}')
	return err
}

func (a *answer) printLine(tok gptrun.Token) (err error) {
	b := appendID(a.line[:0], tok.ID)
	b = append(b, `,"text":`...)
	b = appendString(b, tok.Text)
	if tok.Thinking {
		b = append(b, `,"thinking":true`...)
	}
	if a.logprobs && tok.ID >= 0 {
		if b, err = a.appendLogprobs(b, tok); err != nil {
			return err
		}
	}
	a.line = append(b, "}\n"...)
	_, err = a.out.Write(a.line)
	return err
}

// lastAnswer is the answer that a conversation ends with, nil where it does not.
func lastAnswer(messages []gptrun.Message) *gptrun.Message {
	if n := len(messages); n > 0 && messages[n-1].Role == "assistant" {
		return &messages[n-1]
	}
	return nil
}

// finish ends the answer: text with its tool calls and a line break, JSON with the
// rest. m is a chat's answer, nil where there is none.
func (a *answer) finish(m *gptrun.Message, stop gptrun.StopReason, t gptrun.Timings) error {
	if m == nil {
		m = &gptrun.Message{}
	}
	b := append(a.line[:0], '{')
	switch a.format {
	case plainText:
		return a.finishText(m.ToolCalls)
	case jsonAtEnd:
		b = append(b, `"tokens":`...)
		b = appendIDs(b, a.tokens)
		b = append(b, `,"text":`...)
		b = appendString(b, a.text.String())
		if a.logprobs {
			b = append(b, `,"logprobs":[`...)
			b = append(append(b, a.likely...), ']')
		}
		b = append(b, ',')
		if m.Thinking != "" {
			b = append(b, `"thinking":`...)
			b = append(appendString(b, m.Thinking), ',')
		}
	}
	if len(m.ToolCalls) > 0 {
		calls, err := json.Marshal(m.ToolCalls)
		if err != nil {
			return err
		}
		b = append(b, `"tool_calls":`...)
		b = append(append(b, calls...), ',')
	}
	b = append(b, `"stop":`...)
	b = appendString(b, string(stop))
	b = append(b, `,"timings":`...)
	b = appendTimings(b, t)
	_, err := a.out.Write(append(b, "}\n"...))
	return err
}

// finishText ends the last line and prints tool calls, each as a line of JSON.
func (a *answer) finishText(calls []gptrun.ToolCall) error {
	var b []byte
	if a.last != '\n' && (a.last != 0 || len(calls) == 0) {
		b = append(b, '\n')
	}
	for _, call := range calls {
		line, err := json.Marshal(call)
		if err != nil {
			return err
		}
		b = append(append(b, line...), '\n')
	}
	_, err := a.out.Write(b)
	return err
}

// appendID begins the object of a token.
func appendID(b []byte, id int32) []byte {
	return strconv.AppendInt(append(b, `{"id":`...), int64(id), 10)
}

// appendLogprobs appends the fields that llama.cpp's and OpenAI's servers give a
// token of which log-probabilities are asked. token is what it stands for by
// itself, and bytes the same, for pieces that are not UTF-8.
func (a *answer) appendLogprobs(b []byte, tok gptrun.Token) ([]byte, error) {
	name, err := a.nameOf(tok.ID)
	if err != nil {
		return b, err
	}
	b = appendLogprob(b, name, tok.Logprob)
	b = append(b, `,"top_logprobs":`...)
	return appendList(b, tok.Top, func(b []byte, t gptrun.TokenLogprob) []byte {
		return append(appendLogprob(appendID(b, t.ID), t.Text, t.Logprob), '}')
	}), nil
}

func appendLogprob(b []byte, text string, logprob float64) []byte {
	b = append(b, `,"token":`...)
	b = appendString(b, text)
	b = append(b, `,"bytes":`...)
	b = appendList(b, []byte(text), func(b []byte, v byte) []byte { return strconv.AppendUint(b, uint64(v), 10) })
	b = append(b, `,"logprob":`...)
	return appendFloat(b, logprob, 64)
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
