package jinja

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// window returns the part of a[0] that a search's start and end leave, and the
// number of characters before it; ok is false where there is no such part.
func (st *state) window(a []any) (part string, before int, ok bool) {
	s := st.str(a[0])
	if a[2] == nil && a[3] == nil {
		st.scan(len(s))
		return s, 0, true
	}
	n := st.runes(s)
	bound := func(v any, missing int) int {
		if v == nil {
			return missing
		}
		k := clamp(st.needInt("a string's method", v))
		if k < 0 {
			k = max(k+n, 0)
		}
		return k
	}
	start, end := bound(a[2], 0), min(bound(a[3], n), n)
	if start > end {
		return "", 0, false
	}
	return runeSlice(s, n, start, end), start, true
}

// find returns the number of the character where a[1] is found, or -1.
func (st *state) find(name string, a []any, search func(s, sub string) int) any {
	sub := st.needText(name, a[1])
	s, before, ok := st.window(a)
	if !ok {
		return int64(-1)
	}
	i := search(s, sub)
	if i < 0 {
		return int64(-1)
	}
	return int64(before + utf8.RuneCountInString(s[:i]))
}

func (st *state) mustFind(name string, a []any, search func(s, sub string) int) any {
	i := st.find(name, a, search)
	if i == int64(-1) {
		st.fail("%s(): the substring is not there", name)
	}
	return i
}

func methodCount(st *state, a []any) any {
	sub := st.needText("count", a[1])
	s, _, ok := st.window(a)
	if !ok {
		return int64(0)
	}
	return int64(strings.Count(s, sub))
}

// affix is startswith and endswith, with one affix or a tuple of them.
func (st *state) affix(a []any, has func(s, affix string) bool) any {
	s, _, ok := st.window(a)
	affixes := []any{a[1]}
	if t, isTuple := a[1].(tuple); isTuple {
		affixes = t
	}
	for _, affix := range affixes {
		st.work(1)
		if t := st.needText("startswith or endswith", affix); ok && has(s, t) {
			return true
		}
	}
	return false
}

// parts returns pieces of a text as a list; those of escaped text are escaped.
func (st *state) parts(of any, pieces []string) []any {
	st.elements(len(pieces))
	list := make([]any, len(pieces))
	for i, p := range pieces {
		list[i] = rewrap(of, p)
	}
	return list
}

func (st *state) partition(a []any, i int, sep string, last bool) any {
	s := st.str(a[0])
	switch {
	case i >= 0:
		return tuple(st.parts(a[0], []string{s[:i], sep, s[i+len(sep):]}))
	case last:
		return tuple(st.parts(a[0], []string{"", "", s}))
	}
	return tuple(st.parts(a[0], []string{s, "", ""}))
}

// separator is an argument that must be a string that is not empty.
func (st *state) separator(name string, v any) string {
	sep := st.needText(name, v)
	if sep == "" {
		st.fail("%s(): the separator is empty", name)
	}
	return sep
}

func methodPartition(st *state, a []any) any {
	sep := st.separator("partition", a[1])
	s := st.str(a[0])
	st.scan(len(s))
	return st.partition(a, strings.Index(s, sep), sep, false)
}

func methodRPartition(st *state, a []any) any {
	sep := st.separator("rpartition", a[1])
	s := st.str(a[0])
	st.scan(len(s))
	return st.partition(a, strings.LastIndex(s, sep), sep, true)
}

func methodSplit(st *state, a []any) any {
	s, limit := st.str(a[0]), clamp(st.needInt("split", a[2]))
	st.scan(len(s))
	if a[1] == nil {
		return st.parts(a[0], st.fields(s, limit))
	}
	sep := st.separator("split", a[1])
	if limit < 0 {
		limit = strings.Count(s, sep)
	}
	st.elements(min(limit, strings.Count(s, sep)) + 1)
	return st.parts(a[0], strings.SplitN(s, sep, limit+1))
}

// fields splits at runs of whitespace, up to limit times where it is not negative.
func (st *state) fields(s string, limit int) []string {
	var out []string
	for s = strings.TrimLeftFunc(s, isSpace); s != ""; s = strings.TrimLeftFunc(s, isSpace) {
		st.elements(1)
		i := strings.IndexFunc(s, isSpace)
		if i < 0 || limit == len(out) {
			return append(out, s)
		}
		out = append(out, s[:i])
		s = s[i:]
	}
	return out
}

func methodRSplit(st *state, a []any) any {
	s, limit := st.str(a[0]), clamp(st.needInt("rsplit", a[2]))
	st.scan(len(s))
	if limit < 0 {
		return methodSplit(st, []any{a[0], a[1], int64(-1)})
	}
	var out []string
	if a[1] == nil {
		for s = strings.TrimRightFunc(s, isSpace); s != ""; s = strings.TrimRightFunc(s, isSpace) {
			st.elements(1)
			i := strings.LastIndexFunc(s, isSpace)
			if i < 0 || limit == len(out) {
				out = append(out, s)
				break
			}
			_, n := utf8.DecodeRuneInString(s[i:])
			out = append(out, s[i+n:])
			s = s[:i]
		}
	} else {
		sep := st.separator("rsplit", a[1])
		for len(out) < limit {
			i := strings.LastIndex(s, sep)
			if i < 0 {
				break
			}
			st.elements(1)
			out = append(out, s[i+len(sep):])
			s = s[:i]
		}
		out = append(out, s)
	}
	slices.Reverse(out)
	return st.parts(a[0], out)
}
