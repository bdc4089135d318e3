package lineedit

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// buffer is a text under way and the cursor in it. The cursor stands between
// what a person sees as characters, which may be of several code points.
type buffer struct {
	text string
	at   int // bytes before the cursor
	// killed is what was cut last, for yanking. Cuts that follow each other
	// join; cutting tells that the last key cut.
	killed  string
	cutting bool
}

// clean makes typed or pasted text fit to be edited and shown: line breaks as \n,
// no control characters but them and tabs.
func clean(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}

func (b *buffer) set(text string) { b.text, b.at = text, len(text) }

func (b *buffer) insert(s string) {
	b.text = b.text[:b.at] + s + b.text[b.at:]
	b.at += len(s)
}

// lineStart and lineEnd are the ends of the line that the cursor is in.
func (b *buffer) lineStart() int { return strings.LastIndexByte(b.text[:b.at], '\n') + 1 }

func (b *buffer) lineEnd() int {
	if i := strings.IndexByte(b.text[b.at:], '\n'); i >= 0 {
		return b.at + i
	}
	return len(b.text)
}

// next is the position after the character at the cursor.
func (b *buffer) next() int {
	cluster, _, _, _ := uniseg.FirstGraphemeClusterInString(b.text[b.at:], -1)
	return b.at + len(cluster)
}

// previous is the position of the character before the cursor. A line break is
// a character of its own, so that looking from the line's start is enough.
func (b *buffer) previous() int {
	at := b.lineStart()
	if at == b.at {
		return max(0, b.at-1)
	}
	for {
		cluster, _, _, _ := uniseg.FirstGraphemeClusterInString(b.text[at:], -1)
		if at+len(cluster) >= b.at {
			return at
		}
		at += len(cluster)
	}
}

func inWord(r rune) bool  { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }
func inField(r rune) bool { return !unicode.IsSpace(r) }

// wordEnd is the end of the word at or after the cursor.
func (b *buffer) wordEnd() int {
	at, inside := b.at, false
	for at < len(b.text) {
		r, size := utf8.DecodeRuneInString(b.text[at:])
		if inside && !inWord(r) {
			break
		}
		inside = inWord(r)
		at += size
	}
	return at
}

// wordStart is the start of the word at or before the cursor, which is made of
// characters that belong.
func (b *buffer) wordStart(belongs func(rune) bool) int {
	at, inside := b.at, false
	for at > 0 {
		r, size := utf8.DecodeLastRuneInString(b.text[:at])
		if inside && !belongs(r) {
			break
		}
		inside = belongs(r)
		at -= size
	}
	return at
}

// remove takes the text between the cursor and to out.
func (b *buffer) remove(to int) string {
	from := min(b.at, to)
	to = max(b.at, to)
	cut := b.text[from:to]
	b.text, b.at = b.text[:from]+b.text[to:], from
	return cut
}

// kill cuts the text between the cursor and to. Cuts in a row are yanked as one.
func (b *buffer) kill(to int) {
	backwards := to < b.at
	cut := b.remove(to)
	switch {
	case !b.cutting:
		b.killed = cut
	case backwards:
		b.killed = cut + b.killed
	default:
		b.killed += cut
	}
	b.cutting = true
}

// transpose swaps the characters around the cursor, or the last two of a line.
func (b *buffer) transpose() {
	if b.at == b.lineEnd() {
		b.at = b.previous()
	}
	start, end := b.previous(), b.next()
	if start < b.lineStart() || start == b.at || end == b.at {
		return
	}
	left, right := b.text[start:b.at], b.text[b.at:end]
	b.text = b.text[:start] + right + left + b.text[end:]
	b.at = end
}

// column is the width of the line before the cursor, in cells.
func (b *buffer) column() int { return uniseg.StringWidth(b.text[b.lineStart():b.at]) }

// vertical moves to the line above or below, near the same column, and tells
// whether there is one.
func (b *buffer) vertical(down bool) bool {
	column := b.column()
	if down {
		end := b.lineEnd()
		if end == len(b.text) {
			return false
		}
		b.at = end + 1
	} else {
		start := b.lineStart()
		if start == 0 {
			return false
		}
		b.at = start - 1
		b.at = b.lineStart()
	}
	for end, width := b.lineEnd(), 0; b.at < end; {
		cluster, _, w, _ := uniseg.FirstGraphemeClusterInString(b.text[b.at:], -1)
		if width += w; width > column {
			break
		}
		b.at += len(cluster)
	}
	return true
}
