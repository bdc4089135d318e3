package main

import (
	"fmt"
	"io"
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
	f.toggle(&a.json, "json", `print {"tokens":[…],"text":…,"stop":…,"timings":{…}} at the end`)
	f.toggle(&a.lines, "stream-json", `print {"id":…,"text":…} for each token as it comes, a line each, then {"stop":…,"timings":{…}}`)
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

// answer prints what a model generates.
type answer struct {
	out      io.Writer
	format   answerFormat
	logprobs bool                              // tokens have them
	nameOf   func(token int32) (string, error) // gptrun.Model.TokenText

	last   byte // of the text printed
	line   []byte
	tokens []int32
	text   strings.Builder
	likely []byte // JSON of the tokens' log-probabilities, commas between them
}

func (a *answer) stream(tokens func(yield func(gptrun.Token, error) bool)) error {
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
			err = a.print(tok.Text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *answer) print(text string) error {
	if text == "" {
		return nil
	}
	a.last = text[len(text)-1]
	_, err := io.WriteString(a.out, text)
	return err
}

func (a *answer) collect(tok gptrun.Token) (err error) {
	a.tokens = append(a.tokens, tok.ID)
	a.text.WriteString(tok.Text)
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
	if a.logprobs {
		if b, err = a.appendLogprobs(b, tok); err != nil {
			return err
		}
	}
	a.line = append(b, "}\n"...)
	_, err = a.out.Write(a.line)
	return err
}

// finish ends the answer: text with a line break, JSON with the rest.
func (a *answer) finish(stop gptrun.StopReason, t gptrun.Timings) error {
	b := append(a.line[:0], '{')
	switch a.format {
	case plainText:
		if a.last == '\n' {
			return nil
		}
		_, err := io.WriteString(a.out, "\n")
		return err
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
	}
	b = append(b, `"stop":`...)
	b = appendString(b, string(stop))
	b = append(b, `,"timings":`...)
	b = appendTimings(b, t)
	_, err := a.out.Write(append(b, "}\n"...))
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
