package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// upperSpecial are the characters whose upper case is several, or is not what
// package unicode says: Unicode's SpecialCasing, without conditions.
var upperSpecial = map[rune]string{
	'ß': "SS", 'ŉ': "ʼN", 'ǰ': "J̌", 'ΐ': "Ϊ́", 'ΰ': "Ϋ́", 'և': "ԵՒ", 'ẖ': "H̱", 'ẗ': "T̈", 'ẘ': "W̊", 'ẙ': "Y̊", 'ẚ': "Aʾ",
	'ﬀ': "FF", 'ﬁ': "FI", 'ﬂ': "FL", 'ﬃ': "FFI", 'ﬄ': "FFL", 'ﬅ': "ST", 'ﬆ': "ST", 'ﬓ': "ՄՆ", 'ﬔ': "ՄԵ", 'ﬕ': "ՄԻ", 'ﬖ': "ՎՆ", 'ﬗ': "ՄԽ",
}

func (st *state) upper(s string) string {
	st.alloc(len(s))
	if isASCII(s) {
		return strings.ToUpper(s)
	}
	var b strings.Builder
	for _, r := range s {
		b.WriteString(upperRune(r))
	}
	return b.String()
}

func upperRune(r rune) string {
	if s, ok := upperSpecial[r]; ok {
		return s
	}
	return string(unicode.ToUpper(r))
}

func (st *state) lower(s string) string {
	st.alloc(len(s))
	if isASCII(s) {
		return strings.ToLower(s)
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == 'İ':
			b.WriteString("i̇")
		case r == 'Σ' && st.finalSigma(s, i):
			b.WriteRune('ς')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

func isCased(r rune) bool {
	return unicode.IsUpper(r) || unicode.IsLower(r) || unicode.IsTitle(r)
}

// finalSigma reports whether the sigma at s[i] ends a word.
func (st *state) finalSigma(s string, i int) bool {
	r := st.lastThatCounts(s[:i])
	if !isCased(r) {
		return false
	}
	for _, r := range s[i+len("Σ"):] {
		st.work(1)
		if !isIgnorable(r) {
			return !isCased(r)
		}
	}
	return true
}

func isIgnorable(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk) || strings.ContainsRune("'.:·’․", r)
}

func (st *state) lastThatCounts(s string) rune {
	for s != "" {
		st.work(1)
		r, n := utf8.DecodeLastRuneInString(s)
		if !isIgnorable(r) {
			return r
		}
		s = s[:len(s)-n]
	}
	return utf8.RuneError
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func (st *state) capitalize(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return st.titleRune(s[:n]) + st.lower(s[n:])
}

// titleRune is the form of a character that begins a word.
func (st *state) titleRune(s string) string {
	r, _ := utf8.DecodeRuneInString(s)
	if s == "" {
		return ""
	}
	if up, ok := upperSpecial[r]; ok {
		_, n := utf8.DecodeRuneInString(up)
		return up[:n] + st.lower(up[n:])
	}
	return string(unicode.ToTitle(r))
}

// titleWords is the filter title: words begin after spaces and some brackets.
func (st *state) titleWords(s string) string {
	st.alloc(2 * len(s))
	var b strings.Builder
	start := true
	word := 0
	flush := func(end int) {
		if word < end {
			w := s[word:end]
			_, n := utf8.DecodeRuneInString(w)
			b.WriteString(st.upper(w[:n]))
			b.WriteString(st.lower(w[n:]))
		}
	}
	for i, r := range s {
		separator := isSpace(r) || strings.ContainsRune("-({[<", r)
		if separator != start || i == 0 {
			if start {
				b.WriteString(s[word:i])
			} else {
				flush(i)
			}
			word, start = i, separator
		}
	}
	if start {
		b.WriteString(s[word:])
	} else {
		flush(len(s))
	}
	return b.String()
}

// title is the method: a word begins wherever a letter follows something else.
func (st *state) title(s string) string {
	st.alloc(2 * len(s))
	var b strings.Builder
	inWord := false
	for i, r := range s {
		c := s[i : i+utf8.RuneLen(r)]
		switch {
		case !inWord:
			b.WriteString(st.titleRune(c))
		case r == 'Σ' && st.finalSigma(s, i):
			b.WriteRune('ς')
		default:
			b.WriteString(strings.ToLower(c))
		}
		inWord = isCased(r)
	}
	return b.String()
}

func (st *state) swapCase(s string) string {
	st.alloc(2 * len(s))
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsUpper(r):
			b.WriteRune(unicode.ToLower(r))
		case unicode.IsLower(r):
			b.WriteString(upperRune(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isLower(s string) bool { return hasCase(s, unicode.IsLower) }
func isUpper(s string) bool { return hasCase(s, unicode.IsUpper) }

func hasCase(s string, want func(r rune) bool) bool {
	found := false
	for _, r := range s {
		if isCased(r) {
			if !want(r) {
				return false
			}
			found = true
		}
	}
	return found
}

// isTitleCase: capitals begin words and nothing else does.
func isTitleCase(s string) bool {
	found, inWord := false, false
	for _, r := range s {
		switch {
		case unicode.IsUpper(r) || unicode.IsTitle(r):
			if inWord {
				return false
			}
			found, inWord = true, true
		case unicode.IsLower(r):
			if !inWord {
				return false
			}
		default:
			inWord = false
		}
	}
	return found
}

// all is true of a text that is not empty and has only such characters.
func all(s string, want func(r rune) bool) bool {
	for _, r := range s {
		if !want(r) {
			return false
		}
	}
	return s != ""
}

func isDecimal(s string) bool { return all(s, unicode.IsDigit) }

// isDigitRune: decimals, and digits in circles and above the line.
func isDigitRune(r rune) bool {
	return unicode.IsDigit(r) || strings.ContainsRune("²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", r) || 0x2460 <= r && r <= 0x2468
}

func isNumericRune(r rune) bool { return unicode.IsNumber(r) }

func isAlnumRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// asciiDigits replaces other scripts' decimal digits.
func asciiDigits(s string) string {
	if isASCII(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf || !unicode.IsDigit(r) {
			return r
		}
		zero := r
		for unicode.IsDigit(zero-1) && r-zero < 9 {
			zero--
		}
		return '0' + r - zero
	}, s)
}
