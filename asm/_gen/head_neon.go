package main

import (
	"fmt"
	"strings"
)

// quantizedFileARM is quantizedFile of a tier of arm64.
func quantizedFileARM(tier armTier) func(w *weight) (name, text string, funcs []string) {
	return func(w *weight) (name, text string, funcs []string) {
		if !tier.has(w) {
			return "", "", nil
		}
		var body, s source
		if w.table != nil {
			body.data(signedTableOf(w))
		}
		for terms := 1; terms <= 2; terms++ {
			form := map[int]string{1: "Int8", 2: "Int16"}[terms]
			t := armTile{&body, tier, w, terms}
			funcs = append(funcs, t.write(fmt.Sprintf("Matmul%s%s", w.name, form))...)
		}
		fileHeadOf(&s, "arm64", w.titleFrom(tier.from, tokensARM)+w.loop()+w.algebraARM(tier)+w.layout()+recordARM+w.registersARM(tier)+quantizedTails(w.rows))
		s.line("\n#include \"%s\"", macroFile)
		name = fmt.Sprintf("matmul_%s_%s_arm64.s", strings.ToLower(w.name), strings.ToLower(tier.name))
		return name, s.b.String() + body.b.String(), funcs
	}
}

// signedTableOf has the table's values as they are.
func signedTableOf(w *weight) constant {
	var b []byte
	for _, v := range w.table {
		b = append(b, byte(v-w.off))
	}
	return repeat("table", "what the 16 indices stand for, int8", b...)
}

const recordARM = `A record of activations is 64 bytes in form Int8, int8 q[32], or 96 in form Int16,
int8 hi[32], int8 lo[32] with q = 128·hi + lo; then f32 d, f32 s = d·Σq, int32 -8·Σq,
int32 -16·Σq, int32 -32·Σ of each half of q, int32 -4·Σ of each half. The tokens' records
of a block lie together.
`

// algebraARM says how the integer sum is formed.
func (w *weight) algebraARM(tier armTier) string {
	var b strings.Builder
	code := w.codeText()
	switch {
	case w.has("bytes"):
		code = "A code is a byte, GGUF's int8 plus 128, and loses the 128 by its sign's change"
	case w.table != nil:
		code = "A code is what the nibble stands for in the type's table, an int8"
	}
	fmt.Fprintf(&b, "\n%s.\n", code)
	if strings.Contains(tier.algebra, "%") {
		fmt.Fprintf(&b, tier.algebra, groupsNEON(w), w.largest(), groupsNEON(w))
	} else {
		b.WriteString(tier.algebra)
	}
	b.WriteString("Int16: 128·Σcode·hi + Σcode·lo.\n")
	switch off := (&armTile{w: w}).offset(); {
	case off != 0 && w.scaling == halfScale:
		fmt.Fprintf(&b, "Σ(code-%d)·q = Σcode·q - %d·Σq of each half, the latter from the record.\n", off, off)
	case off != 0:
		fmt.Fprintf(&b, "Σ(code-%d)·q = Σcode·q - %d·Σq: the sum starts with the latter, from the record.\n", off, off)
	}
	b.WriteString("Every integer is exact modulo 2³² and the whole sum fits, so the order does not matter.\n")
	return b.String()
}

func (w *weight) registersARM(tier armTier) string {
	d, m := 2*tier.unit, 24+2*tier.unit
	text := fmt.Sprintf(`
Registers: v0 to v15 codes of the block; %s;
v24 to v%d the weights' d`, tier.registers, 23+d)
	switch {
	case w.scaling == halfScale && w.minimum:
		text = strings.Replace(text, "weights' d", "weights' d, v26 and v27 dmin, v28 and v29 the halves' scales, v30 and v31 their\nminima", 1)
	case w.scaling == halfScale && tier.unit == 2:
		text = strings.Replace(text, "v24 to v27 the weights' d", "v24 and v25 the weights' d, v22, v23, v26 and v27 sums of a half, v28 to v31 the halves'\nscales", 1)
	case w.scaling == halfScale:
		text += ", v28 and v29 the halves' scales"
	case w.minimum:
		text += fmt.Sprintf(", v%d to v%d minima", m, m+d-1)
	case w.table != nil:
		text += ", v31 the table"
	}
	text += `.
R0 dst, R1 bytes from token to token, R2 panel, R3 activations, R4 steps left, R7 tokens,
R8 tokens left, R9 the token's sums`
	if tier.unit == 2 {
		text += ", R10 the second token's record"
	}
	if len(w.head) > 0 {
		text += ",\nR5 head of the super-block, R6 blocks left in it"
	}
	return text + ".\n"
}
