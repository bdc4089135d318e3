package jinja

import (
	"strconv"
	"strings"
)

// formatter is one call of str.format.
type formatter struct {
	st      *state
	args    callArgs
	auto    int // the next field without a number; -1 where fields have numbers
	escaped bool
}

func methodFormat(st *state, a callArgs) any {
	self := a.positional[0]
	_, escaped := self.(markup)
	f := &formatter{st: st, args: callArgs{a.positional[1:], a.keywords}, escaped: escaped}
	return rewrap(self, f.format(st.str(self), 2))
}

func methodFormatMap(st *state, a []any) any {
	d, ok := a[1].(*Dict)
	if !ok {
		st.fail("format_map() needs a dict, not a %s", typeName(a[1]))
	}
	args := callArgs{positional: a[:1:1]}
	for _, e := range d.list() {
		if name, ok := text(e.key); ok {
			st.elements(1)
			args.keywords = append(args.keywords, named{name, e.value})
		}
	}
	return methodFormat(st, args)
}

// format replaces the fields of a text; specifications may have fields again,
// depth says how far.
func (f *formatter) format(s string, depth int) string {
	st := f.st
	if depth == 0 {
		st.fail("format: fields within fields within fields")
	}
	var b strings.Builder
	for s != "" {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			break
		}
		st.work(1)
		st.put(&b, s[:i])
		brace := s[i]
		s = s[i+1:]
		switch {
		case s != "" && s[0] == brace:
			st.put(&b, string(brace))
			s = s[1:]
		case brace == '}':
			st.fail("format: a single } in the text")
		default:
			n := f.fieldLength(s)
			st.put(&b, f.field(s[:n], depth))
			s = s[n+1:]
		}
	}
	st.put(&b, s)
	return b.String()
}

// fieldLength returns where the field ends that s begins with.
func (f *formatter) fieldLength(s string) int {
	depth, brackets := 1, false
	for i := range len(s) {
		switch s[i] {
		case '[':
			brackets = true
		case ']':
			brackets = false
		case '{':
			if !brackets {
				depth++
			}
		case '}':
			if brackets {
				continue
			}
			if depth--; depth == 0 {
				return i
			}
		}
	}
	f.st.fail("format: a field has no end")
	return 0
}

func (f *formatter) field(field string, depth int) string {
	st := f.st
	name, spec, conversion := field, "", ""
	brackets := false
	for i := range len(field) {
		c := field[i]
		if c == '[' || c == ']' {
			brackets = c == '['
		}
		if brackets || c != ':' && c != '!' {
			continue
		}
		name = field[:i]
		if c == ':' {
			spec = field[i+1:]
			break
		}
		rest := field[i+1:]
		if rest == "" || len(rest) > 1 && rest[1] != ':' {
			st.fail("format: wrong conversion in %q", field)
		}
		conversion = rest[:1]
		if len(rest) > 1 {
			spec = rest[2:]
		}
		break
	}
	v := f.lookup(name)
	switch conversion {
	case "":
	case "s":
		v = st.str(v)
	case "r", "a":
		v = st.repr(v)
	default:
		st.fail("format: unknown conversion %q", conversion)
	}
	if strings.ContainsAny(spec, "{}") {
		spec = f.format(spec, depth-1)
	}
	if f.escaped {
		if m, ok := v.(markup); ok {
			return string(m)
		}
		return st.escapeText(st.formatValue(v, spec))
	}
	return st.formatValue(v, spec)
}

// lookup finds a field's value: an argument, and attributes and elements of it.
func (f *formatter) lookup(name string) any {
	st := f.st
	end := strings.IndexAny(name, ".[")
	if end < 0 {
		end = len(name)
	}
	v := f.argument(name[:end])
	rest := name[end:]
	for rest != "" {
		st.work(1)
		if rest[0] == '.' {
			end := strings.IndexAny(rest[1:], ".[") + 1
			if end == 0 {
				end = len(rest)
			}
			if end == 1 {
				st.fail("format: an attribute has no name")
			}
			v = st.attr(v, rest[1:end])
			rest = rest[end:]
			continue
		}
		end := strings.IndexByte(rest, ']')
		if rest[0] != '[' || end < 2 {
			st.fail("format: wrong field %q", name)
		}
		var key any = rest[1:end]
		if n, err := strconv.ParseInt(rest[1:end], 10, 64); err == nil && isDecimal(rest[1:end]) {
			key = n
		}
		v = st.item(v, key)
		rest = rest[end+1:]
	}
	return v
}

func (f *formatter) argument(name string) any {
	st := f.st
	n, err := strconv.Atoi(name)
	switch {
	case name == "":
		if f.auto < 0 {
			st.fail("format: fields with and without numbers")
		}
		n, err = f.auto, nil
		f.auto++
	case err == nil && isDecimal(name):
		if f.auto > 0 {
			st.fail("format: fields with and without numbers")
		}
		f.auto = -1
	default:
		v, ok := f.args.keyword(name)
		if !ok {
			st.fail("format: there is no value named %q", name)
		}
		return v
	}
	if n >= len(f.args.positional) {
		st.fail("format: there is no value %d", n)
	}
	return f.args.positional[n]
}
