package main

import "fmt"

const (
	rowsAVX512    = 16 // of a panel of a quantised type
	tokensAVX512  = 6  // at most in a tile
	record8Bytes  = 64 // activations of 32 k of one token, one term
	record16Bytes = 96 // two terms
)

// Fields of a record: int8 q[32], or hi[32] and lo[32], then these.
const (
	actD512 = 0  // f32 scale
	actS512 = 4  // f32 d·Σq
	actN8   = 8  // int32 -8·Σq
	actN128 = 12 // int32 -128·Σq
	actH32  = 16 // int32 -32·Σq[:16], -32·Σq[16:]
	actH512 = 24 // int16 pair: Σq[:16], Σq[16:]; with two terms what is left of them
	actH128 = 28 // int16 pair: with two terms, the sums' multiples of 128
)

// zmm is a vector register of 512 bits.
type zmm int

func (r zmm) String() string { return fmt.Sprintf("Z%d", int(r)) }

// tile512 writes one function: a panel of 16 rows times a group of tokens.
type tile512 struct {
	*source
	w      *weight
	terms  int
	tokens int

	acc  []zmm // by token: sums of fp32, the result
	sum  []zmm // by token: integer sum of the block or its first half
	part []zmm // by token: integer sum of the second half, of types that scale halves
	hi   []zmm // by token: integer sum of hi, with two terms
	code zmm   // codes of one group
	vec  zmm   // a vector of a plane, used by several groups
	tmp  zmm
	zero zmm            // +0, for types that scale halves, with one term
	held map[string]zmm // constants
	bits zmm            // the vector of upper bits, where there is a register for it
	head map[string]zmm // the super-block's scales as fp32, where there are registers for them
}

// newTile512 shares out the registers.
func newTile512(s *source, w *weight, terms, tokens int) *tile512 {
	t := &tile512{source: s, w: w, terms: terms, tokens: tokens, held: map[string]zmm{}, head: map[string]zmm{}, bits: -1}
	next := 0
	take := func(n int) []zmm {
		var list []zmm
		for range n {
			list = append(list, zmm(next))
			next++
		}
		return list
	}
	t.acc, t.sum = take(tokens), take(tokens)
	t.part = t.sum
	if w.scaling == halfScale {
		t.part = take(tokens)
	}
	if terms == 2 {
		t.hi = take(tokens)
	}
	t.code, t.vec, t.tmp = take(1)[0], take(1)[0], take(1)[0]
	for _, c := range t.constants() {
		t.held[c.name] = take(1)[0]
	}
	if t.floatHalves() {
		t.zero = take(1)[0]
	}
	if w.has("bits") && next < 32 {
		t.bits = take(1)[0]
	}
	for _, f := range w.head {
		if next < 32 {
			t.head[f.name] = take(1)[0]
		}
	}
	if next > 32 {
		panic(fmt.Sprintf("%s: %d registers", w.name, next))
	}
	return t
}

func (t *tile512) constants() []constant {
	var list []constant
	if t.w.has("nibbles") {
		list = append(list, maskLow)
	} else if t.w.has("pairs") {
		list = append(list, maskPair)
	}
	switch {
	case t.w.table != nil:
		list = append(list, tableOf512(t.w))
	case t.w.has("bits") || t.w.has("pairs") && t.w.has("nibbles"):
		list = append(list, maskHigh(t.w))
	case t.w.scaling == halfScale && t.w.minimum:
		list = append(list, mask4)
	}
	return list
}

// tableOf512 has every table's values plus 128: one field of the record does
// for all of them.
func tableOf512(w *weight) constant {
	var b []byte
	for _, v := range w.table {
		b = append(b, byte(v-w.off+128))
	}
	return repeat("table", "what the 16 indices stand for, plus 128", b...)
}

// offset is what is subtracted from a code.
func (t *tile512) offset() int {
	if t.w.table != nil {
		return 128
	}
	return t.w.off
}

func (t *tile512) recordBytes() int {
	if t.terms == 2 {
		return record16Bytes
	}
	return record8Bytes
}

