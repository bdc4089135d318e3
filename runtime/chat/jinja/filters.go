package jinja

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// filters are what may follow "|"; the names and defaults of their parameters
// are jinja2's.
var filters = map[string]*function{
	// Of any value.
	"abs":     {name: "abs", params: params(need("x")), positional: true, fn: filterAbs},
	"attr":    {name: "attr", params: params(need("obj"), need("name")), fn: filterAttr},
	"d":       defaultFilter,
	"default": defaultFilter,
	"float":   {name: "float", params: params(need("value"), opt("default", 0.0)), fn: filterFloat},
	"int":     {name: "int", params: params(need("value"), opt("default", int64(0)), opt("base", int64(10))), fn: filterInt},
	"pprint":  {name: "pprint", params: params(need("value")), fn: func(st *state, a []any) any { return st.pprint(a[0]) }},
	"round":   {name: "round", params: params(need("value"), opt("precision", int64(0)), opt("method", "common")), fn: filterRound},
	"string":  {name: "string", params: params(need("s")), fn: filterString},
	"tojson": {name: "tojson", params: params(need("x"), opt("ensure_ascii", false), opt("indent", nil),
		opt("separators", nil), opt("sort_keys", false)), fn: filterJSON},
	"filesizeformat": {name: "filesizeformat", params: params(need("value"), opt("binary", false)), fn: filterFileSize},

	// Of text.
	"capitalize":  textFilter("capitalize", (*state).capitalize),
	"center":      {name: "center", params: params(need("value"), opt("width", int64(80))), fn: filterCenter},
	"e":           escapeFilter,
	"escape":      escapeFilter,
	"forceescape": {name: "forceescape", params: params(need("value")), fn: func(st *state, a []any) any { return markup(st.escapeText(st.str(a[0]))) }},
	"format":      {name: "format", raw: filterFormat},
	"indent":      {name: "indent", params: params(need("s"), opt("width", int64(4)), opt("first", false), opt("blank", false)), fn: filterIndent},
	"lower":       textFilter("lower", (*state).lower),
	"replace":     {name: "replace", params: params(need("s"), need("old"), need("new"), opt("count", nil)), fn: filterReplace},
	"safe":        {name: "safe", params: params(need("value")), fn: func(st *state, a []any) any { return markup(st.str(a[0])) }},
	"striptags":   {name: "striptags", params: params(need("value")), fn: func(st *state, a []any) any { return st.stripTags(st.str(a[0])) }},
	"title":       textFilter("title", (*state).titleWords),
	"trim":        {name: "trim", params: params(need("value"), opt("chars", nil)), fn: filterTrim},
	"truncate": {name: "truncate", params: params(need("s"), opt("length", int64(255)), opt("killwords", false),
		opt("end", "..."), opt("leeway", nil)), fn: filterTruncate},
	"upper":     textFilter("upper", (*state).upper),
	"urlencode": {name: "urlencode", params: params(need("value")), fn: filterURLEncode},
	"urlize":    unsupportedFilter("urlize", "it makes HTML"),
	"wordcount": {name: "wordcount", params: params(need("s")), fn: filterWordCount},
	"wordwrap":  unsupportedFilter("wordwrap", "its rules are for people's eyes"),
	"xmlattr":   {name: "xmlattr", params: params(need("d"), opt("autospace", true)), fn: filterXMLAttr},

	// Of lists.
	"batch":      {name: "batch", params: params(need("value"), need("linecount"), opt("fill_with", nil)), fn: filterBatch},
	"count":      lengthFilter,
	"dictsort":   {name: "dictsort", params: params(need("value"), opt("case_sensitive", false), opt("by", "key"), opt("reverse", false)), fn: filterDictSort},
	"first":      {name: "first", params: params(need("seq")), fn: filterFirst},
	"groupby":    {name: "groupby", params: params(need("value"), need("attribute"), opt("default", nil), opt("case_sensitive", false)), fn: filterGroupBy},
	"items":      {name: "items", params: params(need("value")), fn: filterItems},
	"join":       {name: "join", params: params(need("value"), opt("d", ""), opt("attribute", nil)), fn: filterJoin},
	"last":       {name: "last", params: params(need("seq")), fn: filterLast},
	"length":     lengthFilter,
	"list":       {name: "list", params: params(need("value")), fn: func(st *state, a []any) any { return st.list(a[0]) }},
	"map":        {name: "map", raw: filterMap},
	"max":        {name: "max", params: extremeParams, fn: func(st *state, a []any) any { return st.extreme(a, true) }},
	"min":        {name: "min", params: extremeParams, fn: func(st *state, a []any) any { return st.extreme(a, false) }},
	"random":     unsupportedFilter("random", "it would give other text each time"),
	"reject":     {name: "reject", raw: func(st *state, a callArgs) any { return st.selecting(a, false, false) }},
	"rejectattr": {name: "rejectattr", raw: func(st *state, a callArgs) any { return st.selecting(a, true, false) }},
	"reverse":    {name: "reverse", params: params(need("value")), fn: filterReverse},
	"select":     {name: "select", raw: func(st *state, a callArgs) any { return st.selecting(a, false, true) }},
	"selectattr": {name: "selectattr", raw: func(st *state, a callArgs) any { return st.selecting(a, true, true) }},
	"slice":      {name: "slice", params: params(need("value"), need("slices"), opt("fill_with", nil)), fn: filterSlice},
	"sort":       {name: "sort", params: params(need("value"), opt("reverse", false), opt("case_sensitive", false), opt("attribute", nil)), fn: filterSort},
	"sum":        {name: "sum", params: params(need("iterable"), opt("attribute", nil), opt("start", int64(0))), fn: filterSum},
	"unique":     {name: "unique", params: params(need("value"), opt("case_sensitive", false), opt("attribute", nil)), fn: filterUnique},
}

