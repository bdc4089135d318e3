package lineedit

import (
	"fmt"
	"io"
	"strings"
)

// screen draws rows below what is on the terminal, over those drawn before.
type screen struct {
	out  io.Writer
	size func() (width, height int)

	shown  []row
	row    int // of the cursor among shown
	column int
	top    int // first row of the layout that is shown, where not all fit
	width  int // of the terminal, when drawn
}

// measure is the terminal's size, which some terminals do not know.
func (s *screen) measure() (width, height int) {
	width, height = s.size()
	if width <= 0 {
		width = 80
	}
	if height <= 0 {
		height = 24
	}
	return width, height
}

// draw shows l, with the cursor where it belongs.
func (s *screen) draw(l layout) error {
	width, height := s.measure()
	s.top = min(s.top, l.row, max(0, len(l.rows)-height))
	s.top = max(s.top, l.row-height+1)
	rows := l.rows[s.top:min(len(l.rows), s.top+height)]
	var b strings.Builder
	old := s.home(&b, width)
	same := 0
	for same < len(rows)-1 && same < len(s.shown)-1 && rows[same] == s.shown[same] {
		same++
	}
	if same > 0 {
		fmt.Fprintf(&b, "\x1b[%dB", same)
	}
	wipe(&b, old-same)
	for i, r := range rows[same:] {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(r.text)
	}
	s.shown, s.row, s.column, s.width = rows, l.row-s.top, l.column, width
	if up := len(rows) - 1 - s.row; up > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", up)
	}
	// The terminal may take characters for wider or narrower than we do: the cursor
	// comes to stand after the text before it by writing that again.
	b.WriteString("\r")
	b.WriteString(rows[s.row].text[:l.byte])
	_, err := io.WriteString(s.out, b.String())
	return err
}

// home goes to the first cell of what is shown, and returns how many rows that
// takes. Where the terminal has become narrower, it has wrapped rows.
func (s *screen) home(b *strings.Builder, width int) (rows int) {
	up := s.column / width
	for i, r := range s.shown {
		n := max(1, (r.width+width-1)/width)
		if rows += n; i < s.row {
			up += n
		}
	}
	if up > 0 {
		fmt.Fprintf(b, "\x1b[%dA", up)
	}
	b.WriteString("\r")
	if width != s.width {
		s.shown = nil // it does not look as it was drawn
	}
	return rows
}

// wipe empties the cursor's row, where it stands first, and those below. It never
// empties all of the screen with one sequence, which terminals take for a reason
// to keep in their history what was on it.
func wipe(b *strings.Builder, rows int) {
	b.WriteString("\x1b[K")
	if rows > 1 {
		b.WriteString("\x1b[1B\x1b[J\x1b[1A")
	}
}

// finish leaves l on the terminal, all of it, and goes to the line below.
func (s *screen) finish(l layout) error {
	var b strings.Builder
	width, _ := s.measure()
	wipe(&b, s.home(&b, width))
	for _, r := range l.rows {
		b.WriteString(r.text)
		b.WriteString("\r\n")
	}
	s.forget()
	_, err := io.WriteString(s.out, b.String())
	return err
}

// forget begins anew where the cursor is, at the start of an empty line.
func (s *screen) forget() { s.shown, s.row, s.column, s.top, s.width = nil, 0, 0, 0, 0 }

// clear empties the terminal.
func (s *screen) clear() error {
	s.forget()
	_, err := io.WriteString(s.out, "\x1b[H\x1b[2J")
	return err
}
