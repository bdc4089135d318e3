package main

import "fmt"

// codes emits group j: the unsigned codes of k = 4j..4j+3 of every row, as
// bytes, into code.
func (t *tile) codes(j int) {
	switch {
	case t.w.has("bytes"):
		t.ins(fmt.Sprintf("codes of k = %d..%d", 4*j, 4*j+3), "VMOVDQU", t.w.at("bytes", j), t.code)
		return
	case t.w.has("nibbles"):
		if j%2 == 0 {
			t.ins(fmt.Sprintf("low codes of k = %d..%d", 4*j, 4*j+7), "VMOVDQU", t.w.at("nibbles", j/2), t.vec)
			t.ins(fmt.Sprintf("k = %d..%d", 4*j, 4*j+3), "VPAND", t.constant(maskLow), t.vec, t.code)
		} else {
			t.ins("", "VPSRLW", "$4", t.vec, t.code)
			t.ins(fmt.Sprintf("k = %d..%d", 4*j, 4*j+3), "VPAND", t.constant(maskLow), t.code, t.code)
		}
	default: // pairs
		if j%4 == 0 {
			t.ins(fmt.Sprintf("low codes of k = %d..%d", 4*j, 4*j+15), "VMOVDQU", t.w.at("pairs", j/4), t.vec)
		}
		from := t.vec
		if i := j % 4; i > 0 {
			t.ins("", "VPSRLW", imm(2*i), t.vec, t.code)
			from = t.code
		}
		t.ins(fmt.Sprintf("k = %d..%d", 4*j, 4*j+3), "VPAND", t.constant(maskPair), from, t.code)
	}
	switch {
	case t.w.table != nil:
		t.ins("what the indices stand for", "VPSHUFB", t.code, t.held["table"], t.code)
	case t.w.has("bits") && t.w.has("pairs"):
		t.upper("bits", 0, j-2)
	case t.w.has("bits"):
		t.upper("bits", 0, j-4)
	case t.w.has("pairs") && t.w.has("nibbles"):
		t.upper("pairs", j/4, 2*(j%4)-4)
	}
}

// nibbles emits the codes of group j, their low four bits into code and their
// high four into vec.
func (t *tile) nibbles(j int) {
	mask := t.constant(maskLow)
	if t.w.table == nil {
		t.ins(fmt.Sprintf("codes of k = %d..%d", 4*j, 4*j+3), "VMOVDQU", t.w.at("bytes", j), t.code)
		t.ins("", "VPSRLW", "$4", t.code, t.vec)
		t.ins("low bits", "VPAND", mask, t.code, t.code)
		t.ins("high bits", "VPAND", mask, t.vec, t.vec)
		return
	}
	t.ins(fmt.Sprintf("indices of k = %d..%d", 8*(j/2), 8*(j/2)+7), "VMOVDQU", t.w.at("nibbles", j/2), t.code)
	if j%2 == 1 {
		t.ins("", "VPSRLW", "$4", t.code, t.code)
	}
	t.ins(fmt.Sprintf("k = %d..%d", 4*j, 4*j+3), "VPAND", mask, t.code, t.code)
	lookUp := func(table constant, to reg) {
		from, ok := t.held[table.name]
		if !ok {
			from = t.tmp
			t.ins("", "VMOVDQU", table, from)
		}
		t.ins(table.what, "VPSHUFB", t.code, from, to)
	}
	lookUp(tableHigh(t.w), t.vec)
	lookUp(tableLow(t.w), t.code)
}

// upper shifts the plane's vector v right (left where shift is negative), masks
// the upper bits of the codes and adds them to code.
func (t *tile) upper(plane string, v, shift int) {
	from, ok := t.plane[plane]
	if !ok {
		from = t.tmp
		t.ins("upper bits", "VMOVDQU", t.w.at(plane, v), from)
	}
	switch {
	case shift > 0:
		t.ins("", "VPSRLW", imm(shift), from, t.tmp)
		from = t.tmp
	case shift < 0:
		t.ins("", "VPSLLW", imm(-shift), from, t.tmp)
		from = t.tmp
	}
	t.ins("", "VPAND", t.constant(maskHigh(t.w)), from, t.tmp)
	t.ins("with upper bits", "VPOR", t.tmp, t.code, t.code)
}

// load emits a field of the head or block into lanes of fp32 or int32.
func (t *tile) load(name string, to reg) {
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
}

