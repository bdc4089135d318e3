package jinja

import (
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEOF tokenKind = iota
	tokenData
	tokenVariableBegin
	tokenVariableEnd
	tokenBlockBegin
	tokenBlockEnd
	tokenName
	tokenString
	tokenInteger
	tokenFloat
	tokenOperator
)

type token struct {
	kind tokenKind
	line int
	text string
}

// is reports whether the token is the name or operator s.
func (t token) is(s string) bool {
	return (t.kind == tokenName || t.kind == tokenOperator) && t.text == s
}

func (t token) describe() string {
	switch t.kind {
	case tokenEOF:
		return "the end of the template"
	case tokenData:
		return "text"
	case tokenVariableBegin, tokenVariableEnd, tokenBlockBegin, tokenBlockEnd:
		return [...]string{"{{", "}}", "{%", "%}"}[t.kind-tokenVariableBegin]
	case tokenString:
		return "a string"
	}
	return t.text
}

// lexer cuts a template into tokens, with the whitespace rules of trim_blocks
// (a newline after a block's end is dropped) and lstrip_blocks (blanks between
// a line's beginning and a block are dropped), "-" and "+" overriding both.
type lexer struct {
	src       string
	pos, line int
	lineStart bool // the last piece ended with a newline
	tokens    []token
	brackets  []byte // closing brackets that are awaited
}

func tokenize(source string) []token {
	source = strings.ReplaceAll(strings.ReplaceAll(source, "\r\n", "\n"), "\r", "\n")
	source = strings.TrimSuffix(source, "\n")
	l := &lexer{src: source, line: 1, lineStart: true}
	for l.pos < len(l.src) {
		l.root()
	}
	l.emit(tokenEOF, "")
	return l.tokens
}

func (l *lexer) fail(format string, args ...any) { failAt(l.line, format, args...) }

func (l *lexer) emit(kind tokenKind, text string) {
	l.tokens = append(l.tokens, token{kind, l.line, text})
}

// advance consumes n bytes.
func (l *lexer) advance(n int) {
	piece := l.src[l.pos : l.pos+n]
	l.line += strings.Count(piece, "\n")
	l.lineStart = strings.HasSuffix(piece, "\n")
	l.pos += n
}

// root lexes text up to the next tag, and the tag.
func (l *lexer) root() {
	rest := l.src[l.pos:]
	at := nextTag(rest)
	if at < 0 {
		l.emit(tokenData, rest)
		l.advance(len(rest))
		return
	}
	opening := rest[at : at+2]
	if n, sign := matchRaw(rest[at:]); n > 0 {
		l.text(at, sign, true)
		l.advance(n)
		l.raw()
		return
	}
	var sign byte
	n := 2
	if at+2 < len(rest) && (rest[at+2] == '-' || rest[at+2] == '+') {
		sign = rest[at+2]
		n = 3
	}
	l.text(at, sign, opening != "{{")
	switch opening {
	case "{#":
		l.advance(n)
		l.comment()
	case "{{":
		l.emit(tokenVariableBegin, opening)
		l.advance(n)
		l.tag("}}", tokenVariableEnd)
	default:
		l.emit(tokenBlockBegin, opening)
		l.advance(n)
		l.tag("%}", tokenBlockEnd)
	}
}

// nextTag returns the place of the first "{{", "{%" or "{#".
func nextTag(s string) int {
	for from := 0; ; {
		i := strings.IndexByte(s[from:], '{')
		if i < 0 || from+i+1 >= len(s) {
			return -1
		}
		from += i + 1
		switch s[from] {
		case '{', '%', '#':
			return from - 1
		}
	}
}

// text emits the n bytes before a tag.
func (l *lexer) text(n int, sign byte, block bool) {
	text := l.src[l.pos : l.pos+n]
	kept := text
	switch {
	case sign == '-':
		kept = strings.TrimRightFunc(text, isSpace)
	case sign != '+' && block:
		lineStart := strings.LastIndexByte(text, '\n') + 1
		if (lineStart > 0 || l.lineStart) && strings.TrimLeftFunc(text[lineStart:], isSpace) == "" {
			kept = text[:lineStart]
		}
	}
	if kept != "" {
		l.emit(tokenData, kept)
	}
	l.advance(n)
}

