package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// benchStatus shows how far a benchmark is: on a terminal in one line that
// changes, or with --progress as lines.
type benchStatus struct {
	t     *terminal
	lines bool
	total int
	test  string
	shown int // characters on the terminal's line
}

func newBenchStatus(t *terminal, lines bool, total int) *benchStatus {
	return &benchStatus{t: t, lines: lines, total: total}
}

// next says that the test of this index comes now.
func (s *benchStatus) next(index int, c benchCase) {
	s.test = fmt.Sprintf("benchmark %d/%d: %s: %s", index+1, s.total, printable(c.path), c.name())
}

// step says what is being done for it.
func (s *benchStatus) step(what string) {
	switch line := s.test + ": " + what; {
	case s.lines:
		fmt.Fprintf(s.t.err, "gptrun: %s\n", line)
	case s.t.errIsTerminal:
		s.wipe()
		fmt.Fprint(s.t.err, line)
		s.shown = utf8.RuneCountInString(line)
	}
}

// wipe takes the line away, for what is printed next.
func (s *benchStatus) wipe() {
	if s.shown > 0 {
		fmt.Fprintf(s.t.err, "\r%s\r", strings.Repeat(" ", s.shown))
		s.shown = 0
	}
}
