package main

import "fmt"

// armTiers are the tiers of arm64, the slowest first.
var armTiers = []armTier{
	{
		name: "NEON", from: 1, unit: 1, integers: (*armTile).integersNEON,
		has: func(*weight) bool { return true },
		algebra: `Algebra: a row is a lane of 32 bits; the four bytes of a lane are four k, and the
token's four q are copied to all lanes. SMULL and SMLAL add products of int8 in lanes
of int16, one for each k of a group, over %d groups (at most %d·127·%d), then pairwise
additions make an int32 of a row's four lanes.
`,
		registers: `v16 activations, v17 four of them in every lane, v18 and v19 sums, v20 to v23 products
as int16 of rows 0 and 1, 2 and 3, 4 and 5, 6 and 7`,
	},
	{
		name: "Dotprod", from: 1, unit: 1, integers: (*armTile).integersDot,
		has: func(*weight) bool { return true },
		algebra: `Algebra: a row is a lane of 32 bits; the four bytes of a lane are four k, and SDOT
multiplies them with four q of the token, one group of its record, and adds the four
products to an int32: exact, and no sum runs across lanes.
`,
		registers: `v16 and v17 activations, v18 and v19 sums, v20 and v21 those of a half`,
	},
	{
		name: "I8MM", from: 2, unit: 2, integers: (*armTile).integersDot,
		// The two minima of a block have no registers here.
		has: func(w *weight) bool { return w.scaling != halfScale || !w.minimum },
		algebra: `Algebra: SMMLA multiplies two rows with two tokens, eight k of each, and adds the four
sums of eight products to lanes of int32: row, row, next row, next row for token, next
token. ZIP makes operands of two rows of the panel's vectors of four, UZP those of two
tokens of their records; the eight k are two groups of four that are two groups apart.
The last of an odd number of tokens is multiplied twice. Sums of fp32 wait on the stack.
`,
		registers: `v16 and v17 activations of two tokens, v18 to v21 sums, v22 and v23 scratch`,
	},
}

// loadCodes emits 16 codes of a token, its record at a general register.
func (t *armTile) loadCodes(record, half, term, to int) {
	what := fmt.Sprintf("q of k = %d..%d", 16*half, 16*half+15)
	if t.terms == 2 {
		what += []string{", hi", ", lo"}[term]
	}
	t.load(what, to, record, 32*term+16*half)
}

// products adds those of half a block and one term to sums.
func (t *armTile) products(half, term int, to func(v int) int) {
	if t.unit == 1 {
		act := actARM + half
		t.loadCodes(armAct, half, term, act)
		for e := range t.operands() {
			t.each(func(v int) { t.vop("", "SDOT_4SI", to(v), t.code(half, e, v), act, e) })
		}
		return
	}
	// Registers are few: the first token's codes are loaded for either operand.
	t.loadCodes(armSecond, half, term, actARM+1)
	for e, op := range []string{"UZP1_4S", "UZP2_4S"} {
		t.loadCodes(armAct, half, term, actARM)
		t.vop("of both tokens", op, actARM, actARM, actARM+1)
		t.each(func(v int) { t.vop("", "SMMLA_4S", to(v), t.code(half, e, v), actARM) })
	}
}

// times128 emits what is left of hi's sums where there are two terms.
func (t *armTile) times128(sums func(v int) int) {
	t.each(func(v int) { t.vop("128·Σcode·hi", "SHL_4S", sums(v), sums(v), 7) })
}

// span emits the sums of some halves of a block.
func (t *armTile) span(halves []int, to func(v int) int) {
	if t.terms == 1 {
		t.start(halves[0], to)
	} else {
		t.zero(to)
		for _, half := range halves {
			t.products(half, 0, to)
		}
		t.times128(to)
		t.addStart(halves[0], to)
	}
	for _, half := range halves {
		t.products(half, t.terms-1, to)
	}
}

// integersDot are the integers of SDOT and SMMLA.
func (t *armTile) integersDot() {
	if t.w.scaling != halfScale {
		t.span([]int{0, 1}, t.sum)
		return
	}
	part := func(v int) int { return []int{20, 21}[v] }
	scale := tmpARM
	if t.unit == 2 {
		part = func(v int) int { return []int{22, 23, 26, 27}[v] }
		scale = actARM
	}
	for half := range 2 {
		t.span([]int{half}, part)
		t.each(func(v int) { t.addHalf(half, v, part(v), scale, half == 0) })
	}
}

// addHalf adds the sums of a half, times its scales, to sums.
func (t *armTile) addHalf(half, v, from, scale int, first bool) {
	t.halfScale(half, v, scale)
	op := "MLA_4S"
	if first {
		op = "MUL_4S"
	}
	t.vop(fmt.Sprintf("of sc%d·", half), op, t.sum(v), from, scale)
}

// groupsNEON is how many groups a lane of int16 can sum: the largest code times
// 127 as many times must stay below 2¹⁵.
func groupsNEON(w *weight) int {
	switch {
	case w.max > 64:
		return 2
	case w.max > 32 || w.scaling == halfScale:
		return 4
	}
	return 8
}

// largest is the largest magnitude of a code as it is multiplied.
func (w *weight) largest() int {
	if w.has("bytes") || w.table != nil {
		return max(w.off, w.max-w.off)
	}
	return w.max
}

// integersNEON are the integers of SMULL and SMLAL.
func (t *armTile) integersNEON() {
	if t.w.scaling == halfScale {
		for half := range 2 {
			for term := range t.terms {
				t.productsNEON(half, term, func(v, from int) { t.addHalfNEON(half, term, v, from) })
			}
		}
		return
	}
	t.start(0, t.sum)
	for term := range t.terms {
		for half := range 2 {
			t.productsNEON(half, term, func(v, from int) { t.vop("", "ADD_4S", t.sum(v), t.sum(v), from) })
		}
	}
}

// addHalfNEON adds one term's sums of a half, the last one's with the offset,
// times the half's scales.
func (t *armTile) addHalfNEON(half, term, v, from int) {
	if term == t.terms-1 && t.offset() != 0 {
		field := t.startField(half)
		t.fields(field)
		t.fieldTo(actARM, field, fmt.Sprintf("-%d·Σq", t.offset()))
		t.vop("", "ADD_4S", from, from, actARM)
	}
	t.addHalf(half, v, from, actARM+1, half+term == 0)
}

// productsNEON emits the products of half a block and one term; as often as
// int16 are full, f is given the register of each vector of sums of them, in
// int32.
func (t *armTile) productsNEON(half, term int, f func(v, from int)) {
	const products = 20
	span := groupsNEON(t.w)
	t.loadCodes(armAct, half, term, actARM)
	for e := range t.operands() {
		group := 4*half + e
		t.vop("", "DUP_4S", actARM+1, actARM, e)
		name := "SMLAL"
		if group%span == 0 {
			name = "SMULL"
		}
		t.each(func(v int) {
			t.vop("", name+"_8H", products+2*v, t.code(half, e, v), actARM+1)
			t.vop("", name+"2_8H", products+2*v+1, t.code(half, e, v), actARM+1)
		})
		if group%span != span-1 {
			continue
		}
		t.each(func(v int) {
			p := products + 2*v
			t.vop("", "SADDLP_4S", p, p)
			t.vop("", "SADDLP_4S", p+1, p+1)
			t.vop(fmt.Sprintf("rows %d..%d", 4*v, 4*v+3), "ADDP_4S", p, p, p+1)
			if t.terms == 2 && term == 0 {
				t.vop("128·Σcode·hi", "SHL_4S", p, p, 7)
			}
			f(v, p)
		})
	}
}