// spacePrefix is the whitespace that s begins with.
func spacePrefix(s string) string { return s[:len(s)-len(strings.TrimLeftFunc(s, isSpace))] }

// blockEnd returns the length of a block's end at the beginning of s, with the
// whitespace that it drops; 0 if there is none.
func blockEnd(s, closing string, trim bool) int {
	switch {
	case strings.HasPrefix(s, "-"+closing):
		n := 1 + len(closing)
		return n + len(spacePrefix(s[n:]))
	case trim && strings.HasPrefix(s, "+"+closing):
		return 1 + len(closing)
	case strings.HasPrefix(s, closing):
		n := len(closing)
		if trim && strings.HasPrefix(s[n:], "\n") {
			n++
		}
		return n
	}
	return 0
}

func (l *lexer) comment() {
	rest := l.src[l.pos:]
	at := strings.Index(rest, "#}")
	if at < 0 {
		l.fail("a comment has no end")
	}
	if at > 0 && (rest[at-1] == '-' || rest[at-1] == '+') {
		at--
	}
	l.advance(at + blockEnd(rest[at:], "#}", true))
}

// matchRaw returns the length of a raw tag at the beginning of s.
func matchRaw(s string) (n int, sign byte) {
	n, sign = matchWord(s, "raw")
	if n == 0 {
		return 0, 0
	}
	end := blockEnd(s[n:], "%}", false)
	if end == 0 {
		return 0, 0
	}
	return n + end, sign
}

// matchWord matches "{%", a sign, and a word among whitespace.
func matchWord(s, word string) (n int, sign byte) {
	if !strings.HasPrefix(s, "{%") {
		return 0, 0
	}
	n = 2
	if n < len(s) && (s[n] == '-' || s[n] == '+') {
		sign = s[n]
		n++
	}
	n += len(spacePrefix(s[n:]))
	if !strings.HasPrefix(s[n:], word) {
		return 0, 0
	}
	n += len(word)
	return n + len(spacePrefix(s[n:])), sign
}

// raw lexes text up to the endraw tag.
func (l *lexer) raw() {
	rest := l.src[l.pos:]
	for at := 0; ; at += 2 {
		i := strings.Index(rest[at:], "{%")
		if i < 0 {
			l.fail("a raw block has no end")
		}
		at += i
		n, sign := matchWord(rest[at:], "endraw")
		if n == 0 {
			continue
		}
		if end := blockEnd(rest[at+n:], "%}", true); end > 0 {
			l.text(at, sign, true)
			l.advance(n + end)
			return
		}
	}
}

// operators, longest first.
var operators = []string{
	"//", "**", "==", "!=", ">=", "<=",
	"+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";",
}

// tag lexes an expression or statement up to its closing.
func (l *lexer) tag(closing string, kind tokenKind) {
	l.brackets = l.brackets[:0]
	for l.pos < len(l.src) {
		rest := l.src[l.pos:]
		if len(l.brackets) == 0 {
			if n := blockEnd(rest, closing, kind == tokenBlockEnd); n > 0 {
				l.emit(kind, closing)
				l.advance(n)
				return
			}
		}
		switch n := len(spacePrefix(rest)); {
		case n > 0:
			l.advance(n)
		case isDigit(rest[0]):
			l.number()
		case rest[0] == '\'' || rest[0] == '"':
			l.quoted()
		case isIdentifier(rest):
			name := rest[:identifierLength(rest)]
			l.emit(tokenName, name)
			l.advance(len(name))
		default:
			l.operator()
		}
	}
}

var closing = map[string]byte{"(": ')', "[": ']', "{": '}'}

func (l *lexer) operator() {
	rest := l.src[l.pos:]
	for _, op := range operators {
		if !strings.HasPrefix(rest, op) {
			continue
		}
		switch op {
		case "(", "[", "{":
			l.brackets = append(l.brackets, closing[op])
		case ")", "]", "}":
			last := len(l.brackets) - 1
			if last < 0 {
				l.fail("unexpected %q", op)
			}
			if want := l.brackets[last]; want != op[0] {
				l.fail("unexpected %q, expected %q", op, string(want))
			}
			l.brackets = l.brackets[:last]
		}
		l.emit(tokenOperator, op)
		l.advance(len(op))
		return
	}
	r, _ := utf8.DecodeRuneInString(rest)
	l.fail("unexpected character %q", r)
}
