package main

import "fmt"

func (t *armTile) scaleD() int { return scaleARM }

func (t *armTile) scaleM() int { return scaleARM + t.minAt() }

// minAt is how many registers d takes; where halves are scaled it is not doubled.
func (t *armTile) minAt() int {
	if t.w.scaling == halfScale {
		return 2
	}
	return t.vectors()
}

// widen16 emits a field of f16 as fp32 into two registers.
func (t *armTile) widen16(name string, to int) {
	in, offset := t.w.offset(name)
	base := armPanel
	if in == inHead {
		base = armHead
	}
	t.load(name, to, base, offset)
	t.vop("", "FCVTL2_4S", to+1, to)
	t.vop("", "FCVTL_4S", to, to)
}

// extend is the instruction that widens bytes to lanes of 16 bits (8H), or those,
// of the lower half (4S) or the upper one (2_4S), to 32 bits.
func (t *armTile) extend(part string) string {
	name := "UXTL"
	if t.w.signed {
		name = "SXTL"
	}
	if part == "2_4S" {
		return name + part
	}
	return name + "_" + part
}

// bytes8 emits a field of bytes as eight lanes of 16 bits.
func (t *armTile) bytes8(name string, to int) {
	_, offset := t.w.offset(name)
	t.vmem(name, false, 8, to, armPanel, offset)
	t.vop("", t.extend("8H"), to, to)
}

// scales emits what belongs to the block: scales and minima.
func (t *armTile) scales() {
	d, m := t.scaleD(), t.scaleM()
	if t.w.field("d") == f32D {
		_, offset := t.w.offset("d")
		for i := range 2 {
			t.load("d", d+i, armPanel, offset+16*i)
		}
	} else {
		t.widen16("d", d)
	}
	switch {
	case t.w.scaling == halfScale:
		t.halfScales()
		return
	case t.w.scaling == superScale:
		t.timesByte("sc", d, "D = d·sc, exact")
	}
	t.doubled(d)
	switch {
	case t.w.has("m"):
		t.widen16("m", m)
	case t.w.has("mn"):
		t.widen16("dmin", m)
		t.timesByte("mn", m, "M = dmin·mn, exact")
	default:
		return
	}
	t.doubled(m)
}

// timesByte multiplies two registers of fp32 by a field of bytes.
func (t *armTile) timesByte(name string, d int, what string) {
	const lower, upper = actARM, actARM + 1
	t.bytes8(name, lower)
	t.vop("", t.extend("2_4S"), upper, lower)
	t.vop("", t.extend("4S"), lower, lower)
	for i := range 2 {
		t.vop("", "SCVTF_4S", lower+i, lower+i)
		t.vop(what, "FMUL_4S", d+i, d+i, lower+i)
	}
}

// doubled makes four vectors of the two at a register, each row twice, where
// sums are of pairs of tokens.
func (t *armTile) doubled(at int) {
	if t.unit == 1 {
		return
	}
	for i := 1; i >= 0; i-- {
		t.vop("each row twice", "ZIP2_4S", at+2*i+1, at+i, at+i)
		t.vop("", "ZIP1_4S", at+2*i, at+i, at+i)
	}
}

// halfScales emits the scales of both halves as int16, each row twice where sums
// are of pairs of tokens; and Q2_K's minima, which are the upper nibbles.
func (t *armTile) halfScales() {
	if t.w.minimum {
		t.widen16("dmin", t.scaleM())
		t.vop("", "MOVI_16B", actARM, 0x0f)
	}
	for half := range 2 {
		to := sc8ARM + half*t.unit
		name := fmt.Sprintf("sc%d", half)
		if t.w.minimum {
			_, offset := t.w.offset(name)
			t.vmem(name, false, 8, to, armPanel, offset)
			t.vop("the minimum", "USHR_16B", to+2, to, 4)
			t.vop("the scale", "AND_16B", to, to, actARM)
			t.vop("", "UXTL_8H", to+2, to+2)
			t.vop("", "UXTL_8H", to, to)
			continue
		}
		t.bytes8(name, to)
		if t.unit == 2 {
			t.vop("each row twice", "ZIP2_8H", to+1, to, to)
			t.vop("", "ZIP1_8H", to, to, to)
		}
	}
}

