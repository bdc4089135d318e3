package lineedit

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// script is a person's keys: bytes as a terminal sends them, and functions that
// look at the screen between them.
type script struct {
	steps     []any
	decoder   decoder
	keys      []Key
	suspended int
}

func (s *script) Next() (Key, error) {
	for len(s.keys) == 0 {
		if len(s.steps) == 0 {
			return Key{}, io.EOF
		}
		switch step := s.steps[0].(type) {
		case string:
			s.keys = append(s.decoder.feed([]byte(step)), s.decoder.flush()...)
		case Key:
			s.keys = []Key{step}
		case func():
			step()
		}
		s.steps = s.steps[1:]
	}
	key := s.keys[0]
	s.keys = s.keys[1:]
	return key, nil
}

func (s *script) Suspend() { s.suspended++ }

const (
	up, down, right, left = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
	home, end, del        = "\x1b[H", "\x1b[F", "\x1b[3~"
	ctrlLeft, ctrlRight   = "\x1b[1;5D", "\x1b[1;5C"
	altEnter              = "\x1b\r"
)

func paste(text string) string { return pasteBegin + strings.ReplaceAll(text, "\n", "\r") + pasteEnd }

func newEditor(t testing.TB, width, height int, steps ...any) (*Editor, *fakeScreen) {
	s := newFakeScreen(t, width, height)
	return New(&script{steps: steps}, s, s.size), s
}

func TestKeysEditTheMessage(t *testing.T) {
	for _, c := range []struct{ name, keys, want string }{
		{"text", "hello", "hello"},
		{"left and right", "hllo" + left + left + left + "e" + right + right + right + "!", "hello!"},
		{"home and end", "ello" + home + "h" + end + "!", "hello!"},
		{"ctrl-a and ctrl-e", "ello\x01h\x05!", "hello!"},
		{"ctrl-b and ctrl-f", "hllo\x02\x02\x02\x02\x06e", "hello"},
		{"backspace and delete", "hexllo" + left + left + left + "\x7f\x08" + "e" + home + del + "h", "hello"},
		{"words", "one two three" + ctrlLeft + "X" + ctrlLeft + ctrlLeft + "Y" + ctrlRight + ctrlRight + "Z", "one Ytwo XthreeZ"},
		{"alt words", "one two\x1bb\x1bbA\x1bfB", "AoneB two"},
		{"ctrl-k and ctrl-y", "hello world" + ctrlLeft + "\x0b\x01\x19", "worldhello "},
		{"ctrl-u", "hello world" + ctrlLeft + "\x15", "world"},
		{"ctrl-w", "see /a/b c\x17\x17", "see "},
		{"cuts in a row are one", "a b c\x17\x17\x17X\x19", "Xa b c"},
		{"cuts apart are not", "a b c\x17Y\x17\x19", "a b Y"},
		{"alt-d", "one two" + home + "\x1bd\x05\x19", " twoone"},
		{"alt-backspace", "see /a/b\x1b\x7f", "see /a/"},
		{"ctrl-d deletes", "ab" + home + "\x04", "b"},
		{"transpose", "ab\x14", "ba"},
		{"transpose in the middle", "abcd" + left + left + "\x14", "acbd"},
		{"nothing to transpose", "a\x14" + left + "\x14", "a"},
		{"alt-enter", "one" + altEnter + "two", "one\ntwo"},
		{"ctrl-j", "one\x0atwo", "one\ntwo"},
		{"shift-enter", "one\x1b[13;2utwo", "one\ntwo"},
		{"a backslash before Enter", "one\\\rtwo", "one\ntwo"},
		{"ctrl-k joins lines", "one" + altEnter + "two" + up + "\x05\x0b", "onetwo"},
		{"up and down between lines", "one" + altEnter + "two" + up + "X" + down + "Y", "oneX\ntwoY"},
		{"up keeps the column", "東京xyz" + altEnter + "abcd" + up + "|", "東京|xyz\nabcd"},
		{"wide characters", "東京" + left + "x" + left + "\x7f", "x京"},
		{"characters of several code points", "e\u0301👩‍👩‍👧🇩🇪" + left + left + "x" + left + left + "y", "ye\u0301x👩‍👩‍👧🇩🇪"},
		{"rubbing them out", "e\u0301👩‍👩‍👧🇩🇪\x7f\x7f\x7fx", "x"},
		{"a paste of lines", "<" + paste("one\ntwo") + ">", "<one\ntwo>"},
		{"a paste with control characters", paste("a\x1b[31m\x00b\tc\u009b"), "a[31mb\tc"},
		{"a paste that is not UTF-8", paste("a\xffb"), "a\uFFFDb"},
		{"keys that mean nothing", "a\x1b[99~\x1b[15;3~\x1bO9\x1b[?1;2c\x00b", "ab"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, _ := newEditor(t, 40, 10, c.keys+"\r")
			text, err := e.Read()
			require.NoError(t, err)
			require.Equal(t, c.want, text)
		})
	}
}

