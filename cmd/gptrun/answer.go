package main

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/gptrun/gptrun"
)

// answer prints what a model generates: at once, or as JSON at the end. On a
// terminal its thinking comes first, dimmed; whoever reads the output by a
// program gets that in the JSON.
type answer struct {
	out      io.Writer // text without control characters
	terminal io.Writer // for the colours of a terminal; nil: none
	json     bool
	show     bool // thinking

	tokens   []int32
	text     strings.Builder
	thinking bool // what has been printed last is
	last     byte
}

func newAnswer(t *terminal, json bool) *answer {
	if json {
		return &answer{out: t.out, json: true}
	}
	a := &answer{out: t.answer(), show: t.outIsTerminal}
	if t.colours() {
		a.terminal = t.out
	}
	return a
}

func (a *answer) stream(tokens iter.Seq2[gptrun.Token, error]) error {
	defer a.dim(false)
	for tok, err := range tokens {
		if err != nil {
			return err
		}
		if tok.ID >= 0 && a.json { // others are text of tokens before
			a.tokens = append(a.tokens, tok.ID)
		}
		if tok.Text == "" || tok.Thinking && !a.show {
			continue
		}
		if a.json {
			a.text.WriteString(tok.Text)
			continue
		}
		if err := a.print(tok); err != nil {
			return err
		}
	}
	return nil
}

// print prints a text, thinking apart from the answer.
func (a *answer) print(tok gptrun.Token) error {
	text := tok.Text
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
	case a.terminal == nil || !on && !a.thinking:
	case on:
		_, _ = io.WriteString(a.terminal, dimmed)
	default:
		_, _ = io.WriteString(a.terminal, undimmed)
	}
}

// finish ends the answer: text with its tool calls, a line each, and a line break;
// JSON with everything. m is a chat's answer, nil where there is none.
func (a *answer) finish(m *gptrun.Message, stop gptrun.StopReason, t gptrun.Timings) error {
	if a.json {
		return a.finishJSON(m, stop, t)
	}
	var end []byte
	if a.last != '\n' && (a.last != 0 || m == nil || len(m.ToolCalls) == 0) {
		end = append(end, '\n')
	}
	if m != nil {
		for _, call := range m.ToolCalls {
			line, err := json.Marshal(call)
			if err != nil {
				return err
			}
			end = append(append(end, line...), '\n')
		}
	}
	_, err := a.out.Write(end)
	return err
}

func (a *answer) finishJSON(m *gptrun.Message, stop gptrun.StopReason, t gptrun.Timings) error {
	b := append([]byte(nil), `{"tokens":`...)
	b = appendIDs(b, a.tokens)
	b = append(b, `,"text":`...)
	b = appendString(b, a.text.String())
	if m != nil && m.Thinking != "" {
		b = append(b, `,"thinking":`...)
		b = appendString(b, m.Thinking)
	}
	if m != nil && len(m.ToolCalls) > 0 {
		calls, err := json.Marshal(m.ToolCalls)
		if err != nil {
			return err
		}
		b = append(append(b, `,"tool_calls":`...), calls...)
	}
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
