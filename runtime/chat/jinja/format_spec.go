package jinja

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// spec is what stands behind the colon of a format field, or behind the
// percent sign: [[fill]align][sign][z][#][0][width][grouping][.precision][type].
type spec struct {
	fill      string
	align     byte // 0 where it is not given
	sign      byte
	alternate bool
	width     int
	grouping  string
	precision int // -1 where it is not given
	kind      byte
}

var specSyntax = regexp.MustCompile(`^(?s)(?:(.)?([<>=^]))?([-+ ])?(z)?(#)?(0)?(\d*)([,_])?(?:\.(\d+))?([A-Za-z%])?$`)

func (st *state) parseSpec(s string) spec {
	m := specSyntax.FindStringSubmatch(s)
	if m == nil || m[4] != "" {
		st.fail("format: wrong specification %q", s)
	}
	f := spec{fill: m[1], alternate: m[5] != "", grouping: m[8], precision: -1}
	if m[2] != "" {
		f.align = m[2][0]
	}
	if m[3] != "" {
		f.sign = m[3][0]
	}
	if m[6] != "" {
		if f.fill == "" {
			f.fill = "0"
		}
		if f.align == 0 {
			f.align = '='
		}
	}
	f.width = st.size(m[7], 0)
	f.precision = st.size(m[9], -1)
	if m[10] != "" {
		f.kind = m[10][0]
	}
	if f.fill == "" {
		f.fill = " "
	}
	return f
}

