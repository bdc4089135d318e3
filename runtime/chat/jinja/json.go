package jinja

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"unicode/utf16"
)

// filterJSON is tojson as transformers defines it: json.dumps.
func filterJSON(st *state, a []any) any {
	w := &jsonWriter{st: st, ascii: st.truth(a[1]), sort: st.truth(a[4]), item: ", ", colon: ": "}
	if a[2] != nil {
		w.lines = true
		w.item = ","
		var ok bool
		if w.indent, ok = text(a[2]); !ok {
			w.indent = st.repeatString(" ", clamp(st.needInt("tojson", a[2])))
		}
	}
	if a[3] != nil {
		pair := st.unpack(a[3], 2, st.line)
		w.item, w.colon = st.needText("tojson", pair[0]), st.needText("tojson", pair[1])
	}
	w.value(a[0], 0)
	return w.b.String()
}

type jsonWriter struct {
	st                  *state
	b                   strings.Builder
	ascii, sort, lines  bool
	indent, item, colon string
}

func (w *jsonWriter) put(s string) { w.st.put(&w.b, s) }

func (w *jsonWriter) value(v any, depth int) {
	st := w.st
	st.deeper()
	defer st.shallower()
	st.work(1)
	switch v := v.(type) {
	case nil:
		w.put("null")
	case bool:
		w.put(jsonBool(v))
	case float64:
		w.put(jsonFloat(v))
	case int64, *big.Int:
		w.put(st.repr(v))
	case string:
		w.quote(v)
	case markup:
		w.quote(string(v))
	case []any, tuple, group:
		items, _ := elementsOf(v)
		w.list(items, depth)
	case *Dict:
		w.dict(v, depth)
	default:
		st.fail("a value of type %s has no JSON", typeName(v))
	}
}

func jsonBool(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

func jsonFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return formatFloat(f)
}

// newline begins a line where there are lines.
func (w *jsonWriter) newline(depth int) {
	if w.lines {
		w.st.repeated(len(w.indent), depth)
		w.put("\n")
		w.b.WriteString(strings.Repeat(w.indent, depth))
	}
}

func (w *jsonWriter) list(items []any, depth int) {
	if len(items) == 0 {
		w.put("[]")
		return
	}
	w.put("[")
	for i, item := range items {
		if i > 0 {
			w.put(w.item)
		}
		w.newline(depth + 1)
		w.value(item, depth+1)
	}
	w.newline(depth)
	w.put("]")
}

func (w *jsonWriter) dict(d *Dict, depth int) {
	if d.Len() == 0 {
		w.put("{}")
		return
	}
	entries := d.list()
	if w.sort {
		w.st.elements(3 * len(entries))
		entries = slices.Clone(entries)
		slices.SortStableFunc(entries, func(a, b entry) int {
			if w.st.less(a.key, b.key) {
				return -1
			}
			if w.st.less(b.key, a.key) {
				return 1
			}
			return 0
		})
	}
	w.put("{")
	for i, e := range entries {
		if i > 0 {
			w.put(w.item)
		}
		w.newline(depth + 1)
		w.quote(w.key(e.key))
		w.put(w.colon)
		w.value(e.value, depth+1)
	}
	w.newline(depth)
	w.put("}")
}

// key is the text of a key; numbers, true and null become strings.
func (w *jsonWriter) key(key any) string {
	switch key := key.(type) {
	case nil:
		return "null"
	case bool:
		return jsonBool(key)
	case float64:
		return jsonFloat(key)
	case int64, *big.Int:
		return w.st.repr(key)
	}
	s, ok := text(key)
	if !ok {
		w.st.fail("a key of type %s has no JSON", typeName(key))
	}
	return s
}

const hexDigits = "0123456789abcdef"

func (w *jsonWriter) quote(s string) {
	w.put(`"`)
	start := 0
	for i, r := range s {
		var escape string
		switch {
		case r == '"':
			escape = `\"`
		case r == '\\':
			escape = `\\`
		case r == '\n':
			escape = `\n`
		case r == '\r':
			escape = `\r`
		case r == '\t':
			escape = `\t`
		case r == '\f':
			escape = `\f`
		case r == '\b':
			escape = `\b`
		case r < 0x20:
			escape = `\u00` + hexDigits[r>>4:r>>4+1] + hexDigits[r&15:r&15+1]
		case r > 0x7e && w.ascii:
			escape = escapeUTF16(r)
		default:
			continue
		}
		w.put(s[start:i])
		w.put(escape)
		start = i + len(string(r))
	}
	w.put(s[start:])
	w.put(`"`)
}

func escapeUTF16(r rune) string {
	if r < 0x10000 {
		return fmt.Sprintf(`\u%04x`, r)
	}
	high, low := utf16.EncodeRune(r)
	return fmt.Sprintf(`\u%04x\u%04x`, high, low)
}

// FromJSON reads a JSON text into values: objects become *Dict, in their
// order; integers int64, or *big.Int where that is too small.
func FromJSON(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := readJSON(d, 0)
	if err != nil {
		return nil, err
	}
	if d.More() || d.InputOffset() < int64(len(bytes.TrimRight(data, " \t\r\n"))) {
		return nil, fmt.Errorf("JSON: more than one value, from byte %d on", d.InputOffset())
	}
	return v, nil
}

func readJSON(d *json.Decoder, depth int) (any, error) {
	if depth > maxValues {
		return nil, fmt.Errorf("JSON: values lie more than %d deep in each other", maxValues)
	}
	t, err := d.Token()
	if err != nil {
		return nil, fmt.Errorf("JSON: %w", err)
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '[' {
			return readJSONList(d, depth)
		}
		return readJSONDict(d, depth)
	case json.Number:
		return jsonNumber(t.String())
	}
	return t, nil
}

func readJSONList(d *json.Decoder, depth int) (any, error) {
	list := []any{}
	for d.More() {
		v, err := readJSON(d, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, endJSON(d)
}

func readJSONDict(d *json.Decoder, depth int) (any, error) {
	dict := NewDict()
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("JSON: %w", err)
		}
		v, err := readJSON(d, depth+1)
		if err != nil {
			return nil, err
		}
		dict.Set(key.(string), v)
	}
	return dict, endJSON(d)
}

// endJSON reads a closing bracket.
func endJSON(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("JSON: %w", err)
	}
	return nil
}

func jsonNumber(s string) (any, error) {
	if len(s) > maxDigits {
		return nil, fmt.Errorf("JSON: a number of %d digits: %d at most", len(s), maxDigits)
	}
	if n, ok := new(big.Int).SetString(s, 10); ok {
		return normal(n), nil
	}
	var f float64
	if err := json.Unmarshal([]byte(s), &f); err != nil {
		return nil, fmt.Errorf("JSON: number %q: %w", s, err)
	}
	return f, nil
}
