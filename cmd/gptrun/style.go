package main

// style marks text up for a terminal. The zero value leaves it plain.
type style struct{ on bool }

// style returns the one for an output: plain where it is no terminal, where the
// user wants no colours (no-color.org), and where the terminal knows none.
func (t *terminal) style(isTerminal bool) style {
	if !isTerminal {
		return style{}
	}
	if v, ok := t.env("NO_COLOR"); ok && v != "" {
		return style{}
	}
	if v, _ := t.env("TERM"); v == "dumb" {
		return style{}
	}
	return style{on: understandsEscapes()}
}

func (s style) bold(text string) string { return s.mark("\x1b[1m", text) }
func (s style) dim(text string) string  { return s.mark("\x1b[2m", text) }

func (s style) mark(begin, text string) string {
	if !s.on {
		return text
	}
	return begin + text + "\x1b[0m"
}
