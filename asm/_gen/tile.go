package main

import "fmt"

const (
	rowsAVX2    = 8   // of a panel of a quantised type
	maxTokens   = 4   // at most in a tile
	recordBytes = 128 // activations of 32 k of one token
)

// Fields of an activation record.
const (
	actCodes = 0   // int8 q[32]
	actWide  = 32  // int16 q[32], each four in the order 0, 2, 1, 3
	actD     = 96  // f32 scale
	actS     = 100 // f32 d·N
	actN     = 104 // int32 sum of q
	actH     = 108 // int32 sums of q[:16] and q[16:]
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
	tmp2 reg // wide and halfScale only
	odd  reg // wide, 1 token: the sum over k1 and k3 of each group apart
	free []reg

	consts []constant
	held   map[string]reg // constants kept in registers
	plane  map[string]reg // vectors kept in registers for a block
}

// newTile shares out the registers.
func newTile(s *source, w *weight, wide bool, tokens int) *tile {
	t := &tile{source: s, w: w, wide: wide, tokens: tokens, held: map[string]reg{}, plane: map[string]reg{}}
	for r := range reg(16) {
		t.free = append(t.free, r)
	}
	take := func() reg {
		r := t.free[0]
		t.free = t.free[1:]
		return r
	}
	for range tokens {
		t.acc = append(t.acc, take())
	}
	for range tokens {
		t.sum = append(t.sum, take())
	}
	t.part = t.sum
	if w.scaling == halfScale || !wide && w.span() < 8 {
		t.part = nil
		for range tokens {
			t.part = append(t.part, take())
		}
	}
	t.code, t.vec, t.tmp = take(), take(), take()
	if wide || w.scaling == halfScale {
		t.tmp2 = take()
	}
	if t.twoSums() {
		t.odd = take()
	}
	keep := func(c constant) {
		if len(t.free) > 0 {
			t.held[c.name] = take()
		}
	}
	for _, c := range constants(w, wide) {
		keep(c)
	}
	if w.has("bits") && len(t.free) > 0 {
		t.plane["bits"] = take()
	}
	return t
}

// Constants by name.
var (
	maskLow  = repeat("maskLow", "the low code of every byte", 0x0f)
	maskPair = repeat("maskPair", "the lowest two bits of every byte", 0x03)
	maskEven = repeat("maskEven", "the even bytes", 0xff, 0x00)
	ones16   = repeat("ones16", "1 in every int16", 0x01, 0x00)
	mask4    = repeat("mask4", "bits 0..3 of every int32", 0x0f, 0, 0, 0)
)

func maskHigh(w *weight) constant {
	b := byte(0x10)
	switch {
	case w.has("nibbles") && w.has("pairs"):
		b = 0x30
	case w.has("pairs"):
		b = 0x04
	}
	return repeat("maskHigh", "where the upper bits of a code go in every byte", b)
}

func tableOf(w *weight) constant {
	var b []byte
	for _, v := range w.table {
		b = append(b, byte(v))
	}
	return repeat("table", fmt.Sprintf("what the 16 indices stand for, plus %d", w.off), b...)
}

// constants lists what a tile needs, most useful in a register first.
func constants(w *weight, wide bool) []constant {
	var list []constant
	if w.table != nil {
		list = append(list, tableOf(w))
	}
	if w.has("nibbles") {
		list = append(list, maskLow)
	} else if w.has("pairs") {
		list = append(list, maskPair)
	}
	if w.has("bits") || w.has("pairs") && w.has("nibbles") {
		list = append(list, maskHigh(w))
	}
	if wide {
		list = append(list, maskEven)
	} else if w.scaling != halfScale {
		list = append(list, ones16)
	}
	if w.scaling == halfScale && w.minimum {
		list = append(list, mask4)
	}
	return list
}

// constant is the operand for c: its register, or its place in memory.
func (t *tile) constant(c constant) any {
	if r, ok := t.held[c.name]; ok {
		return r
	}
	return c
}

// act is the operand for a field of token i's record.
func (t *tile) act(i, offset int) string { return mem(regAct, i*recordBytes+offset) }

// write emits the function.
func (t *tile) write(name string) {
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
	t.blocks(t.w, t.tokens*recordBytes, func() {}, func() {
		t.sums()
		t.fold()
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
	default:
		t.sumsBySpans()
	}
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
	t.offset(t.sum, actN)
}

// spanOf adds the products of a span of groups into part, lanes of int16.
func (t *tile) spanOf(first, span int) {
	for j := first; j < first+span; j++ {
		t.codes(j)
		for i := range t.tokens {
			t.ins(fmt.Sprintf("token %d, q of k = %d..%d", i, 4*j, 4*j+3), "VPBROADCASTD", t.act(i, actCodes+4*j), t.tmp)
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
	for half := range 2 {
		t.halfScale(half, t.code)
		t.shiftByOffset(t.code, t.code)
		for i := range t.tokens {
			t.ins(fmt.Sprintf("token %d, H%d", i, half), "VPBROADCASTD", t.act(i, actH+4*half), t.tmp)
			t.ins(fmt.Sprintf("%d·sc%d·H%d", t.w.off, half, half), "VPMULLD", t.code, t.tmp, t.tmp)
			t.ins(fmt.Sprintf("sum[%d] -=", i), "VPSUBD", t.tmp, t.sum[i], t.sum[i])
		}
	}
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
			at := actWide + 8*j
			t.ins(fmt.Sprintf("token %d, q of k = %d, %d", i, 4*j, 4*j+2), "VPBROADCASTD", t.act(i, at), t.tmp)
			if first {
				t.ins("", "VPMADDWD", t.tmp2, t.tmp, into[i])
			} else {
				t.ins("", "VPMADDWD", t.tmp2, t.tmp, t.tmp)
				t.ins("", "VPADDD", t.tmp, into[i], into[i])
			}
			t.ins(fmt.Sprintf("token %d, q of k = %d, %d", i, 4*j+1, 4*j+3), "VPBROADCASTD", t.act(i, at+4), t.tmp)
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
		t.offset(t.sum, actN)
	}
}

// twoSums reports whether the even and odd k of a group are summed apart: with
// one token the additions would wait for each other.
func (t *tile) twoSums() bool { return t.wide && t.tokens == 1 }

// scaleHalf multiplies the sums of a half, in part, by its scales, into sum.
func (t *tile) scaleHalf(half int) {
	t.offset(t.part, actH+4*half)
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

// offset subtracts off·Σq from every token's sum.
func (t *tile) offset(sums []reg, field int) {
	if t.w.off == 0 {
		return
	}
	for i := range t.tokens {
		t.ins(fmt.Sprintf("token %d, Σq", i), "VPBROADCASTD", t.act(i, field), t.tmp)
		t.shiftByOffset(t.tmp, t.tmp)
		t.ins(fmt.Sprintf("- %d·Σq", t.w.off), "VPSUBD", t.tmp, sums[i], sums[i])
	}
}

// shiftByOffset multiplies lanes of int32 by off.
func (t *tile) shiftByOffset(from, to reg) {
	if t.w.off == 12 {
		t.ins("", "VPSLLD", "$2", from, t.code)
		t.ins("", "VPSLLD", "$3", from, to)
		t.ins("12 times", "VPADDD", t.code, to, to)
		return
	}
	shift := 0
	for 1<<shift < t.w.off {
		shift++
	}
	t.ins(fmt.Sprintf("%d times", t.w.off), "VPSLLD", imm(shift), from, to)
}