func TestKeysThatComeInPiecesAreTheSame(t *testing.T) {
	keys := "ab" + left + "東" + ctrlLeft + paste("x\ny\x1b[20") + "é\x1bd\x1b[13;2u" + up + "\r"
	var whole decoder
	want := whole.feed([]byte(keys))
	join := func(keys []Key) string {
		var b strings.Builder
		for _, k := range keys {
			if k.Name == "text" {
				b.WriteString(k.Text)
			} else {
				fmt.Fprintf(&b, "<%s %q>", k.Name, k.Text)
			}
		}
		return b.String()
	}
	rapid.Check(t, func(t *rapid.T) {
		var d decoder
		var got []Key
		for rest := []byte(keys); len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			got = append(got, d.feed(rest[:n])...)
			rest = rest[n:]
		}
		require.Equal(t, join(want), join(got))
	})
}

func FuzzDecoderTakesAnyBytes(f *testing.F) {
	f.Add([]byte("\x1b[1;5D\x1b\x1b[\x1bO"), uint8(3))
	f.Add([]byte(pasteBegin+"x"+pasteEnd), uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, piece uint8) {
		e, _ := newEditor(t, 20, 5)
		var d decoder
		for n := int(piece%16) + 1; len(b) > 0; {
			for _, key := range d.feed(b[:min(n, len(b))]) {
				if key.Name == "ctrl-l" {
					continue
				}
				e.press(key)
				require.NoError(t, e.screen.draw(e.layout()))
			}
			b = b[min(n, len(b)):]
			require.LessOrEqual(t, len(d.pending), max(maxSequence, len(pasteEnd)))
		}
	})
}

func TestAScreenShowsTheMessageAndTheCursor(t *testing.T) {
	var s *fakeScreen
	shows := func(want string) func() {
		return func() { require.Equal(t, want, s.text()) }
	}
	e, fake := newEditor(t, 10, 4,
		shows("> |"), "hello", shows("> hello|"), left+left, shows("> hel|lo"),
		end+"abc", shows("> helloabc\n|"), "d", shows("> helloabc\nd|"), "\x7f\x7f", shows("> helloab|"),
		altEnter, shows("> helloab\n  |"), "東京東京", shows("> helloab\n  東京東京\n|"),
		"x", shows("> helloab\n  東京東京\nx|"), up, shows("> helloab|\n  東京東京\nx"),
		down+end+"\x7f", shows("> helloab\n  東京東京\n|"),
		altEnter+"a"+altEnter+"b"+altEnter+"c", shows("  東京東京\n  a\n  b\n  c|"),
		home+up+up+up+up, shows("> |helloab\n  東京東京\n  a\n  b"), "\r")
	s = fake
	text, err := e.Read()
	require.NoError(t, err)
	require.Equal(t, "helloab\n東京東京\na\nb\nc", text)
	require.Equal(t, "  a\n  b\n  c\n|", s.text())
	require.Equal(t, []string{"> helloab", "  東京東京"}, s.scrolled)
}

func TestWhatStandsAboveStays(t *testing.T) {
	e, s := newEditor(t, 20, 5, "one"+altEnter+"two"+up+up+down+"!\r")
	_, _ = io.WriteString(s, "an answer\r\n")
	_, err := e.Read()
	require.NoError(t, err)
	require.Equal(t, "an answer\n> one\n  two!\n|", s.text())
}

func TestTabsGoToStops(t *testing.T) {
	var s *fakeScreen
	e, fake := newEditor(t, 20, 5, "a\tb\tc", func() { require.Equal(t, "> a       b       c|", s.text()) }, "\r")
	s = fake
	text, err := e.Read()
	require.NoError(t, err)
	require.Equal(t, "a\tb\tc", text)
}

func TestAnyTextIsSetInRowsThatFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := clean(rapid.StringOf(rapid.SampledFrom([]rune("ab \n\t東é\u0301🇩🇪👩\u200d️"))).Draw(t, "text"))
		b := buffer{text: text, at: len(text)}
		for range rapid.IntRange(0, 10).Draw(t, "back") {
			b.at = b.previous()
		}
		width := rapid.IntRange(2, 12).Draw(t, "width")
		l := set("> ", "  ", text, b.at, width)
		all := ""
		for _, r := range l.rows {
			require.LessOrEqual(t, r.width, width)
			all += r.text
		}
		strip := strings.NewReplacer(" ", "", "\n", "", "\t", "", ">", "").Replace
		require.Equal(t, strip(text), strip(all))
		require.Less(t, l.row, len(l.rows))
		require.Less(t, l.column, width)
		before := strings.Join(func() (rows []string) {
			for _, r := range l.rows[:l.row] {
				rows = append(rows, r.text)
			}
			return rows
		}(), "") + l.rows[l.row].text[:l.byte]
		require.Equal(t, strip(text[:b.at]), strip(before))
	})
}

func TestAPasteOf500LinesIsOneMessage(t *testing.T) {
	var lines []string
	for i := range 500 {
		lines = append(lines, fmt.Sprintf("line %d of the paste, 東京 é", i))
	}
	text := strings.Join(lines, "\n")
	e, s := newEditor(t, 60, 15, paste(text), "!"+left, "\r")
	got, err := e.Read()
	require.NoError(t, err)
	require.Equal(t, text+"!", got)
	require.Equal(t, "> "+lines[0], s.scrolled[0], "all of it is left on the terminal")
	require.Len(t, s.scrolled, 500-15+1)
	require.Less(t, s.written, 2*len(text), "each key redraws no more than the screen")
}

func TestANarrowerTerminalIsRedrawnWhereItWrapped(t *testing.T) {
	var s *fakeScreen
	e, fake := newEditor(t, 20, 8, "hello world, this is long", func() {
		require.Equal(t, "above\n> hello world, this\nis long|", s.text())
		// What a terminal makes of it that wraps rows anew.
		*s = fakeScreen{t: t, width: 10, height: 8, rows: make([][]string, 8)}
		_, _ = io.WriteString(s, "above\r\n> hello wo\r\nrld, this\r\nis long")
	}, Key{Name: Redraw}, func() {
		require.Equal(t, "above\n> hello wo\nrld, this\nis long|", s.text())
		*s = fakeScreen{t: t, width: 40, height: 8, rows: make([][]string, 8)}
		_, _ = io.WriteString(s, "above\r\n> hello wo\r\nrld, this\r\nis long")
	}, Key{Name: Redraw}, func() {
		require.Equal(t, "above\n> hello world, this is long|", s.text())
	}, "\r")
	s = fake
	_, _ = io.WriteString(s, "above\r\n")
	_, err := e.Read()
	require.NoError(t, err)
}

func TestWaysOutOfAMessage(t *testing.T) {
	e, s := newEditor(t, 20, 5, "abc"+left, "\x03", "\x03", "\x04")
	text, err := e.Read()
	require.ErrorIs(t, err, ErrInterrupted)
	require.Equal(t, "abc", text)
	require.Equal(t, "> abc\n|", s.text())
	text, err = e.Read()
	require.ErrorIs(t, err, ErrInterrupted)
	require.Empty(t, text)
	_, err = e.Read()
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, "> abc\n>\n>\n|", s.text())
	_, err = e.Read() // the input has ended
	require.ErrorIs(t, err, io.EOF)
}

func TestEnterGoesOnUntilTheMessageIsComplete(t *testing.T) {
	e, _ := newEditor(t, 20, 5, "((\r)\r)\r")
	e.Complete = func(text string) bool { return strings.Count(text, "(") == strings.Count(text, ")") }
	text, err := e.Read()
	require.NoError(t, err)
	require.Equal(t, "((\n)\n)", text)
}

func TestSuspendingLeavesTheMessageBehind(t *testing.T) {
	e, s := newEditor(t, 20, 8, "ab\x1a", "c\r")
	text, err := e.Read()
	require.NoError(t, err)
	require.Equal(t, "abc", text)
	require.Equal(t, 1, e.input.(*script).suspended)
	require.Equal(t, "> ab\n> abc\n|", s.text())
}

func withHistory(t *testing.T, entries []string, steps ...any) (*Editor, *fakeScreen) {
	e, s := newEditor(t, 40, 6, steps...)
	for _, entry := range entries {
		require.NoError(t, e.History.Add(entry))
	}
	return e, s
}

