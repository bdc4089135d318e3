package jinja

import (
	"strings"
	"unicode"
)

// stringMethods are str's; nil are those that a template has no use for.
var stringMethods = map[string]*function{
	"capitalize":   change("capitalize", (*state).capitalize),
	"casefold":     change("casefold", (*state).caseFold),
	"center":       padding("center", '^'),
	"count":        {name: "count", params: searchParams, positional: true, fn: methodCount},
	"encode":       unsupportedMethod("encode"),
	"endswith":     {name: "endswith", params: searchParams, positional: true, fn: func(st *state, a []any) any { return st.affix(a, strings.HasSuffix) }},
	"expandtabs":   {name: "expandtabs", params: params(need("self"), opt("tabsize", int64(8))), fn: methodExpandTabs},
	"find":         {name: "find", params: searchParams, positional: true, fn: func(st *state, a []any) any { return st.find("find", a, strings.Index) }},
	"format":       {name: "format", raw: methodFormat},
	"format_map":   {name: "format_map", params: params(need("self"), need("mapping")), positional: true, fn: methodFormatMap},
	"index":        {name: "index", params: searchParams, positional: true, fn: func(st *state, a []any) any { return st.mustFind("index", a, strings.Index) }},
	"isalnum":      check("isalnum", func(s string) bool { return all(s, isAlnumRune) }),
	"isalpha":      check("isalpha", func(s string) bool { return all(s, unicode.IsLetter) }),
	"isascii":      check("isascii", isASCII),
	"isdecimal":    check("isdecimal", isDecimal),
	"isdigit":      check("isdigit", func(s string) bool { return all(s, isDigitRune) }),
	"isidentifier": check("isidentifier", func(s string) bool { return isIdentifier(s) && identifierLength(s) == len(s) }),
	"islower":      check("islower", isLower),
	"isnumeric":    check("isnumeric", func(s string) bool { return all(s, isNumericRune) }),
	"isprintable":  check("isprintable", func(s string) bool { return s == "" || all(s, unicode.IsPrint) }),
	"isspace":      check("isspace", func(s string) bool { return all(s, isSpace) }),
	"istitle":      check("istitle", isTitleCase),
	"isupper":      check("isupper", isUpper),
	"join":         {name: "join", params: params(need("self"), need("iterable")), positional: true, fn: methodJoin},
	"ljust":        padding("ljust", '<'),
	"lower":        change("lower", (*state).lower),
	"lstrip":       strip("lstrip", true, false),
	"maketrans":    unsupportedMethod("maketrans"),
	"partition":    {name: "partition", params: params(need("self"), need("sep")), positional: true, fn: methodPartition},
	"removeprefix": {name: "removeprefix", params: params(need("self"), need("prefix")), positional: true, fn: func(st *state, a []any) any {
		return st.selfChange(a, strings.TrimPrefix(st.scanned(a[0]), st.needText("removeprefix", a[1])))
	}},
	"removesuffix": {name: "removesuffix", params: params(need("self"), need("suffix")), positional: true, fn: func(st *state, a []any) any {
		return st.selfChange(a, strings.TrimSuffix(st.scanned(a[0]), st.needText("removesuffix", a[1])))
	}},
	"replace":    {name: "replace", params: params(need("self"), need("old"), need("new"), opt("count", int64(-1))), positional: true, fn: methodReplace},
	"rfind":      {name: "rfind", params: searchParams, positional: true, fn: func(st *state, a []any) any { return st.find("rfind", a, strings.LastIndex) }},
	"rindex":     {name: "rindex", params: searchParams, positional: true, fn: func(st *state, a []any) any { return st.mustFind("rindex", a, strings.LastIndex) }},
	"rjust":      padding("rjust", '>'),
	"rpartition": {name: "rpartition", params: params(need("self"), need("sep")), positional: true, fn: methodRPartition},
	"rsplit":     {name: "rsplit", params: splitParams, fn: methodRSplit},
	"rstrip":     strip("rstrip", false, true),
	"split":      {name: "split", params: splitParams, fn: methodSplit},
	"splitlines": {name: "splitlines", params: params(need("self"), opt("keepends", false)), fn: func(st *state, a []any) any {
		return st.parts(a[0], st.splitLines(st.str(a[0]), st.truth(a[1])))
	}},
	"startswith": {name: "startswith", params: searchParams, positional: true, fn: func(st *state, a []any) any { return st.affix(a, strings.HasPrefix) }},
	"strip":      strip("strip", true, true),
	"swapcase":   change("swapcase", (*state).swapCase),
	"title":      change("title", (*state).title),
	"translate":  unsupportedMethod("translate"),
	"upper":      change("upper", (*state).upper),
	"zfill":      {name: "zfill", params: params(need("self"), need("width")), positional: true, fn: methodZFill},
}

