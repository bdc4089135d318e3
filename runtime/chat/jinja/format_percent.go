package jinja

import (
	"math/big"
	"regexp"
	"strings"
)

// percentField is one field of a %-format: %(key)flags width .precision type.
var percentField = regexp.MustCompile(`^(?s)%(\(([^()]*)\))?([-+ #0]*)(\*|\d*)(?:\.(\*|\d*))?[hlL]?(.)`)

// percentFormat is Python's "format % values".
func (st *state) percentFormat(format any, s string, values any) any {
	args := &percentArgs{st: st, values: []any{values}}
	if t, ok := values.(tuple); ok {
		args.values = t
	} else if g, ok := values.(group); ok {
		args.values, _ = elementsOf(g)
	} else if d, ok := values.(*Dict); ok {
		args.dict = d
	}
	_, escaped := format.(markup)
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			break
		}
		st.put(&b, s[:i])
		s = s[i:]
		m := percentField.FindStringSubmatch(s)
		if m == nil {
			st.fail("a %%-format is incomplete")
		}
		st.work(1)
		s = s[len(m[0]):]
		out := args.field(m)
		if escaped && m[6] != "%" {
			out = st.escapeText(out)
		}
		st.put(&b, out)
	}
	st.put(&b, s)
	if args.used < len(args.values) && args.dict == nil && !isContainer(values) {
		st.fail("a %%-format has fewer fields than values")
	}
	return rewrap(format, b.String())
}

// isContainer: what Python takes for a mapping, whose elements need not be used.
func isContainer(v any) bool {
	switch v.(type) {
	case []any, *Dict, *rangeValue, *undefined:
		return true
	}
	return false
}

type percentArgs struct {
	st     *state
	values []any
	dict   *Dict
	used   int
}

func (a *percentArgs) next() any {
	if a.used >= len(a.values) {
		a.st.fail("a %%-format has more fields than values")
	}
	a.used++
	return a.values[a.used-1]
}

// size is a width or precision, possibly the next value.
func (a *percentArgs) size(s string, missing int) int {
	if s == "*" {
		return clamp(a.st.needInt("a %-format", a.next()))
	}
	return a.st.size(s, missing)
}

func (a *percentArgs) field(m []string) string {
	st := a.st
	var key any
	if m[1] != "" {
		if a.dict == nil {
			st.fail("a %%-format with names needs a dict")
		}
		v, ok := a.dict.find(m[2])
		if !ok {
			st.fail("a %%-format names %q, which is not there", m[2])
		}
		key = v
	}
	f := spec{fill: " ", align: '>', precision: -1, kind: m[6][0]}
	for i := range len(m[3]) {
		switch c := m[3][i]; c {
		case '-':
			f.align = '<'
		case '0':
			if f.align != '<' {
				f.align, f.fill = '=', "0"
			}
		case '#':
			f.alternate = true
		default:
			if f.sign != '+' {
				f.sign = c
			}
		}
	}
	if strings.ContainsRune(m[3], '-') {
		f.align, f.fill = '<', " "
	}
	if f.width = a.size(m[4], 0); f.width < 0 {
		f.align, f.fill, f.width = '<', " ", -f.width
	}
	if strings.Contains(m[0], ".") && !strings.HasSuffix(m[1], m[0][1:]) {
		f.precision = max(0, a.size(m[5], 0))
		if !hasPrecision(m) {
			f.precision = -1
		}
	}
	if m[6] == "%" {
		return "%"
	}
	v := key
	if m[1] == "" {
		v = a.next()
	}
	return st.percentValue(v, f, m[6])
}

// hasPrecision: there is a point behind the key, flags and width.
func hasPrecision(m []string) bool {
	return strings.HasPrefix(m[0][1+len(m[1])+len(m[3])+len(m[4]):], ".")
}

func (st *state) percentValue(v any, f spec, kind string) string {
	switch kind {
	case "s", "r", "a":
		s := ""
		if kind == "s" {
			s = st.str(v)
		} else {
			s = st.repr(v)
		}
		f.kind, f.sign, f.alternate, f.fill = 0, 0, false, " "
		if f.align == '=' {
			f.align = '>'
		}
		return st.formatText(s, f)
	case "c":
		s, ok := text(v)
		if !ok {
			s, _ = st.intDigits(toBigArg(st, v), spec{kind: 'c'})
		} else if st.runes(s) != 1 {
			st.fail("%%c needs one character")
		}
		f.kind, f.fill, f.align = 0, " ", max(f.align, 0)
		f.precision, f.sign, f.alternate = -1, 0, false
		return st.align(s, f, '>')
	case "d", "i", "u", "x", "X", "o":
		n := st.percentInt(v, kind)
		f.kind = kind[0]
		if kind == "i" || kind == "u" {
			f.kind = 'd'
		}
		if f.precision > 0 { // so many digits at least
			digits, _ := st.intDigits(new(big.Int).Abs(toBig(n)), f)
			return st.precisePercent(n, digits, f)
		}
		f.precision = -1
		return st.formatNumber(n, f)
	case "e", "E", "f", "F", "g", "G":
		st.refuse(v)
		n, ok := number(v)
		if !ok {
			st.fail("%%%s needs a number, not a %s", kind, typeName(v))
		}
		return st.formatNumber(st.toFloat(n), f)
	}
	st.fail("a %%-format has a field of type %q", kind)
	return ""
}

func toBigArg(st *state, v any) *big.Int { return big.NewInt(st.needInt("%c", v)) }

// percentInt is an integer; decimal formats take floats too.
func (st *state) percentInt(v any, kind string) any {
	st.refuse(v)
	n, ok := number(v)
	if f, isFloat := n.(float64); isFloat && strings.Contains("diu", kind) && finite(f) {
		return floatToInt(f)
	} else if !ok || isFloat {
		st.fail("%%%s needs an integer, not a %s", kind, typeName(v))
	}
	return n
}

func (st *state) precisePercent(n any, digits string, f spec) string {
	digits = st.pad(digits, f.precision, "0", '>')
	sign := ""
	switch {
	case toBig(n).Sign() < 0:
		sign = "-"
	case f.sign != 0:
		sign = string(f.sign)
	}
	if f.alternate && f.kind != 'd' {
		sign += "0" + string(f.kind)
	}
	if f.align == '=' {
		return sign + st.pad(digits, f.width-len(sign), "0", '>')
	}
	return st.align(sign+digits, f, '>')
}

func filterFormat(st *state, a callArgs) any {
	value := st.operand("format", &a)
	s := st.str(value)
	if len(a.keywords) == 0 {
		return st.percentFormat(value, s, tuple(a.positional))
	}
	if len(a.positional) > 0 {
		st.fail("format takes positional or named values, not both")
	}
	d := NewDict()
	for _, k := range a.keywords {
		d.set(st, k.name, k.value)
	}
	return st.percentFormat(value, s, d)
}