// size reads a width or precision, which the memory left limits.
func (st *state) size(digits string, missing int) int {
	if digits == "" {
		return missing
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n > math.MaxInt32 {
		st.fail("format: a width or precision is too large")
	}
	return n
}

// formatValue is Python's format().
func (st *state) formatValue(v any, s string) string {
	switch n := v.(type) {
	case bool:
		if s == "" {
			return st.repr(v)
		}
		v, _ = number(n)
	case int64, *big.Int, float64, string, markup:
	default:
		if s != "" {
			st.fail("format: a %s takes no specification", typeName(v))
		}
		return st.str(v)
	}
	if s == "" {
		return st.str(v)
	}
	f := st.parseSpec(s)
	if s, ok := text(v); ok {
		return st.formatText(s, f)
	}
	return st.formatNumber(v, f)
}

func (st *state) formatText(s string, f spec) string {
	if f.sign != 0 || f.alternate || f.align == '=' && f.fill != "0" || f.grouping != "" || f.kind != 0 && f.kind != 's' {
		st.fail("format: a specification that is not for strings")
	}
	if n := st.runes(s); f.precision >= 0 && f.precision < n {
		s = runeSlice(s, n, 0, f.precision)
	}
	return st.align(s, f, '<')
}

// align fills to the width; the middle of an odd number lies left.
func (st *state) align(s string, f spec, usual byte) string {
	align := f.align
	if align == 0 || align == '=' {
		align = usual
	}
	missing := f.width - st.runes(s)
	if missing <= 0 {
		return s
	}
	left := map[byte]int{'<': 0, '>': missing, '^': missing / 2}[align]
	st.repeated(len(f.fill), missing)
	st.alloc(len(s))
	return strings.Repeat(f.fill, left) + s + strings.Repeat(f.fill, missing-left)
}

// formatNumber formats a number: its digits, then sign, prefix and grouping.
func (st *state) formatNumber(v any, f spec) string {
	var digits, prefix string
	negative := false
	kind := f.kind
	_, isFloat := v.(float64)
	if isFloat || strings.IndexByte("eEfFgG%", kind) >= 0 && kind != 0 {
		x := st.toFloat(v)
		negative = math.Float64bits(x)>>63 == 1 && !math.IsNaN(x)
		digits = st.floatDigits(x, f)
	} else {
		if f.precision >= 0 {
			st.fail("format: an integer has no precision")
		}
		n := toBig(v)
		negative = n.Sign() < 0
		digits, prefix = st.intDigits(new(big.Int).Abs(n), f)
	}
	sign := ""
	switch {
	case negative:
		sign = "-"
	case f.sign == '+' || f.sign == ' ':
		sign = string(f.sign)
	}
	size := 3
	if f.grouping == "_" && strings.IndexByte("bxXo", kind) >= 0 && kind != 0 {
		size = 4
	}
	head := sign + prefix
	if f.align == '=' {
		zeros := f.width - len(head)
		if f.fill == "0" && f.grouping != "" {
			return head + st.groupDigits(digits, f.grouping, size, zeros)
		}
		digits = st.groupDigits(digits, f.grouping, size, 0)
		return head + st.pad(digits, zeros, f.fill, '>')
	}
	return st.align(head+st.groupDigits(digits, f.grouping, size, 0), f, '>')
}

func (st *state) intDigits(n *big.Int, f spec) (digits, prefix string) {
	st.work(n.BitLen() / 16)
	base := map[byte]int{0: 10, 'd': 10, 'n': 10, 'b': 2, 'o': 8, 'x': 16, 'X': 16}[f.kind]
	switch {
	case f.kind == 'c':
		if !n.IsInt64() || n.Int64() > 0x10ffff {
			st.fail("format: no character has this number")
		}
		return string(rune(n.Int64())), ""
	case base == 0:
		st.fail("format: type %q is not for integers", string(f.kind))
	}
	digits = n.Text(base)
	if f.kind == 'X' {
		digits = strings.ToUpper(digits)
	}
	if f.alternate && base != 10 {
		prefix = "0" + string(f.kind)
	}
	return digits, prefix
}

// floatDigits formats the absolute value.
func (st *state) floatDigits(x float64, f spec) string {
	kind := f.kind
	x = math.Float64frombits(math.Float64bits(x) &^ (1 << 63))
	precision := f.precision
	if precision > 100000 {
		st.fail("format: a precision of %d is too large", precision)
	}
	if precision < 0 && kind != 0 {
		precision = 6
	}
	st.alloc(max(precision, 0) + 400)
	suffix := ""
	if kind == '%' {
		x, kind, suffix = x*100, 'f', "%"
	}
	if !finite(x) {
		s := formatFloat(x)
		if kind == 'E' || kind == 'F' || kind == 'G' {
			s = strings.ToUpper(s)
		}
		return s + suffix
	}
	switch kind {
	case 'e', 'E', 'f', 'F':
		c := kind
		if c == 'F' {
			c = 'f'
		}
		s := strconv.FormatFloat(x, c, precision, 64)
		if f.alternate && precision == 0 {
			s = strings.Replace(s+"e", "e", ".e", 1)
			s = strings.TrimSuffix(s, "e")
		}
		return s + suffix
	case 'g', 'G', 'n':
		return generalFloat(x, max(precision, 1), kind == 'G', f.alternate, false)
	case 0:
		if f.precision < 0 {
			return formatFloat(x)
		}
		return generalFloat(x, max(precision, 1), false, f.alternate, true)
	}
	st.fail("format: type %q is not for floats", string(f.kind))
	return ""
}

// generalFloat is the g format: so many significant digits, with an exponent
// where that is shorter. With point, the result has a point or an exponent.
func generalFloat(x float64, digits int, upper, keepZeros, point bool) string {
	s := strconv.FormatFloat(x, 'e', digits-1, 64)
	i := strings.IndexByte(s, 'e')
	exponent, _ := strconv.Atoi(s[i+1:])
	limit := digits
	if point {
		limit--
	}
	mantissa, tail := s[:i], s[i:]
	if -4 <= exponent && exponent < max(limit, 0) {
		mantissa, tail = strconv.FormatFloat(x, 'f', digits-1-exponent, 64), ""
	}
	if !keepZeros && strings.Contains(mantissa, ".") {
		mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	}
	if point && tail == "" && !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	if upper {
		tail = strings.ToUpper(tail)
	}
	return mantissa + tail
}

// groupDigits puts a separator between groups of digits, and zeros before
// them up to a width.
func (st *state) groupDigits(s, separator string, size, width int) string {
	if separator == "" {
		return s
	}
	end := strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", r) })
	if strings.ContainsAny(s, ".e%") || end < 0 {
		if end = strings.IndexAny(s, ".e%"); end < 0 {
			end = len(s)
		}
	}
	digits, rest := s[:end], s[end:]
	st.repeated(2, max(width, 0))
	for len(digits)+(len(digits)-1)/size+len(rest) < width {
		missing := width - len(rest) - len(digits) - (len(digits)-1)/size
		digits = strings.Repeat("0", max(1, missing*size/(size+1))) + digits
	}
	st.alloc(2 * len(s))
	var b strings.Builder
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%size == 0 {
			b.WriteString(separator)
		}
		b.WriteByte(digits[i])
	}
	return b.String() + rest
}
