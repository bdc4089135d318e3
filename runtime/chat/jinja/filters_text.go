package jinja

import (
	"fmt"
	"html"
	"strconv"
	"strings"
	"unicode"
)

// escape is HTML's, of what is not escaped already.
func (st *state) escape(v any) string {
	if m, ok := v.(markup); ok {
		return string(m)
	}
	return st.escapeText(st.str(v))
}

var htmlEscapes = strings.NewReplacer("&", "&amp;", ">", "&gt;", "<", "&lt;", "'", "&#39;", `"`, "&#34;")

func (st *state) escapeText(s string) string {
	n := len(s)
	for i := range len(s) {
		if strings.IndexByte(`&<>'"`, s[i]) >= 0 {
			n += 4
		}
	}
	st.alloc(n)
	return htmlEscapes.Replace(s)
}

func (st *state) repeatString(s string, n int) string {
	st.repeated(len(s), n)
	if s == "" {
		return ""
	}
	return strings.Repeat(s, max(n, 0))
}

func (st *state) replaceAll(s, old, with string, count int) string {
	n := strings.Count(s, old)
	if count >= 0 {
		n = min(n, count)
	}
	st.scan(len(s))
	st.alloc(len(s))
	st.repeated(len(with), n)
	return strings.Replace(s, old, with, count)
}

func filterReplace(st *state, a []any) any {
	count := -1
	if a[3] != nil {
		count = clamp(st.needInt("replace", a[3]))
	}
	return st.replaceAll(st.str(a[0]), st.str(a[1]), st.str(a[2]), count)
}

func filterTrim(st *state, a []any) any {
	s := st.str(a[0])
	st.scan(len(s))
	if a[1] == nil {
		return rewrap(a[0], strings.TrimFunc(s, isSpace))
	}
	return rewrap(a[0], st.trimChars(s, st.needText("trim", a[1]), true, true))
}

// trimChars removes characters of a set from the ends.
func (st *state) trimChars(s, chars string, left, right bool) string {
	st.scan(len(s) + len(chars))
	set := map[rune]bool{}
	for _, r := range chars {
		st.work(1)
		set[r] = true
	}
	in := func(r rune) bool { return set[r] }
	if left {
		s = strings.TrimLeftFunc(s, in)
	}
	if right {
		s = strings.TrimRightFunc(s, in)
	}
	return s
}

func filterCenter(st *state, a []any) any {
	return rewrap(a[0], st.pad(st.str(a[0]), clamp(st.needInt("center", a[1])), " ", '^'))
}

// pad fills a text to a width: '<' puts it at the left, '>' at the right, '^'
// in the middle, as str.center does.
func (st *state) pad(s string, width int, fill string, align byte) string {
	n := st.runes(s)
	if width <= n {
		return s
	}
	missing := width - n
	left := 0
	switch align {
	case '>':
		left = missing
	case '^':
		left = missing/2 + missing&width&1
	}
	st.repeated(len(fill), missing)
	st.alloc(len(s))
	return strings.Repeat(fill, left) + s + strings.Repeat(fill, missing-left)
}

func filterIndent(st *state, a []any) any {
	st.refuse(a[0])
	s, ok := text(a[0])
	if !ok {
		st.fail("indent needs a string, not a %s", typeName(a[0]))
	}
	indention, ok := text(a[1])
	if !ok {
		indention = st.repeatString(" ", clamp(st.needInt("indent", a[1])))
	}
	lines := st.splitLines(s+"\n", false)
	blank := st.truth(a[3])
	st.repeated(len(indention)+1, len(lines))
	st.alloc(len(s))
	var b strings.Builder
	if st.truth(a[2]) {
		st.alloc(len(indention))
		b.WriteString(indention)
	}
	for i, line := range lines {
		if i > 0 {
			b.WriteByte('\n')
			if blank || line != "" {
				b.WriteString(indention)
			}
		}
		b.WriteString(line)
	}
	return rewrap(a[0], b.String())
}

// lineEnd is the length of the line break at s[i], 0 if there is none.
func lineEnd(s string, i int) int {
	switch s[i] {
	case '\r':
		if i+1 < len(s) && s[i+1] == '\n' {
			return 2
		}
		return 1
	case '\n', '\v', '\f', 0x1c, 0x1d, 0x1e:
		return 1
	case 0xc2:
		if strings.HasPrefix(s[i:], "\u0085") {
			return 2
		}
	case 0xe2:
		if strings.HasPrefix(s[i:], "\u2028") || strings.HasPrefix(s[i:], "\u2029") {
			return 3
		}
	}
	return 0
}

func (st *state) splitLines(s string, keep bool) []string {
	st.scan(len(s))
	var lines []string
	start := 0
	for i := 0; i < len(s); {
		n := lineEnd(s, i)
		if n == 0 {
			i++
			continue
		}
		end := i
		i += n
		if keep {
			end = i
		}
		st.elements(2)
		lines = append(lines, s[start:end])
		start = i
	}
	if start < len(s) {
		lines = append(lines, s[start:])
	}
	return lines
}

