package main

import "fmt"

// unpack emits the signed or unsigned codes of 16 columns of every row into the
// codes' registers: operand e is group e of the half, four columns; or, for
// pairs of tokens, groups e and e+2, eight columns, of two rows a vector.
func (t *armTile) unpack(half int) {
	t.line("")
	switch {
	case t.w.has("bytes"):
		t.vop("the sign", "MOVI_16B", lowMaskARM, 0x80)
		t.unpackBytes(half)
	case t.w.has("nibbles"):
		t.vop("the low code of every byte", "MOVI_16B", lowMaskARM, 0x0f)
		t.unpackNibbles(half)
	default:
		t.vop("the lowest code of every byte", "MOVI_16B", lowMaskARM, 0x03)
		t.unpackPairs(half)
	}
	switch {
	case t.w.table != nil:
		for c := 8 * half; c < 8*half+8; c++ {
			t.vop("what the indices stand for", "TBL_16B", c, tableARM, c)
		}
	case t.w.has("bits") && t.w.has("pairs"):
		t.upper(half, "bits", 0, 4*half, 1, 2)
	case t.w.has("bits"):
		t.upper(half, "bits", 0, 4*half, 1, 4)
	case t.w.has("pairs") && t.w.has("nibbles"):
		t.upper(half, "pairs", half, 0, 2, 4)
	}
}

// plane emits the load of four rows of a plane's vector.
func (t *armTile) plane(name string, vector, quad, to int) {
	_, offset := t.w.offset(name)
	t.load("", to, armPanel, offset+4*t.w.rows*vector+16*quad)
}

// columns says which columns operand e of a half holds.
func (t *armTile) columns(half, e int) string {
	k := 16*half + 4*e
	if t.unit == 2 {
		return fmt.Sprintf("codes of k = %d..%d, %d..%d", k, k+3, k+8, k+11)
	}
	return fmt.Sprintf("codes of k = %d..%d", k, k+3)
}

func (t *armTile) unpackBytes(half int) {
	for quad := range 2 {
		for e := range t.operands() {
			if t.unit == 1 {
				t.plane("bytes", 4*half+e, quad, t.code(half, e, quad))
				continue
			}
			t.plane("bytes", 4*half+e, quad, looseARM)
			t.plane("bytes", 4*half+e+2, quad, looseARM+1)
			t.zip(t.code(half, e, 2*quad), looseARM, looseARM+1)
		}
	}
	for e := range t.operands() {
		for v := range t.vectors() {
			t.vop(t.columns(half, e)+", signed", "EOR_16B", t.code(half, e, v), t.code(half, e, v), lowMaskARM)
		}
	}
}

// zip emits the rows of two vectors, in turn, into to and to+1: two rows each.
func (t *armTile) zip(to, a, b int) {
	t.vop("two rows a vector", "ZIP1_4S", to, a, b)
	t.vop("", "ZIP2_4S", to+1, a, b)
}

// unpackNibbles: a plane's vector has two groups, the low and the high codes.
func (t *armTile) unpackNibbles(half int) {
	for quad := range 2 {
		if t.unit == 2 {
			t.plane("nibbles", 2*half, quad, looseARM)
			t.plane("nibbles", 2*half+1, quad, looseARM+1)
			t.zip(t.code(half, 1, 2*quad), looseARM, looseARM+1)
			continue
		}
		for i := range 2 {
			t.plane("nibbles", 2*half+i, quad, t.code(half, 2*i+1, quad))
		}
	}
	for e := 0; e < t.operands(); e += 2 {
		for v := range t.vectors() {
			low, high := t.code(half, e, v), t.code(half, e+1, v)
			t.vop(t.columns(half, e), "AND_16B", low, high, lowMaskARM)
			t.vop(t.columns(half, e+1), "USHR_16B", high, high, 4)
		}
	}
}

// unpackPairs: a plane's vector has four groups, two bits each.
func (t *armTile) unpackPairs(half int) {
	for quad := range 2 {
		t.plane("pairs", half, quad, planeARM)
		t.spreadPlane(2)
		for e := range t.operands() {
			for i := range t.unit {
				to, from := t.code(half, e, t.unit*quad+i), planeARM+i
				if e > 0 {
					t.vop("", "USHR_16B", to, from, 2*e)
					from = to
				}
				if e < 3 {
					t.vop(t.columns(half, e), "AND_16B", to, from, lowMaskARM)
				}
			}
		}
	}
}

// spreadPlane makes two vectors, of two rows each, of a plane's vector of four
// rows: lanes are shifted as the columns of a pair's operand are apart, by two
// groups of a number of bits each.
func (t *armTile) spreadPlane(bits int) {
	if t.unit == 1 {
		return
	}
	t.vop("two groups further", "USHR_16B", looseARM, planeARM, 2*bits)
	t.vop("two rows a vector", "ZIP2_4S", planeARM+1, planeARM, looseARM)
	t.vop("", "ZIP1_4S", planeARM, planeARM, looseARM)
}

// upper emits the upper bits of the codes, which a plane's vector holds, bits of
// them a group, the first group's behind skip groups; they go to bit at.
func (t *armTile) upper(half int, name string, vector, skip, bits, at int) {
	t.vop("where the upper bits of a code go", "MOVI_16B", highMaskARM, (1<<bits-1)<<at)
	for quad := range 2 {
		t.plane(name, vector, quad, planeARM)
		t.spreadPlane(bits)
		for e := range t.operands() {
			for i := range t.unit {
				from := planeARM + i
				switch shift := bits*(skip+e) - at; {
				case shift > 0:
					t.vop("", "USHR_16B", looseARM, from, shift)
					from = looseARM
				case shift < 0:
					t.vop("", "SHL_16B", looseARM, from, -shift)
					from = looseARM
				}
				t.vop("with upper bits", "BIT_16B", t.code(half, e, t.unit*quad+i), from, highMaskARM)
			}
		}
	}
}
