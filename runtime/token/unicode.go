package token

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// class is what the pre-tokenizers' regular expressions ask of a character.
type class uint8

const (
	other  class = iota // [^\s\p{L}\p{N}]
	letter              // \p{L}
	number              // \p{N}
	space               // \s: the property White_Space
)

var asciiClass = func() (t [utf8.RuneSelf]class) {
	for c := range t {
		t[c] = unicodeClass(rune(c))
	}
	return t
}()

func classOf(r rune) class {
	if r < utf8.RuneSelf {
		return asciiClass[r]
	}
	return unicodeClass(r)
}

func unicodeClass(r rune) class {
	switch {
	case isLetter(r):
		return letter
	case unicode.Is(unicode.N, r):
		return number
	case unicode.Is(unicode.White_Space, r):
		return space
	}
	return other
}

// isLetter is \p{L} of Unicode 15.1, which llama.cpp's tables hold: that of Go's 15.0
// and CJK Unified Ideographs Extension I.
func isLetter(r rune) bool {
	return unicode.IsLetter(r) || 0x2EBF0 <= r && r <= 0x2EE5D
}

// decodeRune returns the first character of s, which must not be empty, and its
// length. It expects what [repairUTF8] makes: surrogates are characters.
func decodeRune(s string) (r rune, size int) {
	if s[0] < utf8.RuneSelf {
		return rune(s[0]), 1
	}
	if r, size = decodeLenient(s); size == 0 {
		return utf8.RuneError, 1
	}
	return r, size
}

// decodeLenient decodes a character as UTF-8 is laid out, also where the
// standard forbids it: longer than needed, or a surrogate. The size is 0 where
// s does not begin with a lead byte and its continuation bytes, and past U+10FFFF.
func decodeLenient(s string) (r rune, size int) {
	c := rune(s[0])
	switch {
	case c < 0x80:
		return c, 1
	case c < 0xC0:
		return 0, 0
	case c < 0xE0:
		r, size = c&0x1F, 2
	case c < 0xF0:
		r, size = c&0x0F, 3
	case c < 0xF8:
		r, size = c&0x07, 4
	default:
		return 0, 0
	}
	if len(s) < size {
		return 0, 0
	}
	for i := 1; i < size; i++ {
		if s[i]&0xC0 != 0x80 {
			return 0, 0
		}
		r = r<<6 | rune(s[i]&0x3F)
	}
	if r > unicode.MaxRune {
		return 0, 0
	}
	return r, size
}

// repairUTF8 makes every byte that does not belong to a character U+FFFD and
// every character as short as it can be, as llama.cpp does before it splits a text.
func repairUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + len(s)/2)
	for len(s) > 0 {
		r, size := decodeLenient(s)
		switch {
		case size == 0:
			b.WriteRune(utf8.RuneError)
			size = 1
		case 0xD800 <= r && r <= 0xDFFF: // WriteRune would replace it
			b.Write([]byte{0xE0 | byte(r>>12), 0x80 | byte(r>>6)&0x3F, 0x80 | byte(r)&0x3F})
		default:
			b.WriteRune(r)
		}
		s = s[size:]
	}
	return b.String()
}

// charLen is the length of the UTF-8 sequence that begins with c, 1 where none does.
func charLen(c byte) int {
	switch {
	case c < 0xC0:
		return 1
	case c < 0xE0:
		return 2
	case c < 0xF0:
		return 3
	}
	return 4
}