var (
	defaultFilter = &function{name: "default", params: params(need("value"), opt("default_value", ""), opt("boolean", false)), fn: filterDefault}
	lengthFilter  = &function{name: "length", params: params(need("obj")), positional: true, fn: filterLength}
	escapeFilter  = &function{name: "escape", params: params(need("s")), positional: true, fn: func(st *state, a []any) any { return markup(st.escape(a[0])) }}
	extremeParams = params(need("value"), opt("case_sensitive", false), opt("attribute", nil))
)

// textFilter is a filter from text to text that keeps escaped text escaped.
func textFilter(name string, f func(st *state, s string) string) *function {
	return &function{name: name, params: params(need("s")), fn: func(st *state, a []any) any {
		return rewrap(a[0], f(st, st.str(a[0])))
	}}
}

// rewrap makes s escaped text if v is.
func rewrap(v any, s string) any {
	if _, ok := v.(markup); ok {
		return markup(s)
	}
	return s
}

func unsupportedFilter(name, why string) *function {
	return &function{name: name, raw: func(st *state, _ callArgs) any {
		st.fail("the filter %s is not supported: %s", name, why)
		return nil
	}}
}

func filterDefault(st *state, a []any) any {
	if isUndefined(a[0]) || st.truth(a[2]) && !st.truth(a[0]) {
		return a[1]
	}
	return a[0]
}

func filterString(st *state, a []any) any { return rewrap(a[0], st.str(a[0])) }

func filterLength(st *state, a []any) any {
	n, ok := st.length(a[0])
	if !ok {
		st.fail("a %s has no length", typeName(a[0]))
	}
	return int64(n)
}

func filterAbs(st *state, a []any) any {
	st.refuse(a[0])
	n, ok := number(a[0])
	if !ok {
		st.fail("a %s has no absolute value", typeName(a[0]))
	}
	if f, ok := n.(float64); ok {
		return math.Float64frombits(math.Float64bits(f) &^ (1 << 63))
	}
	if toBig(n).Sign() < 0 {
		return st.sign(n, true)
	}
	return n
}

func filterAttr(st *state, a []any) any {
	name := st.needText("attr", a[1])
	if u, ok := a[0].(*undefined); ok {
		st.refuse(u)
	}
	if v, ok := st.attribute(a[0], name); ok {
		return v
	}
	return &undefined{of: a[0], name: name}
}

func filterFloat(st *state, a []any) any {
	st.refuse(a[0])
	if n, ok := number(a[0]); ok {
		return st.toFloat(n)
	}
	if s, ok := text(a[0]); ok {
		if f, ok := st.parseFloat(s); ok {
			return f
		}
	}
	return a[1]
}