func filterTruncate(st *state, a []any) any {
	length, end := clamp(st.needInt("truncate", a[1])), st.needText("truncate", a[3])
	leeway := 5
	if a[4] != nil {
		leeway = clamp(st.needInt("truncate", a[4]))
	}
	cut := length - st.runes(end)
	if cut < 0 || leeway < 0 {
		st.fail("truncate: the length must be that of %q at least, and the leeway not negative", end)
	}
	st.refuse(a[0])
	s := st.needText("truncate", a[0])
	n := st.runes(s)
	if n <= length+leeway {
		return a[0]
	}
	short := runeSlice(s, n, 0, cut)
	if !st.truth(a[2]) {
		if i := strings.LastIndexByte(short, ' '); i >= 0 {
			short = short[:i]
		}
	}
	if _, ok := a[0].(markup); ok {
		return markup(short + st.escapeText(end))
	}
	return st.join([]string{short, end}, "")
}

func filterWordCount(st *state, a []any) any {
	n, inWord := 0, false
	s := st.str(a[0])
	st.scan(len(s))
	for _, r := range s {
		word := isAlnumRune(r) || r == '_'
		if word && !inWord {
			n++
		}
		inWord = word
	}
	return int64(n)
}

func filterURLEncode(st *state, a []any) any {
	_, isText := text(a[0])
	if isText || st.iterable(a[0]) == nil {
		return st.quoteURL(st.str(a[0]), "/")
	}
	var pairs any = a[0]
	if d, ok := pairs.(*Dict); ok {
		pairs = &dictView{d, "items"}
	}
	var parts []string
	line := st.line
	st.each(pairs, func(pair any) bool {
		kv := st.unpack(pair, 2, line)
		st.elements(2)
		parts = append(parts, st.quoteQuery(kv[0])+"="+st.quoteQuery(kv[1]))
		return true
	})
	return st.join(parts, "&")
}

func (st *state) quoteQuery(v any) string {
	return strings.ReplaceAll(st.quoteURL(st.str(v), ""), "%20", "+")
}

func (st *state) quoteURL(s, safe string) string {
	st.alloc(3 * len(s))
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || isDigit(c) || strings.IndexByte("_.-~"+safe, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func filterXMLAttr(st *state, a []any) any {
	st.refuse(a[0])
	d, ok := a[0].(*Dict)
	if !ok {
		st.fail("xmlattr needs a dict, not a %s", typeName(a[0]))
	}
	var parts []string
	for _, e := range d.list() {
		if e.value == nil || isUndefined(e.value) {
			continue
		}
		key := st.needText("xmlattr", e.key)
		if strings.ContainsAny(key, " \t\n\r\f\v/>=") {
			st.fail("xmlattr: %q cannot be an attribute's name", key)
		}
		st.elements(2)
		parts = append(parts, st.escape(e.key)+`="`+st.escape(e.value)+`"`)
	}
	s := st.join(parts, " ")
	if s != "" && st.truth(a[1]) {
		s = " " + s
	}
	return s
}

var fileSizes = []string{"k", "M", "G", "T", "P", "E", "Z", "Y"}

func filterFileSize(st *state, a []any) any {
	st.refuse(a[0])
	f, ok := filterFloat(st, []any{a[0], nil}).(float64)
	if !ok {
		st.fail("filesizeformat needs a number")
	}
	base, suffix := 1000.0, "B"
	if st.truth(a[1]) {
		base, suffix = 1024, "iB"
	}
	switch {
	case f == 1:
		return "1 Byte"
	case f < base:
		return st.str(filterInt(st, []any{f, int64(0), int64(10)})) + " Bytes"
	}
	unit := base
	for i, prefix := range fileSizes {
		unit *= base
		if f < unit || i == len(fileSizes)-1 {
			if base == 1024 && i == 0 {
				prefix = "K"
			}
			return strconv.FormatFloat(base*f/unit, 'f', 1, 64) + " " + prefix + suffix
		}
	}
	return nil
}

// stripTags removes comments and tags and joins what is between whitespace.
func (st *state) stripTags(s string) string {
	st.alloc(2 * len(s))
	s = removeBetween(s, "<!--", "-->")
	s = removeBetween(s, "<", ">")
	s = strings.Join(strings.FieldsFunc(s, isSpace), " ")
	return html.UnescapeString(s)
}

func removeBetween(s, opening, closing string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, opening)
		if i < 0 {
			break
		}
		j := strings.Index(s[i:], closing)
		if j < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i+j+len(closing):]
	}
	b.WriteString(s)
	return b.String()
}

// pprint is repr while that fits a line of 80 characters; wrapping is for
// people's eyes and not supported.
func (st *state) pprint(v any) any {
	s := st.repr(v)
	if _, ok := v.(*undefined); !ok && st.runes(s) > 80 && strings.IndexFunc(s, unicode.IsSpace) >= 0 {
		st.fail("pprint of more than a line is not supported")
	}
	return s
}