// halfScale emits the scales of a half for vector v of the sums, as int32.
func (t *armTile) halfScale(half, v, to int) {
	t.vop("", t.extend([]string{"4S", "2_4S"}[v%2]), to, sc8ARM+half*t.unit+v/2)
}

// minimumStep is the instruction of acc = FMA(±M, s, acc), or none.
func (t *armTile) minimumStep() string {
	switch {
	case t.w.has("m"):
		return "FMLA_4S"
	case t.w.has("mn"):
		return "FMLS_4S"
	}
	return ""
}

// foldToken emits the step's floating-point part: acc, in dst, from the sums.
func (t *armTile) foldToken() {
	const acc = 20
	t.fields(laneD)
	for v := range 2 {
		t.load("acc", acc+v, armRow, 16*v)
		t.vop("the record's d times the weights'", "FMUL_4SI", tmpARM+v, t.scaleD()+v, actARM, laneD)
		t.vop("", "SCVTF_4S", t.sum(v), t.sum(v))
		t.vop("acc = FMA(sum, scale, acc)", "FMLA_4S", acc+v, t.sum(v), tmpARM+v)
		if op := t.minimumStep(); op != "" {
			t.vop("acc = FMA(±m, s, acc)", op+"I", acc+v, t.scaleM()+v, actARM, laneS)
		}
	}
	if t.w.scaling == halfScale && t.w.minimum {
		t.foldHalfMinima(acc)
	}
	for v := range 2 {
		t.store("", acc+v, armRow, 16*v)
	}
}

// foldHalfMinima emits acc = FMA(−dmin, fp32(d·fp32(mn0·H0 + mn1·H1)), acc).
// The record has −4·H: the sum of products with it, subtracted from zero, is 4·J,
// and its conversion divides by 4, rounding once.
func (t *armTile) foldHalfMinima(acc int) {
	const record, h, mn = actARM, actARM + 1, tmpARM
	t.load("-4·H0 and -4·H1", h, armAct, 32*t.terms+16)
	for v := range 2 {
		j := t.sum(v)
		t.vop("", "MOVI_2D", j, 0)
		for half := range 2 {
			t.vop("", t.extend([]string{"4S", "2_4S"}[v]), mn, sc8ARM+2+half)
			t.vop(fmt.Sprintf("4·mn%d·H%d", half, half), "MLS_4SI", j, mn, h, 2+half)
		}
		t.vop("J as fp32", "SCVTF_4SI", j, j, 2)
		t.vop("d·J", "FMUL_4SI", j, j, record, laneD)
		t.vop("acc = FMA(-dmin, d·J, acc)", "FMLS_4S", acc+v, t.scaleM()+v, j)
	}
}

// foldPair is foldToken of two tokens; acc is on the stack.
func (t *armTile) foldPair() {
	const d, s, scale, acc = actARM, actARM + 1, tmpARM, tmpARM + 1
	t.fields(laneD)
	op := t.minimumStep()
	if op != "" {
		t.fieldTo(s, laneS, "s of both")
	}
	t.fieldTo(d, laneD, "d of both")
	for v := range 4 {
		weights := t.scaleD() + v
		if t.w.scaling == halfScale {
			t.vop("each row twice", []string{"ZIP1_4S", "ZIP2_4S"}[v%2], scale, t.scaleD()+v/2, t.scaleD()+v/2)
			weights = scale
		}
		t.load("acc", acc, armRow, 16*v)
		t.vop("the records' d times the weights'", "FMUL_4S", scale, weights, d)
		t.vop("", "SCVTF_4S", t.sum(v), t.sum(v))
		t.vop("acc = FMA(sum, scale, acc)", "FMLA_4S", acc, t.sum(v), scale)
		if op != "" {
			t.vop("acc = FMA(±m, s, acc)", op, acc, t.scaleM()+v, s)
		}
		t.store("", acc, armRow, 16*v)
	}
}