func TestUpAndDownWalkTheHistory(t *testing.T) {
	for _, c := range []struct{ name, keys, want string }{
		{"the latest", up, "three\nlines"},
		{"older", up + up + up, "two"},
		{"the oldest is the end", up + up + up + up + up + up, "one"},
		{"back to the draft", "draft" + up + down, "draft"},
		{"ctrl-p skips lines", "\x10\x10", "two"},
		{"ctrl-n", "\x10\x10\x0e", "three\nlines"},
		{"an edited entry", up + up + up + "!", "two!"},
	} {
		e, _ := withHistory(t, []string{"one", "two", "two", "three\nlines"}, c.keys+"\r")
		text, err := e.Read()
		require.NoError(t, err)
		require.Equal(t, c.want, text, c.name)
	}
}

func TestSearchFindsOlderMessages(t *testing.T) {
	for _, c := range []struct{ name, keys, want string }{
		{"the latest that holds it", "\x12ap\r", "grape"},
		{"an older one", "\x12ap\x12\r", "apple"},
		{"a longer text", "\x12appl\r", "apple"},
		{"a shorter text", "\x12applx\x7f\x7f\x7f\r", "grape"},
		{"with a key that moves", "\x12pea\x01X\r", "Xpear"},
		{"given up", "draft\x12ap\x07\r", "draft"},
		{"interrupted", "draft\x12ap\x03\r", "draft"},
		{"nothing found", "draft\x12zzz\r", "draft"},
	} {
		e, _ := withHistory(t, []string{"apple", "pear", "grape"}, c.keys)
		text, err := e.Read()
		require.NoError(t, err, c.name)
		require.Equal(t, c.want, text, c.name)
	}
	var s *fakeScreen
	e, fake := withHistory(t, []string{"apple"}, "\x12pl", func() { require.Equal(t, "(search) pl: ap|ple", s.text()) },
		"x", func() { require.Equal(t, "(no older message holds) plx: |", s.text()) }, "\x07\r")
	s = fake
	_, err := e.Read()
	require.NoError(t, err)
}

func TestHistoryIsKeptInAFileOfItsOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "history")
	for i := range 3 {
		h, err := OpenHistory(path)
		require.NoError(t, err)
		require.Equal(t, i, h.Len())
		require.NoError(t, h.Add(fmt.Sprintf("message %d\nof two lines", i)))
		require.NoError(t, h.Add(fmt.Sprintf("message %d\nof two lines", i)), "not kept twice")
		require.Equal(t, "message 0\nof two lines", h.Entry(0))
	}
	if runtime.GOOS != "windows" {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
}

func TestAHistoryFileOfOthersIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	require.NoError(t, os.WriteFile(path, []byte("\"one\"\nnonsense\n{}\n\"\"\n\"two\\u001b[31m\"\n\"cut"), 0o644))
	h, err := OpenHistory(path)
	require.NoError(t, err)
	require.Equal(t, 2, h.Len())
	require.Equal(t, "two[31m", h.Entry(1))
}

func TestAHistoryDoesNotGrowForEver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	var b strings.Builder
	for i := range 3 * maxEntries {
		fmt.Fprintf(&b, "\"%d %s\"\n", i, strings.Repeat("x", 4000))
	}
	require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o600))
	h, err := OpenHistory(path)
	require.NoError(t, err)
	require.Equal(t, maxEntries, h.Len())
	require.True(t, strings.HasPrefix(h.Entry(maxEntries-1), fmt.Sprint(3*maxEntries-1)))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Less(t, info.Size(), int64(maxFile/2))
	again, err := OpenHistory(path)
	require.NoError(t, err)
	require.Equal(t, h.Entry(maxEntries-1), again.Entry(again.Len()-1))
	require.NoError(t, again.Add(strings.Repeat("y", maxEntry+1)), "kept, but not in the file")
	grown, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, info.Size(), grown.Size())
}

func TestAHistoryThatIsNoFileIsRefused(t *testing.T) {
	_, err := OpenHistory(t.TempDir())
	require.Error(t, err)
}

func TestAFileIsReplacedAsAWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	require.NoError(t, WriteFile(path, []byte("one")))
	require.NoError(t, WriteFile(path, []byte("two")))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "two", string(data))
	require.Error(t, WriteFile(filepath.Join(dir, "no", "file"), nil))
	require.Error(t, WriteFile(dir, nil), "a folder is not replaced")
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	require.NoError(t, err)
	require.Empty(t, left)
}
