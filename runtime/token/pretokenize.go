package token

import (
	"unicode"
	"unicode/utf8"
)

// pretokenizer cuts a text into the words that BPE treats on their own, in
// order and without gaps. Each is the scanner for published regular
// expressions, in linear time. The text is as [repairUTF8] leaves it.
type pretokenizer func(text string, yield func(word string))

// preset is what a value of tokenizer.ggml.pre stands for.
type preset struct {
	split        pretokenizer
	ignoreMerges bool // a word that is a token becomes that token, whatever the merges say
	addBOS       bool // where the file does not say
}

// presets are the known values of tokenizer.ggml.pre. No value means "default".
var presets = map[string]preset{
	"":          {split: splitDefault},
	"default":   {split: splitDefault},
	"gpt-2":     {split: splitGPT2},
	"smollm":    {split: splitSmolLM},
	"llama-bpe": {split: splitLlama3, ignoreMerges: true, addBOS: true},
	"qwen2":     {split: splitQwen2},
}

// splitGPT2 cuts as GPT-2 does:
//
//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
func splitGPT2(text string, yield func(string)) {
	for len(text) > 0 {
		n := gpt2Word(text)
		yield(text[:n])
		text = text[n:]
	}
}

// gpt2Word is the length of the first word of text.
func gpt2Word(text string) int {
	if n := contraction(text, 0); n > 0 {
		return n
	}
	start := 0
	if text[0] == ' ' && len(text) > 1 {
		start = 1
	}
	r, _ := decodeRune(text[start:])
	if c := classOf(r); c != space {
		return start + classRun(text[start:], c)
	}
	n, _ := spaceRun(text)
	return n
}

// splitSmolLM cuts every number of one character out, and the rest as GPT-2 does:
//
//	\p{N}
func splitSmolLM(text string, yield func(string)) {
	for i := 0; i < len(text); {
		r, size := decodeRune(text[i:])
		if classOf(r) != number {
			i += size
			continue
		}
		splitGPT2(text[:i], yield)
		yield(text[i : i+size])
		text = text[i+size:]
		i = 0
	}
	splitGPT2(text, yield)
}

// splitLlama3 cuts as Llama 3 does:
//
//	(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
func splitLlama3(text string, yield func(string)) { splitTiktoken(text, 3, yield) }

// splitQwen2 cuts as Qwen 2 does: like Llama 3, with \p{N} in place of \p{N}{1,3}.
func splitQwen2(text string, yield func(string)) { splitTiktoken(text, 1, yield) }

func splitTiktoken(text string, digits int, yield func(string)) {
	for len(text) > 0 {
		n := tiktokenWord(text, digits)
		yield(text[:n])
		text = text[n:]
	}
}

// tiktokenWord is the length of the first word of text, whose numbers have up
// to the given number of digits.
func tiktokenWord(text string, digits int) int {
	const lower = 'a' - 'A'
	if n := contraction(text, lower); n > 0 {
		return n
	}
	r, size := decodeRune(text)
	c := classOf(r)
	next, nextClass := text[size:], space
	if len(next) > 0 {
		second, _ := decodeRune(next)
		nextClass = classOf(second)
	}
	switch {
	case c == letter:
		return classRun(text, letter)
	case c == number:
		return numberRun(text, digits)
	case nextClass == letter && r != '\r' && r != '\n':
		return size + classRun(next, letter)
	case r == ' ' && nextClass == other:
		return 1 + otherAndNewlines(next)
	case c == other:
		return otherAndNewlines(text)
	}
	n, newline := spaceRun(text)
	if newline > 0 {
		return newline
	}
	return n
}

// otherAndNewlines is the length of [^\s\p{L}\p{N}]+[\r\n]* at the start of text.
func otherAndNewlines(text string) int {
	n := classRun(text, other)
	for n < len(text) && (text[n] == '\r' || text[n] == '\n') {
		n++
	}
	return n
}

// splitDefault cuts where no pre-tokenizer is named. Each expression cuts the
// pieces that the one before it leaves, the second as GPT-2 does:
//
//	[\p{P}\$\+<=>\^~\|]+
//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//	\p{N}+
//	[0-9][0-9][0-9]
func splitDefault(text string, yield func(string)) {
	numbers := func(word string) {
		cutRuns(word, isNumber, func(piece string, numeric bool) {
			if numeric {
				splitDigits(piece, yield)
			} else {
				yield(piece)
			}
		})
	}
	cutRuns(text, isMark, func(piece string, _ bool) { splitGPT2(piece, numbers) })
}

func isNumber(r rune) bool { return classOf(r) == number }

// isMark reports whether r is in [\p{P}\$\+<=>\^~\|].
func isMark(r rune) bool {
	switch r {
	case '$', '+', '<', '=', '>', '^', '~', '|':
		return true
	}
	return unicode.IsPunct(r)
}

// cutRuns cuts text into the longest runs of characters that are all in a set
// or all outside of it.
func cutRuns(text string, in func(rune) bool, yield func(run string, inside bool)) {
	start, inside := 0, false
	for i := 0; i < len(text); {
		r, size := decodeRune(text[i:])
		if is := in(r); is != inside {
			if i > start {
				yield(text[start:i], inside)
			}
			start, inside = i, is
		}
		i += size
	}
	if start < len(text) {
		yield(text[start:], inside)
	}
}

// splitDigits cuts every three ASCII digits out of a run of numbers.
func splitDigits(text string, yield func(string)) {
	start, digits := 0, 0
	for i := range len(text) {
		if text[i] < '0' || '9' < text[i] {
			digits = 0
			continue
		}
		if digits++; digits < 3 {
			continue
		}
		if i-2 > start {
			yield(text[start : i-2])
		}
		yield(text[i-2 : i+1])
		start, digits = i+1, 0
	}
	if start < len(text) {
		yield(text[start:])
	}
}

// contraction is the length of 's, 't, 're, 've, 'm, 'll or 'd at the start of
// text, 0 where there is none. The bits of fold do not count in the letters:
// 0x20 makes capitals equal. Characters that only full case folding makes equal
// (U+017F, the long s) are not.
func contraction(text string, fold byte) int {
	if len(text) < 2 || text[0] != '\'' {
		return 0
	}
	switch a := text[1] | fold; a {
	case 's', 't', 'm', 'd':
		return 2
	case 'r', 'v', 'l':
		if len(text) < 3 {
			return 0
		}
		if b := text[2] | fold; a == 'l' && b == 'l' || a != 'l' && b == 'e' {
			return 3
		}
	}
	return 0
}

// classRun is the length of the run of characters of class c at the start of text.
func classRun(text string, c class) int {
	i := 0
	for i < len(text) {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = decodeRune(text[i:])
		}
		if classOf(r) != c {
			break
		}
		i += size
	}
	return i
}

// numberRun is the length of up to limit numbers at the start of text.
func numberRun(text string, limit int) int {
	i := 0
	for ; limit > 0 && i < len(text); limit-- {
		r, size := decodeRune(text[i:])
		if classOf(r) != number {
			break
		}
		i += size
	}
	return i
}

// spaceRun is the length of \s+(?!\S)|\s+ at the start of text, which begins
// with white space: the last character of the run is left to the word that
// follows. newline is the length of \s*[\r\n]+, 0 where there is none.
func spaceRun(text string) (n, newline int) {
	last := 0
	for n < len(text) {
		r, size := decodeRune(text[n:])
		if classOf(r) != space {
			break
		}
		n, last = n+size, size
		if r == '\r' || r == '\n' {
			newline = n
		}
	}
	if n < len(text) && n > last {
		n -= last
	}
	return n, newline
}
