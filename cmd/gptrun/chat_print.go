package main

import (
	"io"
	"strings"

	"github.com/gptrun/gptrun"
)

const (
	dim   = "\x1b[2m"
	plain = "\x1b[0m"
)

// chatPrinter prints an answer. On a terminal thinking comes first, dimmed or
// between marks; elsewhere it is left out.
type chatPrinter struct {
	out        io.Writer // the terminal itself
	text       io.Writer // what of the model's text is fit for it
	isTerminal bool
	colours    bool

	thinking bool
	begun    bool // something of the current part but line breaks was printed
	last     byte
}

func (k *talk) printer() *chatPrinter {
	return &chatPrinter{out: k.out, text: k.t.answer(), isTerminal: k.t.outIsTerminal, colours: k.colours}
}

func (p *chatPrinter) print(token gptrun.Token) error {
	if token.Text == "" || token.Thinking && !p.isTerminal {
		return nil
	}
	if p.isTerminal && token.Thinking != p.thinking {
		if err := p.turn(token.Thinking); err != nil {
			return err
		}
	}
	text := token.Text
	if p.isTerminal && !p.begun {
		if text = strings.TrimLeft(text, "\r\n"); text == "" {
			return nil
		}
	}
	p.begun = true
	p.last = text[len(text)-1]
	_, err := io.WriteString(p.text, text)
	return err
}

// turn begins or ends the thinking.
func (p *chatPrinter) turn(thinking bool) error {
	mark := "(thinking)\n"
	switch {
	case p.colours && thinking:
		mark = dim
	case p.colours:
		mark = plain
	case !thinking:
		mark = "(answer)\n"
	}
	if p.begun {
		if p.last != '\n' {
			mark = "\n" + mark
		}
		if p.colours {
			mark += "\n"
		}
	}
	p.thinking, p.begun = thinking, false
	_, err := io.WriteString(p.out, mark)
	return err
}

// end leaves the cursor at the start of a line. An answer that failed before it
// began is none.
func (p *chatPrinter) end(failed bool) error {
	mark := ""
	if p.thinking && p.colours {
		mark = plain
	}
	if p.last != '\n' && (p.begun || !p.isTerminal && !failed) {
		mark += "\n"
	}
	_, err := io.WriteString(p.out, mark)
	return err
}
