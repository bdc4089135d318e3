package jinja

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// str is Python's str().
func (st *state) str(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case markup:
		return string(v)
	case *undefined:
		return ""
	}
	return st.repr(v)
}

// repr is Python's repr().
func (st *state) repr(v any) string {
	var b strings.Builder
	st.writeRepr(&b, v)
	return b.String()
}

// put writes to a text that is being made, counting it.
func (st *state) put(b *strings.Builder, s string) {
	st.alloc(len(s))
	b.WriteString(s)
}

func (st *state) writeRepr(b *strings.Builder, v any) {
	st.deeper()
	defer st.shallower()
	switch v := v.(type) {
	case nil:
		st.put(b, "None")
	case bool:
		if v {
			st.put(b, "True")
		} else {
			st.put(b, "False")
		}
	case int64:
		st.put(b, strconv.FormatInt(v, 10))
	case *big.Int:
		st.put(b, st.digits(v))
	case float64:
		st.put(b, formatFloat(v))
	case string:
		st.put(b, st.quote(v))
	case markup:
		st.put(b, "Markup("+st.quote(string(v))+")")
	case []any:
		st.writeList(b, "[", v, "]")
	case tuple:
		st.writeTuple(b, v)
	case group:
		st.writeTuple(b, []any{v.grouper, v.list})
	case *Dict:
		st.writeDict(b, v)
	case *dictView:
		st.put(b, "dict_"+v.kind+"(")
		st.writeList(b, "[", v.all(), "]")
		st.put(b, ")")
	case *rangeValue:
		s := fmt.Sprintf("range(%d, %d", v.start, v.stop)
		if v.step != 1 {
			s += fmt.Sprintf(", %d", v.step)
		}
		st.put(b, s+")")
	case *undefined:
		st.put(b, "Undefined")
	case *namespace:
		st.put(b, "<Namespace ")
		st.writeDict(b, v.dict)
		st.put(b, ">")
	case *loop:
		st.put(b, fmt.Sprintf("<LoopContext %d/%d>", v.index+1, v.length(st)))
	case *macro:
		name := "anonymous"
		if v.node.name != "" {
			name = st.quote(v.node.name)
		}
		st.put(b, "<Macro "+name+">")
	default:
		st.put(b, "<"+typeName(v)+" object>")
	}
}

func (st *state) writeList(b *strings.Builder, opening string, items []any, closing string) {
	st.put(b, opening)
	for i, item := range items {
		if i > 0 {
			st.put(b, ", ")
		}
		st.writeRepr(b, item)
	}
	st.put(b, closing)
}

func (st *state) writeTuple(b *strings.Builder, items []any) {
	closing := ")"
	if len(items) == 1 {
		closing = ",)"
	}
	st.writeList(b, "(", items, closing)
}

func (st *state) writeDict(b *strings.Builder, d *Dict) {
	st.put(b, "{")
	for i, e := range d.list() {
		if i > 0 {
			st.put(b, ", ")
		}
		st.writeRepr(b, e.key)
		st.put(b, ": ")
		st.writeRepr(b, e.value)
	}
	st.put(b, "}")
}

// digits prints an integer; Python refuses longer ones.
func (st *state) digits(n *big.Int) string {
	st.work(n.BitLen() / 16)
	s := n.String()
	if len(strings.TrimPrefix(s, "-")) > maxDigits {
		st.fail("a number has more than %d digits", maxDigits)
	}
	return s
}

// quote is Python's repr of a string.
func (st *state) quote(s string) string {
	st.scan(len(s))
	q := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		q = '"'
	}
	var b strings.Builder
	b.WriteByte(q)
	for _, r := range s {
		switch {
		case r == rune(q) || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case strconv.IsPrint(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteByte(q)
	return b.String()
}
