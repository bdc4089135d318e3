package lineedit

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// tabStop is how far apart tab stops are, from the start of a line's text.
const tabStop = 8

// row is one row of the screen: text of at most the screen's width.
type row struct {
	text  string
	width int // in cells
}

// layout is a text set in rows, and where the cursor is in them.
type layout struct {
	rows      []row
	row, byte int // of the cursor: its row, and the bytes of that row before it
	column    int // the cells before it
}

// setter fills rows.
type setter struct {
	layout
	width   int // of the screen
	current strings.Builder
	cells   int // of current
}

// set sets text in rows of the given width. The first line follows prompt, the
// others continuation; rows within a line have neither. The cursor is before
// the text's byte at.
func set(prompt, continuation, text string, at, width int) layout {
	s := setter{width: max(width, 2)}
	s.write(prompt)
	begin := s.cells
	state := -1
	rest := text
	for pos := 0; ; {
		if pos == at {
			s.mark()
		}
		if rest == "" {
			break
		}
		var cluster string
		var cells int
		cluster, rest, cells, state = uniseg.FirstGraphemeClusterInString(rest, state)
		next := pos + len(cluster)
		if at > pos && at < next {
			s.mark() // cannot be, but the cursor is always somewhere
		}
		pos = next
		switch {
		case cluster == "\n":
			s.end()
			s.write(continuation)
			begin = s.cells
		case cluster == "\t":
			for n := tabStop - (s.cells-begin+s.width*tabStop)%tabStop; n > 0; n-- {
				s.put(" ", 1)
			}
		default:
			s.put(cluster, cells)
		}
	}
	s.end()
	return s.layout
}

func (s *setter) write(text string) {
	for text != "" {
		var cluster string
		var cells int
		cluster, text, cells, _ = uniseg.FirstGraphemeClusterInString(text, -1)
		s.put(cluster, cells)
	}
}

// put adds a character, on a new row where it does not fit.
func (s *setter) put(cluster string, cells int) {
	if cells > s.width || strings.ContainsFunc(cluster, unicode.IsControl) {
		cluster, cells = "\uFFFD", 1
	}
	if s.cells+cells > s.width {
		s.end()
	}
	s.current.WriteString(cluster)
	s.cells += cells
}

// mark notes that the cursor is here. It stands on a cell, so that after a full
// row it is on the next.
func (s *setter) mark() {
	if s.cells == s.width {
		s.end()
	}
	s.row, s.byte, s.column = len(s.rows), s.current.Len(), s.cells
}

func (s *setter) end() {
	s.rows = append(s.rows, row{s.current.String(), s.cells})
	s.current.Reset()
	s.cells = 0
}
