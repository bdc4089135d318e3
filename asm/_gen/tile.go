package main

import (
	"fmt"
	"math/bits"
)

const (
	rowsAVX2  = 8   // of a panel of a quantised type
	maxTokens = 4   // at most in a tile
	bias      = 128 // of pointers, so that offsets around 0 take one byte of code
)

// Fields of an activation record after its codes: int8 q[32], or int16 q[32], each
// four in the order 0, 2, 1, 3.
const (
	recD    = 0  // f32 scale
	recS    = 4  // f32 d·N
	recN8   = 8  // int32 -8 times the sum of q
	recN16  = 12 // int32 -16 times it
	recN128 = 16 // int32 -128 times it
	recH    = 20 // int32 sums of q[:16] and q[16:]
	recPair = 28 // int16 these two (int8 q only)
)

// tile writes one function: a panel times a group of tokens.
type tile struct {
	*source
	w      *weight
	wide   bool // int16 activations, and codes widened to int16
	tokens int

	acc  []reg // by token: sums of fp32, the result
	sum  []reg // by token: integer sum of the block
	part []reg // by token: sum of a span (int16) or of a half (int32); sum itself where one span is the block
	code reg   // codes of one group
	vec  reg   // a vector of a plane, used by several groups
	tmp  reg
	tmp2 reg // where products are of two kinds, and for scales of halves
	odd  reg // wide, 1 token: the sum over k1 and k3 of each group apart
	free []reg

	consts []constant
	held   map[string]reg // constants and scales kept in registers
	plane  map[string]reg // vectors kept in registers for a block
}

// newTile shares out the registers.
func newTile(s *source, w *weight, wide bool, tokens int) *tile {
	t := &tile{source: s, w: w, wide: wide, tokens: tokens, held: map[string]reg{}, plane: map[string]reg{}}
	for r := range reg(16) {
		t.free = append(t.free, r)
	}
	for range tokens {
		t.acc = append(t.acc, t.take())
	}
	for range tokens {
		t.sum = append(t.sum, t.take())
	}
	t.part = t.sum
	if w.scaling == halfScale || !wide && w.span() < 8 {
		t.part = nil
		for range tokens {
			t.part = append(t.part, t.take())
		}
	}
	t.code, t.vec, t.tmp = t.take(), t.take(), t.take()
	if wide || w.scaling == halfScale || w.span() == 0 {
		t.tmp2 = t.take()
	}
	if t.twoSums() {
		t.odd = t.take()
	}
	for _, c := range constants(w, wide) {
		t.keep(c.name)
	}
	if w.has("bits") && len(t.free) > 0 {
		t.plane["bits"] = t.take()
	}
	t.keepHead()
	return t
}

func (t *tile) take() reg {
	r := t.free[0]
	t.free = t.free[1:]
	return r
}

// keep gives what is called name a register, if one is left.
func (t *tile) keep(name string) {
	if len(t.free) > 0 {
		t.held[name] = t.take()
	}
}

// keepHead gives a super-block's scales registers, if some are left.
func (t *tile) keepHead() {
	for _, f := range t.w.head {
		t.keep(f.name)
	}
}

// head emits the super-block's scales that are kept.
func (t *tile) head() {
	for _, f := range t.w.head {
		if r, ok := t.held[f.name]; ok {
			t.load(f.name, r)
		}
	}
}

// constant is the operand for c: its register, or its place in memory.
func (t *tile) constant(c constant) any {
	if r, ok := t.held[c.name]; ok {
		return r
	}
	return c
}

// recordBytes is the size of a record, codes and 32 bytes more.
func (t *tile) recordBytes() int { return t.codeBytes() + 32 }

func (t *tile) codeBytes() int {
	if t.wide {
		return 64
	}
	return 32
}

// q is the operand for bytes of token i's codes.
func (t *tile) q(i, offset int) string {
	at := i*t.recordBytes() + offset
	if t.wide && i >= 2 {
		return mem(regAct2, at-2*t.recordBytes()-bias)
	}
	return mem(regAct, at-bias)
}