// halfScale emits the scales of a half as int32.
func (t *tile) halfScale(half int, to reg) {
	t.load(fmt.Sprintf("sc%d", half), to)
	if t.w.minimum {
		t.ins("the scale", "VPAND", t.constant(mask4), to, to)
	}
}

// scale is the register that holds a scale: one that is kept, or else spare.
func (t *tile) scale(name string, spare reg) reg {
	if r, ok := t.held[name]; ok {
		return r
	}
	t.load(name, spare)
	return spare
}

// weightScales emits what the sum is multiplied by, less the activations' scale,
// into d or what it returns, and where there is a minimum, what s is multiplied by
// into m.
func (t *tile) weightScales(d, m, tmp reg) reg {
	if t.w.scaling == superScale {
		t.load("sc", d)
		t.ins("", "VCVTDQ2PS", d, d)
		t.ins("D = d·sc, exact", "VMULPS", t.scale("d", tmp), d, d)
	} else {
		d = t.scale("d", d)
	}
	switch {
	case t.w.has("m"):
		t.load("m", m)
	case t.w.has("mn"):
		t.load("mn", m)
		t.ins("", "VCVTDQ2PS", m, m)
		t.ins("M = dmin·mn, exact", "VMULPS", t.scale("dmin", tmp), m, m)
	}
	return d
}

// fold emits the step's floating-point part: acc from sum.
func (t *tile) fold() {
	m := t.vec
	d := t.weightScales(t.code, m, t.tmp)
	for i := range t.tokens {
		t.ins(fmt.Sprintf("token %d, d of its block", i), "VBROADCASTSS", t.act(i, recD), t.tmp)
		t.ins("times the weights' scale", "VMULPS", d, t.tmp, t.tmp)
		t.ins("", "VCVTDQ2PS", t.sum[i], t.sum[i])
		t.ins(fmt.Sprintf("acc[%d] = FMA(sum, scale, acc)", i), "VFMADD231PS", t.tmp, t.sum[i], t.acc[i])
		switch {
		case t.w.has("m"):
			t.ins("s of its block", "VBROADCASTSS", t.act(i, recS), t.tmp)
			t.ins(fmt.Sprintf("acc[%d] = FMA(m, s, acc)", i), "VFMADD231PS", t.tmp, m, t.acc[i])
		case t.w.has("mn"):
			t.ins("s of its block", "VBROADCASTSS", t.act(i, recS), t.tmp)
			t.ins(fmt.Sprintf("acc[%d] = FMA(-M, s, acc)", i), "VFNMADD231PS", t.tmp, m, t.acc[i])
		}
	}
	if t.w.scaling == halfScale && t.w.minimum {
		t.foldHalfMinima()
	}
}

// foldHalfMinima emits acc = FMA(−dmin, fp32(d·fp32(mn0·H0 + mn1·H1)), acc).
// The sums are used up: their registers are free.
func (t *tile) foldHalfMinima() {
	mn0, mn1 := t.vec, t.sum[0]
	dmin := t.scale("dmin", t.code)
	t.load("sc0", mn0)
	t.ins("mn0", "VPSRLD", "$4", mn0, mn0)
	t.load("sc1", mn1)
	t.ins("mn1", "VPSRLD", "$4", mn1, mn1)
	if !t.wide {
		t.pairUp(mn0, mn1, mn0)
	}
	for i := range t.tokens {
		if t.wide {
			t.ins(fmt.Sprintf("token %d, H0", i), "VPBROADCASTD", t.act(i, recH), t.tmp)
			t.ins("", "VPMULLD", mn0, t.tmp, t.tmp)
			t.ins("H1", "VPBROADCASTD", t.act(i, recH+4), t.tmp2)
			t.ins("", "VPMULLD", mn1, t.tmp2, t.tmp2)
			t.ins("J = mn0·H0 + mn1·H1", "VPADDD", t.tmp2, t.tmp, t.tmp)
		} else {
			t.ins(fmt.Sprintf("token %d, H0, H1", i), "VPBROADCASTD", t.act(i, recPair), t.tmp)
			t.ins("J = mn0·H0 + mn1·H1", "VPMADDWD", mn0, t.tmp, t.tmp)
		}
		t.ins("", "VCVTDQ2PS", t.tmp, t.tmp)
		t.ins("d of its block", "VBROADCASTSS", t.act(i, recD), t.tmp2)
		t.ins("d·J", "VMULPS", t.tmp2, t.tmp, t.tmp)
		t.ins(fmt.Sprintf("acc[%d] = FMA(-dmin, d·J, acc)", i), "VFNMADD231PS", t.tmp, dmin, t.acc[i])
	}
}