// codes32 is the operand for four int8 of token i's record.
func (t *tile512) codes32(i, term, j int) string {
	return mem(regAct, i*t.recordBytes()+32*term+4*j)
}

// act is the operand for a field of token i's record.
func (t *tile512) act(i, field int) string {
	return mem(regAct, i*t.recordBytes()+32*t.terms+field)
}

// write emits the function.
func (t *tile512) write(name string) {
	what := "int8"
	if t.terms == 2 {
		what = "two-term"
	}
	t.function(name, fmt.Sprintf("%d rows, %s activations of %s.", t.w.rows, what, plural(t.tokens, "token")))
	for _, c := range t.constants() {
		if c.name == "table" {
			t.ins(c.what, "VBROADCASTI64X4", c, t.held[c.name])
		} else {
			t.ins(c.what, "VPBROADCASTD", c, t.held[c.name])
		}
	}
	if t.floatHalves() {
		t.ins("+0", "VPXORD", t.zero, t.zero, t.zero)
	}
	for _, a := range t.acc {
		t.ins("acc = +0", "VPXORD", a, a, a)
	}
	super := func() {
		for _, f := range t.w.head {
			if r, ok := t.head[f.name]; ok {
				t.ins(f.name+" as fp32", "VCVTPH2PS", t.w.at(f.name, 0), r)
			}
		}
	}
	t.blocks(t.w, t.tokens*t.recordBytes(), super, func() {
		if t.bits >= 0 {
			t.ins("upper bits", "VMOVDQU32", t.w.at("bits", 0), t.bits)
		}
		if t.w.scaling == halfScale {
			t.halves()
		} else {
			t.integers(0, 8, t.sum, 0)
		}
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

// integers emits Σ (code − off)·q over the groups [first, end) into sums.
func (t *tile512) integers(first, end int, sums []zmm, half int) {
	for i := range t.tokens {
		t.start(i, half, sums[i])
		if t.terms == 2 {
			t.ins("", "VPXORD", t.hi[i], t.hi[i], t.hi[i])
		}
	}
	for j := first; j < end; j++ {
		t.codes(j, t.code)
		if t.terms == 2 {
			t.dot(j, 0, t.code, t.hi)
		}
		t.dot(j, t.terms-1, t.code, sums)
	}
	if t.terms == 1 {
		return
	}
	for i := range t.tokens {
		t.ins(fmt.Sprintf("token %d, 128·Σcode·hi", i), "VPSLLD", "$7", t.hi[i], t.hi[i])
		t.ins("", "VPADDD", t.hi[i], sums[i], sums[i])
	}
}

// dot emits sums += code·q of group j, for every token.
func (t *tile512) dot(j, term int, code zmm, sums []zmm) {
	for i := range t.tokens {
		t.ins("", "VPDPBUSD.BCST", t.codes32(i, term, j), code, sums[i])
	}
}

// start emits −off·Σq of token i.
func (t *tile512) start(i, half int, to zmm) {
	what := fmt.Sprintf("token %d, -%d·Σq", i, t.offset())
	switch t.offset() {
	case 0:
		t.ins(fmt.Sprintf("token %d", i), "VPXORD", to, to, to)
	case 8:
		t.ins(what, "VPBROADCASTD", t.act(i, actN8), to)
	case 16:
		t.ins(what, "VPSLLD.BCST", "$1", t.act(i, actN8), to)
	case 128:
		t.ins(what, "VPBROADCASTD", t.act(i, actN128), to)
	case 32:
		t.ins(what, "VPBROADCASTD", t.act(i, actH32+4*half), to)
	case 4:
		t.ins(what, "VPSRAD.BCST", "$3", t.act(i, actH32+4*half), to)
	default:
		panic(t.w.name)
	}
}

// floatHalves reports whether the halves' sums are scaled as fp32, which is exact
// where every product and their sum stay below 2²⁴: with one term at most
// 2·128·16·32·127, Q6_K's.
func (t *tile512) floatHalves() bool { return t.w.scaling == halfScale && t.terms == 1 }

// halves emits sc0·Σ + sc1·Σ into sum: int32, or fp32 where that is exact.
func (t *tile512) halves() {
	t.integers(0, 4, t.sum, 0)
	if t.floatHalves() {
		t.integers(4, 8, t.part, 1)
		sc0, sc1 := t.code, t.vec
		for half, sc := range []zmm{sc0, sc1} {
			t.halfScale(half, sc)
			t.ins("", "VCVTDQ2PS", sc, sc)
		}
		for i := range t.tokens {
			t.ins("", "VCVTDQ2PS", t.sum[i], t.sum[i])
			t.ins("", "VCVTDQ2PS", t.part[i], t.part[i])
			t.ins(fmt.Sprintf("sum[%d] = sc0·sum + 0: never -0", i), "VFMADD213PS", t.zero, sc0, t.sum[i])
			t.ins(fmt.Sprintf("sum[%d] += sc1·", i), "VFMADD231PS", t.part[i], sc1, t.sum[i])
		}
		return
	}
	t.halfScale(0, t.code)
	for i := range t.tokens {
		t.ins(fmt.Sprintf("sum[%d] = sc0·", i), "VPMULLD", t.code, t.sum[i], t.sum[i])
	}
	t.integers(4, 8, t.part, 1)
	t.halfScale(1, t.code)
	for i := range t.tokens {
		t.ins("sc1·", "VPMULLD", t.code, t.part[i], t.part[i])
		t.ins(fmt.Sprintf("sum[%d] +=", i), "VPADDD", t.part[i], t.sum[i], t.sum[i])
	}
}

// codes emits group j: the unsigned codes of k = 4j..4j+3 of every row.
func (t *tile512) codes(j int, to zmm) {
	what := fmt.Sprintf("codes of k = %d..%d", 4*j, 4*j+3)
	switch {
	case t.w.has("bytes"):
		t.ins(what, "VMOVDQU32", t.w.at("bytes", j), to)
		return
	case t.w.has("nibbles") && j%2 == 0:
		t.ins("", "VMOVDQU32", t.w.at("nibbles", j/2), t.vec)
		t.ins(what, "VPANDD", t.held["maskLow"], t.vec, to)
	case t.w.has("nibbles"):
		t.ins("", "VPSRLW", "$4", t.vec, to)
		t.ins(what, "VPANDD", t.held["maskLow"], to, to)
	case j%4 == 0:
		t.ins("", "VMOVDQU32", t.w.at("pairs", j/4), t.vec)
		t.ins(what, "VPANDD", t.held["maskPair"], t.vec, to)
	default:
		t.ins("", "VPSRLW", imm(2*(j%4)), t.vec, to)
		t.ins(what, "VPANDD", t.held["maskPair"], to, to)
	}
	switch {
	case t.w.table != nil:
		t.ins("what the indices stand for", "VPSHUFB", to, t.held["table"], to)
	case t.w.has("bits") && t.w.has("pairs"):
		t.upper("bits", 0, j-2, to)
	case t.w.has("bits"):
		t.upper("bits", 0, j-4, to)
	case t.w.has("pairs") && t.w.has("nibbles"):
		t.upper("pairs", j/4, 2*(j%4)-4, to)
	}
}

// upper shifts the plane's vector v right (left where shift is negative) and
// adds the upper bits that a mask lets through to the codes.
func (t *tile512) upper(plane string, v, shift int, code zmm) {
	from := any(t.w.at(plane, v))
	if plane == "bits" && t.bits >= 0 {
		from = t.bits
	}
	bits := any(t.tmp)
	switch {
	case shift > 0:
		t.ins("", "VPSRLW", imm(shift), from, t.tmp)
	case shift < 0:
		t.ins("", "VPSLLW", imm(-shift), from, t.tmp)
	case from == any(t.bits):
		bits = from
	default:
		t.ins("", "VMOVDQU32", from, t.tmp)
	}
	t.ins("code |= upper & mask", "VPTERNLOGD", "$0xf8", t.held["maskHigh"], bits, code)
}

// scale returns a field of the head or block as fp32 or int32: its register, or
// to, into which it emits the conversion.
func (t *tile512) scale(name string, to zmm) zmm {
	if r, ok := t.head[name]; ok {
		return r
	}
	at := t.w.at(name, 0)
	f := t.w.field(name)
	switch f {
	case f16D, f16M, f16Dmin:
		t.ins(f.name+" as fp32", "VCVTPH2PS", at, to)
	case f32D:
		t.ins(f.name, "VMOVUPS", at, to)
	case i8Scale, i8Scale0, i8Scale1:
		t.ins(f.name+" as int32", "VPMOVSXBD", at, to)
	default:
		t.ins(f.name+" as int32", "VPMOVZXBD", at, to)
	}
	return to
}

// halfScale emits the scales of a half as int32.
func (t *tile512) halfScale(half int, to zmm) {
	t.scale(fmt.Sprintf("sc%d", half), to)
	if t.w.minimum {
		t.ins("the scale", "VPANDD", t.held["mask4"], to, to)
	}
}

// fold emits the step's floating-point part: acc from sum.
func (t *tile512) fold() {
	m := t.vec
	d := t.scale("d", t.code)
	if t.w.scaling == superScale {
		t.scale("sc", t.tmp)
		t.ins("", "VCVTDQ2PS", t.tmp, t.tmp)
		t.ins("D = d·sc, exact", "VMULPS", t.tmp, d, t.code)
		d = t.code
	}
	switch {
	case t.w.has("m"):
		t.scale("m", m)
	case t.w.has("mn"):
		t.scale("mn", m)
		t.ins("", "VCVTDQ2PS", m, m)
		t.ins("M = dmin·mn, exact", "VMULPS", t.scale("dmin", t.tmp), m, m)
	}
	for i := range t.tokens {
		t.ins(fmt.Sprintf("token %d, d of its block times the weights'", i), "VMULPS.BCST", t.act(i, actD512), d, t.tmp)
		if !t.floatHalves() {
			t.ins("", "VCVTDQ2PS", t.sum[i], t.sum[i])
		}
		t.ins(fmt.Sprintf("acc[%d] = FMA(sum, scale, acc)", i), "VFMADD231PS", t.tmp, t.sum[i], t.acc[i])
		switch {
		case t.w.has("m"):
			t.ins(fmt.Sprintf("acc[%d] = FMA(m, s, acc)", i), "VFMADD231PS.BCST", t.act(i, actS512), m, t.acc[i])
		case t.w.has("mn"):
			t.ins(fmt.Sprintf("acc[%d] = FMA(-M, s, acc)", i), "VFNMADD231PS.BCST", t.act(i, actS512), m, t.acc[i])
		}
	}
	if t.w.scaling == halfScale && t.w.minimum {
		t.foldHalfMinima()
	}
}

// foldHalfMinima emits acc = FMA(−dmin, fp32(d·fp32(mn0·H0 + mn1·H1)), acc).
// The sums are used up: their registers are free.
func (t *tile512) foldHalfMinima() {
	dmin, mn := t.scale("dmin", t.code), t.vec
	t.scale("sc0", mn)
	t.scale("sc1", t.tmp)
	t.ins("", "VPSLLD", "$16", t.tmp, t.tmp)
	t.ins("both halves' scale and minimum", "VPORD", t.tmp, mn, mn)
	t.ins("", "VPSRLW", "$4", mn, mn)
	for i := range t.tokens {
		j := t.sum[i]
		t.ins(fmt.Sprintf("token %d, J", i), "VPXORD", j, j, j)
		if t.terms == 2 {
			t.ins("mn0·(H0 >> 7) + mn1·(H1 >> 7)", "VPDPWSSD.BCST", t.act(i, actH128), mn, j)
			t.ins("", "VPSLLD", "$7", j, j)
		}
		t.ins("mn0·H0 + mn1·H1", "VPDPWSSD.BCST", t.act(i, actH512), mn, j)
		t.ins("", "VCVTDQ2PS", j, j)
		t.ins("d·J", "VMULPS.BCST", t.act(i, actD512), j, j)
		t.ins(fmt.Sprintf("acc[%d] = FMA(-dmin, d·J, acc)", i), "VFNMADD231PS", j, dmin, t.acc[i])
	}
}