// act is the operand for a field of token i's record.
func (t *tile) act(i, field int) string { return t.q(i, t.codeBytes()+field) }

// begin emits the function's head, up to the loop over blocks.
func (t *tile) begin(name string) {
	form := "int8"
	if t.wide {
		form = "int16"
	}
	t.function(name, fmt.Sprintf("%d rows, %s activations of %s.", t.w.rows, form, plural(t.tokens, "token")))
	for _, c := range constants(t.w, t.wide) {
		if r, ok := t.held[c.name]; ok {
			t.ins(c.what, "VMOVDQU", c, r)
		}
	}
	for _, a := range t.acc {
		t.ins("acc = +0", "VXORPS", a, a, a)
	}
	t.ins("ahead, as offsets expect", "SUBQ", imm(-bias), regPanel)
	t.ins("", "SUBQ", imm(-bias), regAct)
}

// write emits the function.
func (t *tile) write(name string) {
	t.begin(name)
	step := t.tokens * t.recordBytes()
	if t.wide && t.tokens > 2 {
		t.ins("the third token's record", "LEAQ", mem(regAct, 2*t.recordBytes()), regAct2)
	}
	t.blocks(t.w, step, t.head, func() {
		t.sums()
		t.fold()
		if t.wide && t.tokens > 2 {
			t.ins("", "ADDQ", imm(step), regAct2)
		}
	})
	t.line("")
	for i, a := range t.acc {
		t.ins(fmt.Sprintf("dst of token %d", i), "VMOVUPS", a, mem(regDst, 0))
		if i+1 < t.tokens {
			t.ins("", "ADDQ", regLd, regDst)
		}
	}
	t.end()
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// sums emits a block's integer sums, Σ (code − off)·q, scaled by halves where
// the type asks for it, into sum.
func (t *tile) sums() {
	if r, ok := t.plane["bits"]; ok {
		t.ins("upper bits", "VMOVDQU", t.w.at("bits", 0), r)
	}
	switch {
	case t.wide:
		t.sumsWide()
	case t.w.scaling == halfScale:
		t.sumsByHalves()
	case t.w.span() == 0:
		t.sumsByNibbles()
	default:
		t.sumsBySpans()
	}
}

// sumsByNibbles multiplies the low and the high four bits of codes apart, so that
// a block's products can be added in int16.
func (t *tile) sumsByNibbles() {
	low, high := t.sum, t.part
	for j := range 8 {
		t.nibbles(j)
		for i := range t.tokens {
			t.ins(fmt.Sprintf("token %d, q of k = %d..%d", i, 4*j, 4*j+3), "VPBROADCASTD", t.q(i, 4*j), t.tmp)
			if j == 0 {
				t.ins("low bits, pairs added", "VPMADDUBSW", t.tmp, t.code, low[i])
				t.ins("high bits, pairs added", "VPMADDUBSW", t.tmp, t.vec, high[i])
				continue
			}
			t.ins("low bits, pairs added", "VPMADDUBSW", t.tmp, t.code, t.tmp2)
			t.ins("", "VPADDW", t.tmp2, low[i], low[i])
			t.ins("high bits, pairs added", "VPMADDUBSW", t.tmp, t.vec, t.tmp)
			t.ins("", "VPADDW", t.tmp, high[i], high[i])
		}
	}
	for i := range t.tokens {
		t.ins("pairs of int16", "VPMADDWD", t.constant(ones16), low[i], low[i])
		t.ins("16 times", "VPMADDWD", t.constant(times16), high[i], high[i])
		t.ins(fmt.Sprintf("sum[%d]", i), "VPADDD", high[i], low[i], t.sum[i])
	}
	t.offset(t.sum)
}

// sumsBySpans multiplies bytes, adds spans of groups in int16, spans in int32.
func (t *tile) sumsBySpans() {
	span := t.w.span()
	for first := 0; first < 8; first += span {
		t.spanOf(first, span)
		for i := range t.tokens {
			switch {
			case first == 0:
				t.ins(fmt.Sprintf("sum[%d] = pairs of int16", i), "VPMADDWD", t.constant(ones16), t.part[i], t.sum[i])
			default:
				t.ins("pairs of int16", "VPMADDWD", t.constant(ones16), t.part[i], t.part[i])
				t.ins(fmt.Sprintf("sum[%d] +=", i), "VPADDD", t.part[i], t.sum[i], t.sum[i])
			}
		}
	}
	t.offset(t.sum)
}

// spanOf adds the products of a span of groups into part, lanes of int16.
func (t *tile) spanOf(first, span int) {
	for j := first; j < first+span; j++ {
		t.codes(j)
		for i := range t.tokens {
			t.ins(fmt.Sprintf("token %d, q of k = %d..%d", i, 4*j, 4*j+3), "VPBROADCASTD", t.q(i, 4*j), t.tmp)
			if j == first {
				t.ins("u8·int8, pairs added", "VPMADDUBSW", t.tmp, t.code, t.part[i])
				continue
			}
			t.ins("u8·int8, pairs added", "VPMADDUBSW", t.tmp, t.code, t.tmp)
			t.ins("", "VPADDW", t.tmp, t.part[i], t.part[i])
		}
	}
}

// sumsByHalves is sumsBySpans with the halves' scales in place of ones.
func (t *tile) sumsByHalves() {
	span := t.w.span()
	for first := 0; first < 8; first += span {
		half := first / 4
		t.spanOf(first, span)
		if first%4 == 0 {
			t.halfScale(half, t.tmp2)
			t.ins("sc in both int16 of a lane", "VPSLLD", "$16", t.tmp2, t.tmp)
			t.ins("", "VPBLENDW", "$0xaa", t.tmp, t.tmp2, t.tmp2)
		}
		for i := range t.tokens {
			if first == 0 {
				t.ins(fmt.Sprintf("sum[%d] = sc%d·", i, half), "VPMADDWD", t.tmp2, t.part[i], t.sum[i])
				continue
			}
			t.ins(fmt.Sprintf("sc%d·", half), "VPMADDWD", t.tmp2, t.part[i], t.part[i])
			t.ins(fmt.Sprintf("sum[%d] +=", i), "VPADDD", t.part[i], t.sum[i], t.sum[i])
		}
	}
	if t.w.off == 0 {
		return
	}
	t.halfScale(0, t.code)
	t.halfScale(1, t.vec)
	t.pairUp(t.code, t.vec, t.code)
	t.ins(fmt.Sprintf("%d·sc0, %d·sc1 as int16", t.w.off, t.w.off), "VPSLLW", imm(log2(t.w.off)), t.code, t.code)
	for i := range t.tokens {
		t.ins(fmt.Sprintf("token %d, H0, H1", i), "VPBROADCASTD", t.act(i, recPair), t.tmp)
		t.ins("", "VPMADDWD", t.code, t.tmp, t.tmp)
		t.ins(fmt.Sprintf("sum[%d] -= %d·(sc0·H0 + sc1·H1)", i, t.w.off), "VPSUBD", t.tmp, t.sum[i], t.sum[i])
	}
}

// pairUp makes pairs of int16 of lanes that fit them, using up high.
func (t *tile) pairUp(low, high, to reg) {
	t.ins("", "VPSLLD", "$16", high, high)
	t.ins("in pairs", "VPBLENDW", "$0xaa", high, low, to)
}

// sumsWide multiplies int16.
func (t *tile) sumsWide() {
	for j := range 8 {
		t.codes(j)
		into, first := t.sum, j == 0
		if t.w.scaling == halfScale {
			into, first = t.part, j%4 == 0
		}
		t.ins("codes of k0, k2", "VPAND", t.constant(maskEven), t.code, t.tmp2)
		t.ins("codes of k1, k3", "VPSRLW", "$8", t.code, t.code)
		for i := range t.tokens {
			at := 8 * j
			t.ins(fmt.Sprintf("token %d, q of k = %d, %d", i, 4*j, 4*j+2), "VPBROADCASTD", t.q(i, at), t.tmp)
			if first {
				t.ins("", "VPMADDWD", t.tmp2, t.tmp, into[i])
			} else {
				t.ins("", "VPMADDWD", t.tmp2, t.tmp, t.tmp)
				t.ins("", "VPADDD", t.tmp, into[i], into[i])
			}
			t.ins(fmt.Sprintf("token %d, q of k = %d, %d", i, 4*j+1, 4*j+3), "VPBROADCASTD", t.q(i, at+4), t.tmp)
			if t.twoSums() && first {
				t.ins("", "VPMADDWD", t.code, t.tmp, t.odd)
				continue
			}
			odd := into[i]
			if t.twoSums() {
				odd = t.odd
			}
			t.ins("", "VPMADDWD", t.code, t.tmp, t.tmp)
			t.ins("", "VPADDD", t.tmp, odd, odd)
		}
		if t.twoSums() && (j == 7 || t.w.scaling == halfScale && j == 3) {
			t.ins("both sums", "VPADDD", t.odd, into[0], into[0])
		}
		if t.w.scaling == halfScale && j%4 == 3 {
			t.scaleHalf(j / 4)
		}
	}
	if t.w.scaling != halfScale {
		t.offset(t.sum)
	}
}

// twoSums reports whether the even and odd k of a group are summed apart: with
// one token the additions would wait for each other.
func (t *tile) twoSums() bool { return t.wide && t.tokens == 1 }

// scaleHalf multiplies the sums of a half, in part, by its scales, into sum.
func (t *tile) scaleHalf(half int) {
	t.offsetHalf(half)
	t.halfScale(half, t.code)
	for i := range t.tokens {
		if half == 0 {
			t.ins(fmt.Sprintf("sum[%d] = sc0·", i), "VPMULLD", t.code, t.part[i], t.sum[i])
			continue
		}
		t.ins("sc1·", "VPMULLD", t.code, t.part[i], t.part[i])
		t.ins(fmt.Sprintf("sum[%d] +=", i), "VPADDD", t.part[i], t.sum[i], t.sum[i])
	}
}

// offset subtracts off·N from every token's sum.
func (t *tile) offset(sums []reg) {
	if t.w.off == 0 {
		return
	}
	field, ok := map[int]int{8: recN8, 12: recN8, 16: recN16, 128: recN128}[t.w.off]
	if !ok {
		panic(fmt.Sprintf("a record has no product of %d", t.w.off))
	}
	for i := range t.tokens {
		t.ins(fmt.Sprintf("token %d", i), "VPBROADCASTD", t.act(i, field), t.tmp)
		if t.w.off == 12 {
			t.ins("-4·N", "VPSRAD", "$1", t.tmp, t.code)
			t.ins("-12·N", "VPADDD", t.code, t.tmp, t.tmp)
		}
		t.ins(fmt.Sprintf("- %d·N", t.w.off), "VPADDD", t.tmp, sums[i], sums[i])
	}
}

// offsetHalf subtracts off·H from the sums of a half.
func (t *tile) offsetHalf(half int) {
	if t.w.off == 0 {
		return
	}
	for i := range t.tokens {
		t.ins(fmt.Sprintf("token %d, H%d", i, half), "VPBROADCASTD", t.act(i, recH+4*half), t.tmp)
		t.ins("", "VPSLLD", imm(log2(t.w.off)), t.tmp, t.tmp)
		t.ins(fmt.Sprintf("- %d·H%d", t.w.off, half), "VPSUBD", t.tmp, t.part[i], t.part[i])
	}
}

func log2(powerOfTwo int) int { return bits.TrailingZeros(uint(powerOfTwo)) }