func filterInt(st *state, a []any) any {
	st.refuse(a[0])
	if n, ok := number(a[0]); ok {
		f, ok := n.(float64)
		if !ok {
			return n
		}
		if finite(f) {
			return floatToInt(f)
		}
		if !math.IsNaN(f) {
			st.fail("an infinite float has no integer")
		}
		return a[1]
	}
	s, ok := text(a[0])
	if !ok {
		return a[1]
	}
	if n, ok := st.parseInt(s, clamp(st.needInt("int", a[2]))); ok {
		return n
	}
	if f, ok := st.parseFloat(s); ok && finite(f) {
		return floatToInt(f)
	}
	return a[1]
}

// parseInt is Python's int(s, base).
func (st *state) parseInt(s string, base int) (any, bool) {
	st.scan(len(s))
	s = strings.TrimFunc(s, isSpace)
	digits := strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	negative := strings.HasPrefix(s, "-")
	if len(s)-len(digits) > 1 || base < 0 || base == 1 || base > 36 || len(digits) > maxDigits {
		return nil, false
	}
	low := strings.ToLower(digits)
	for prefix, b := range map[string]int{"0b": 2, "0o": 8, "0x": 16} {
		if strings.HasPrefix(low, prefix) && (base == b || base == 0) {
			low = strings.TrimPrefix(low[2:], "_")
			base = b
			break
		}
	}
	if base == 0 {
		if len(low) > 1 && low[0] == '0' && strings.Trim(low, "0_") != "" {
			return nil, false
		}
		base = 10
	}
	low, ok := stripUnderscores(asciiDigits(low))
	if !ok || low == "" || !isAlphanumericASCII(low) {
		return nil, false
	}
	n, ok := new(big.Int).SetString(low, base)
	if !ok {
		return nil, false
	}
	if negative {
		n.Neg(n)
	}
	return normal(n), true
}

// stripUnderscores removes underscores, which may stand between digits only.
func stripUnderscores(s string) (string, bool) {
	if strings.HasPrefix(s, "_") || strings.HasSuffix(s, "_") || strings.Contains(s, "__") {
		return "", false
	}
	return strings.ReplaceAll(s, "_", ""), true
}

func isAlphanumericASCII(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isDigit(c) && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// parseFloat is Python's float(s).
func (st *state) parseFloat(s string) (float64, bool) {
	st.scan(len(s))
	s = strings.ToLower(asciiDigits(strings.TrimFunc(s, isSpace)))
	if strings.ContainsAny(s, "xp") || strings.ContainsRune(s, '_') && !underscoresBetweenDigits(s) {
		return 0, false
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

func underscoresBetweenDigits(s string) bool {
	for i := range len(s) {
		if s[i] == '_' && (i == 0 || i+1 == len(s) || !isDigit(s[i-1]) || !isDigit(s[i+1])) {
			return false
		}
	}
	return true
}

func filterRound(st *state, a []any) any {
	st.refuse(a[0])
	method := st.str(a[2])
	if method != "common" && method != "ceil" && method != "floor" {
		st.fail("round: the method must be common, ceil or floor")
	}
	n, ok := number(a[0])
	if !ok {
		st.fail("a %s cannot be rounded", typeName(a[0]))
	}
	if method != "common" {
		scale := st.arithmetic("**", int64(10), number0(st, a[1]))
		scaled := st.arithmetic("*", n, scale)
		if f, ok := scaled.(float64); ok {
			if !finite(f) {
				st.fail("a number that is not finite cannot be rounded")
			}
			r := math.Floor(f)
			if method == "ceil" && r < f {
				r++
			}
			scaled = floatToInt(r)
		}
		return st.arithmetic("/", scaled, scale)
	}
	digits := clamp(st.needInt("round", a[1]))
	st.work(200)
	if f, ok := n.(float64); ok {
		return roundFloat(f, digits)
	}
	if digits >= 0 {
		return n
	}
	if digits < -maxDigits {
		return int64(0)
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-digits)), nil)
	r := roundRat(new(big.Rat).SetFrac(toBig(n), scale))
	return normal(r.Mul(r, scale))
}

func number0(st *state, v any) any {
	n, ok := number(v)
	if !ok {
		st.fail("a %s is no number", typeName(v))
	}
	return n
}