var (
	searchParams = params(need("self"), need("sub"), opt("start", nil), opt("end", nil))
	splitParams  = params(need("self"), opt("sep", nil), opt("maxsplit", int64(-1)))
)

func unsupportedMethod(name string) *function {
	return &function{name: name, raw: func(st *state, _ callArgs) any {
		st.fail("the method %s() is not supported", name)
		return nil
	}}
}

// change is a method without arguments from text to text.
func change(name string, f func(st *state, s string) string) *function {
	return &function{name: name, params: params(need("self")), positional: true, fn: func(st *state, a []any) any {
		return st.selfChange(a, f(st, st.str(a[0])))
	}}
}

func (st *state) selfChange(a []any, s string) any { return rewrap(a[0], s) }

func check(name string, f func(s string) bool) *function {
	return &function{name: name, params: params(need("self")), positional: true, fn: func(st *state, a []any) any {
		s := st.str(a[0])
		st.scan(len(s))
		return f(s)
	}}
}

func padding(name string, align byte) *function {
	return &function{name: name, params: params(need("self"), need("width"), opt("fillchar", " ")), positional: true, fn: func(st *state, a []any) any {
		fill := st.needText(name, a[2])
		if st.runes(fill) != 1 {
			st.fail("%s() fills with one character, not %d", name, st.runes(fill))
		}
		return rewrap(a[0], st.pad(st.str(a[0]), clamp(st.needInt(name, a[1])), fill, align))
	}}
}

func strip(name string, left, right bool) *function {
	return &function{name: name, params: params(need("self"), opt("chars", nil)), positional: true, fn: func(st *state, a []any) any {
		s := st.str(a[0])
		if a[1] != nil {
			return rewrap(a[0], st.trimChars(s, st.needText(name, a[1]), left, right))
		}
		st.scan(len(s))
		if left {
			s = strings.TrimLeftFunc(s, isSpace)
		}
		if right {
			s = strings.TrimRightFunc(s, isSpace)
		}
		return rewrap(a[0], s)
	}}
}

func (st *state) caseFold(s string) string {
	s = strings.ReplaceAll(s, "ẞ", "ss")
	return strings.ReplaceAll(st.lower(strings.ReplaceAll(s, "ß", "ss")), "ς", "σ")
}

func methodZFill(st *state, a []any) any {
	s := st.str(a[0])
	sign := ""
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") {
		sign, s = s[:1], s[1:]
	}
	return rewrap(a[0], sign+st.pad(s, clamp(st.needInt("zfill", a[1]))-len(sign), "0", '>'))
}

func methodExpandTabs(st *state, a []any) any {
	size := clamp(st.needInt("expandtabs", a[1]))
	var b strings.Builder
	column := 0
	s := st.str(a[0])
	st.alloc(len(s))
	for _, r := range s {
		switch {
		case r == '\t':
			if size > 0 {
				n := size - column%size
				st.repeated(1, n)
				b.WriteString(strings.Repeat(" ", n))
				column += n
			}
			continue
		case r == '\n' || r == '\r':
			column = -1
		}
		column++
		b.WriteRune(r)
	}
	return rewrap(a[0], b.String())
}

func methodReplace(st *state, a []any) any {
	old, with := st.needText("replace", a[1]), st.needText("replace", a[2])
	count := clamp(st.needInt("replace", a[3]))
	if _, ok := a[0].(markup); ok {
		return markup(st.replaceAll(st.str(a[0]), old, st.escape(a[2]), max(-1, count)))
	}
	return st.replaceAll(st.str(a[0]), old, with, max(-1, count))
}

func methodJoin(st *state, a []any) any {
	var parts []string
	_, escaped := a[0].(markup)
	st.each(a[1], func(v any) bool {
		st.elements(1)
		if escaped {
			parts = append(parts, st.escape(v))
			return true
		}
		if _, ok := text(v); !ok {
			st.fail("join() of strings: one is a %s", typeName(v))
		}
		parts = append(parts, st.str(v))
		return true
	})
	return rewrap(a[0], st.join(parts, st.str(a[0])))
}
