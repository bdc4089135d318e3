package lineedit

import (
	"strconv"
	"strings"
	"testing"

	"github.com/rivo/uniseg"
	"github.com/stretchr/testify/require"
)

// fakeScreen is a terminal that knows the sequences the editor writes, and fails
// the test on any other.
type fakeScreen struct {
	t             testing.TB
	width, height int
	rows          [][]string // cells; the second of a wide character is empty
	row, column   int
	scrolled      []string // rows that have left at the top
	written       int
}

func newFakeScreen(t testing.TB, width, height int) *fakeScreen {
	return &fakeScreen{t: t, width: width, height: height, rows: make([][]string, height)}
}

func (f *fakeScreen) size() (int, int) { return f.width, f.height }

func (f *fakeScreen) Write(b []byte) (int, error) {
	f.written += len(b)
	text := string(b)
	for text != "" {
		var c string
		var cells int
		c, text, cells, _ = uniseg.FirstGraphemeClusterInString(text, -1)
		switch c {
		case "\r\n":
			f.column = 0
			f.lineFeed()
		case "\r":
			f.column = 0
		case "\n":
			f.lineFeed()
		case "\x1b":
			text = f.sequence(text)
		default:
			f.put(c, cells)
		}
	}
	return len(b), nil
}

func (f *fakeScreen) lineFeed() {
	if f.row++; f.row == f.height {
		f.scrolled = append(f.scrolled, f.line(0))
		f.rows = append(f.rows[1:], nil)
		f.row--
	}
}

func (f *fakeScreen) put(c string, cells int) {
	require.False(f.t, c < " ", "control character %q", c)
	require.LessOrEqual(f.t, f.column+cells, f.width, "the terminal would wrap %q", c)
	if cells == 0 { // a mark or the like by itself: it joins the character before it
		if f.column > 0 {
			f.rows[f.row][f.column-1] += c
		}
		return
	}
	for len(f.rows[f.row]) < f.column+cells {
		f.rows[f.row] = append(f.rows[f.row], " ")
	}
	f.rows[f.row][f.column] = c
	if cells == 2 {
		f.rows[f.row][f.column+1] = ""
	}
	f.column += cells
}

// sequence does what follows ESC and returns what follows that.
func (f *fakeScreen) sequence(text string) string {
	n := strings.IndexAny(text, "ABCDHJKhlm")
	require.True(f.t, strings.HasPrefix(text, "[") && n > 0, "sequence %q", text)
	count, err := strconv.Atoi(text[1:n])
	if err != nil {
		count = 1
	}
	switch text[:n+1] {
	case "[H":
		f.row, f.column = 0, 0
		return text[n+1:]
	case "[2J":
		f.rows = make([][]string, f.height)
		return text[n+1:]
	case "[K":
		f.rows[f.row] = f.rows[f.row][:min(f.column, len(f.rows[f.row]))]
		return text[n+1:]
	case "[J":
		require.True(f.t, f.row+f.column > 0, "erases the whole screen")
		f.rows[f.row] = f.rows[f.row][:min(f.column, len(f.rows[f.row]))]
		clear(f.rows[f.row+1:])
		return text[n+1:]
	}
	switch text[n] {
	case 'A':
		f.row = max(0, f.row-count)
	case 'B':
		f.row = min(f.height-1, f.row+count)
	default:
		require.Fail(f.t, "sequence", "%q", text)
	}
	return text[n+1:]
}

func (f *fakeScreen) line(i int) string { return strings.TrimRight(strings.Join(f.rows[i], ""), " ") }

// text is what the screen shows, with | before the cursor's cell and less empty
// lines at the end.
func (f *fakeScreen) text() string {
	var lines []string
	for i := range f.rows {
		l := f.line(i)
		if i == f.row {
			cells := append([]string(nil), f.rows[i]...)
			for len(cells) < f.column {
				cells = append(cells, " ")
			}
			l = strings.Join(cells[:f.column], "") + "|" + strings.TrimRight(strings.Join(cells[f.column:], ""), " ")
		}
		lines = append(lines, l)
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}
