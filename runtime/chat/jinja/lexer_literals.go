package jinja

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isSpace is Python's idea of whitespace.
func isSpace(r rune) bool {
	return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f
}

func isIdentifier(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return r == '_' || unicode.IsLetter(r) || unicode.Is(unicode.Nl, r)
}

func identifierLength(s string) int {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.In(r, unicode.Nl, unicode.Mn, unicode.Mc, unicode.Pc) {
			return i
		}
	}
	return len(s)
}

var (
	floatLiteral   = regexp.MustCompile(`^(?i)(\d+_)*\d+((\.(\d+_)*\d+)?e[+\-]?(\d+_)*\d+|\.(\d+_)*\d+)`)
	integerLiteral = regexp.MustCompile(`^(?i)(0b(_?[0-1])+|0o(_?[0-7])+|0x(_?[\da-f])+|[1-9](_?\d)*|0(_?0)*)`)
)

func (l *lexer) number() {
	rest := l.src[l.pos:]
	// Of x.1.2, 1.2 is no number.
	afterDot := l.pos > 0 && l.src[l.pos-1] == '.'
	if m := floatLiteral.FindString(rest); m != "" && !afterDot {
		l.emit(tokenFloat, strings.ReplaceAll(m, "_", ""))
		l.advance(len(m))
		return
	}
	m := integerLiteral.FindString(rest)
	l.emit(tokenInteger, strings.ReplaceAll(m, "_", ""))
	l.advance(len(m))
}

// quoted lexes a string literal.
func (l *lexer) quoted() {
	rest := l.src[l.pos:]
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case rest[0]:
			l.emit(tokenString, l.unescape(rest[1:i]))
			l.advance(i + 1)
			return
		}
	}
	l.fail("a string has no end")
}

var simpleEscapes = map[byte]string{
	'\n': "", '\\': `\`, '\'': "'", '"': `"`,
	'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v",
}

var hexEscapes = map[byte]int{'x': 2, 'u': 4, 'U': 8}

// unescape resolves a string literal's backslashes, as Python does: those that
// mean nothing stay.
func (l *lexer) unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		c := s[i]
		if text, ok := simpleEscapes[c]; ok {
			b.WriteString(text)
			continue
		}
		switch {
		case '0' <= c && c <= '7':
			end := i + 1
			for end < len(s) && end < i+3 && '0' <= s[end] && s[end] <= '7' {
				end++
			}
			code, _ := strconv.ParseUint(s[i:end], 8, 32)
			b.WriteRune(rune(code))
			i = end - 1
		case hexEscapes[c] > 0:
			end := i + 1 + hexEscapes[c]
			if end > len(s) {
				l.fail("a string has a truncated \\%c escape", c)
			}
			code, err := strconv.ParseUint(s[i+1:end], 16, 32)
			if err != nil || code > unicode.MaxRune {
				l.fail("a string has a wrong \\%c escape", c)
			}
			b.WriteRune(rune(code))
			i = end - 1
		case c == 'N':
			l.fail("a string names a character by \\N, which is not supported")
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return b.String()
}
