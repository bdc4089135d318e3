package main

import (
	"fmt"
	"strings"
)

// quantizedFile512 is quantizedFile of the AVX-512 tiles.
func quantizedFile512(w *weight) (name, text string, funcs []string) {
	var body, s source
	for _, c := range newTile512(nil, w, 1, 1).constants() {
		body.data(c)
	}
	for terms := 1; terms <= 2; terms++ {
		form := map[int]string{1: "Int8", 2: "Int16"}[terms]
		for tokens := 1; tokens <= tokensAVX512; tokens++ {
			fn := fmt.Sprintf("Matmul%s%sx%dAVX512", w.name, form, tokens)
			newTile512(&body, w, terms, tokens).write(fn)
			funcs = append(funcs, fn)
		}
	}
	fileHead(&s, w.title(tokensAVX512)+w.loop()+w.algebra512()+w.layout()+record512+w.registers512()+quantizedTails(w.rows))
	name = fmt.Sprintf("matmul_%s_avx512_amd64.s", strings.ToLower(w.name))
	return name, s.b.String() + body.b.String(), funcs
}

const record512 = `A record of activations is 64 bytes in form Int8, int8 q[32], or 96 in form Int16,
int8 hi[32], int8 lo[32] with q = 128·hi + lo; then f32 d, f32 s = d·Σq, int32 -8·Σq,
int32 -128·Σq, int32 -32·Σ of each half of q; int16 Σ of each half, with two terms split
in the same way as q, lo before hi. The tokens' records of a block lie together.
`

// algebra512 says how the integer sum is formed.
func (w *weight) algebra512() string {
	var b strings.Builder
	code := w.codeText()
	if w.table != nil {
		code = "A code is what the nibble stands for in the type's table, plus 128"
	}
	fmt.Fprintf(&b, "\n%s.\n", code)
	b.WriteString("Algebra: a row is a lane of 32 bits; the four bytes of a lane are four k, and the\n" +
		"token's four q are broadcast to all lanes by VPDPBUSD, which adds the four products of\n" +
		"unsigned codes with int8 to an int32: exact, and no sum runs across lanes.\n" +
		"Int16: 128·Σcode·hi + Σcode·lo.\n")
	switch off := newTile512(nil, w, 1, 1).offset(); {
	case off != 0 && w.scaling == halfScale:
		fmt.Fprintf(&b, "Σ(code-%d)·q = Σcode·q - %d·Σq: a half's sum starts with the latter, from the record.\n", off, off)
	case off != 0:
		fmt.Fprintf(&b, "Σ(code-%d)·q = Σcode·q - %d·Σq: the sum starts with the latter, from the record.\n", off, off)
	}
	if w.scaling == halfScale {
		b.WriteString("Int8: the halves' sums times their scales, and the sum of both, stay below 2²⁴ and are\n" +
			"exact in fp32.\n")
	}
	b.WriteString("Every integer is exact modulo 2³² and the whole sum fits, so the order does not matter.\n")
	return b.String()
}

func (w *weight) registers512() string {
	text := `
Registers, with T tokens: Z0.. T sums acc in fp32; then T integer sums of the block; `
	if w.scaling == halfScale {
		text += `then
T of its second half; `
	}
	text += `with
two terms T sums of hi; then codes of a group, plane, scratch, constants.
DI dst, SI bytes from token to token, BX panel, CX activations, DX steps left`
	if len(w.head) > 0 {
		text += ",\nR8 head of the super-block, R9 blocks left in it"
	}
	return text + ".\n"
}
