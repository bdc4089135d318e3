package main

import "fmt"

const (
	rowsARM   = 8  // of a panel of a quantised type
	tokensARM = 12 // at most in a tile
)

// General registers of a tile, after the arguments.
const (
	armHead   = 5  // head of the super-block
	armCount  = 6  // blocks left in it
	armTokens = 7  // tokens
	armLeft   = 8  // tokens left
	armRow    = 9  // the token's row of dst, or the unit's sums
	armSecond = 10 // the second token's record
	armTable  = 11 // address of the table
)

// Vector registers. 0 to 15 have the codes of a block; 16 to 23 are scratch while
// they are unpacked and scales prepared; 24 to 31 have what belongs to the block.
const (
	actARM   = 16 // two of activations
	sumARM   = 18 // integer sums of the block, a unit's
	tmpARM   = 22 // two of scratch
	scaleARM = 24 // d of the rows, then m or dmin
	sc8ARM   = 28 // halves' scales as int16, then their minima
	tableARM = 31 // what nibbles stand for

	// While codes are unpacked:
	lowMaskARM  = 16 // the low bits of a code
	highMaskARM = 17 // the upper ones
	planeARM    = 18 // two vectors of a plane
	looseARM    = 20 // two more
)

// Lanes of the fields that follow the codes in a record.
const (
	laneD  = 0 // f32 d
	laneS  = 1 // f32 s
	laneN8 = 2 // int32 -8·Σq, -16·Σq
	laneH  = 4 // int32 -32·Σ of each half, -4·Σ of each half
)

// armTier is how the tiles of one tier multiply.
type armTier struct {
	name string // as functions have it
	from int    // fewest tokens of a tile
	unit int    // tokens whose sums share vectors
	// integers emits a unit's Σ (code − off)·q of the block, scaled by halves
	// where the type asks for it, into the sums.
	integers  func(t *armTile)
	has       func(w *weight) bool // whether it has tiles of the type
	algebra   string
	registers string
}

// armTile writes the functions of one form: a panel of 8 rows times 1 to 12
// tokens, which are counted: the codes of a block are unpacked once and stay in
// registers. A unit is one token, its sums two vectors of 4 rows; or two tokens,
// their sums four vectors of 2 rows: row, row, next row, next row for token,
// next token.
type armTile struct {
	*source
	armTier
	w     *weight
	terms int
}

// vectors is the number of vectors of a unit's sums.
func (t *armTile) vectors() int { return 2 * t.unit }

// operands is the number of operands in half a block.
func (t *armTile) operands() int { return 8 / t.vectors() }

// code is the register of vector v of the half's operand e.
func (t *armTile) code(half, e, v int) int { return 8*half + t.vectors()*e + v }

func (t *armTile) sum(v int) int { return sumARM + v }

func (t *armTile) recordBytes() int { return 32*t.terms + 32 }

// write emits the functions; names are those of 1 token or more.
func (t *armTile) write(base string) (names []string) {
	body := "tile" + map[int]string{1: "Int8", 2: "Int16"}[t.terms]
	what := map[int]string{1: "int8", 2: "two-term"}[t.terms]
	for tokens := t.from; tokens <= tokensARM; tokens++ {
		name := fmt.Sprintf("%sx%d%s", base, tokens, t.name)
		names = append(names, name)
		t.line("\n// func %s(dst *float32, ld int, panel, act *byte, steps int)", name)
		t.line("// 8 rows, %s activations of %s.", what, plural(tokens, "token"))
		t.line("TEXT ·%s(SB), NOSPLIT, $0-40", name)
		t.gop("", "MOVD", imm(tokens), gr(armTokens))
		t.gop("", "JMP", body+"<>(SB)")
	}
	frame := 0
	if t.unit == 2 {
		frame = tokensARM * 32
	}
	t.line("\n// %s has the arguments of the functions that jump to it, and in R7 the tokens.", body)
	t.line("TEXT %s<>(SB), NOSPLIT, $%d-40", body, frame)
	t.argumentsARM()
	if t.w.table != nil {
		t.gop("", "MOVD", "$table<>(SB)", gr(armTable))
		t.load("what the 16 indices stand for", tableARM, armTable, 0)
	}
	t.begin()
	t.blocks()
	t.results()
	t.line("\tRET")
	return names
}

// begin sets the sums of fp32 to +0, in dst or on the stack.
func (t *armTile) begin() {
	t.vop("+0", "MOVI_2D", 0, 0)
	t.tokenLoop("zero", func() {
		for v := range t.vectors() {
			t.store("", 0, armRow, 16*v)
		}
	})
}

// results copies the sums of pairs of tokens from the stack to dst, row by row.
func (t *armTile) results() {
	if t.unit == 1 {
		return
	}
	t.tokenLoop("pairs", func() {
		for v := range 4 {
			t.load("", v, armRow, 16*v)
		}
		for i, op := range []string{"UZP1_4S", "UZP2_4S"} {
			if i == 1 {
				t.gop("no second token", "CMP", "$2", gr(armLeft))
				t.gop("", "BLT", "done")
			}
			for v := range 2 {
				t.vop("", op, 4, 2*v, 2*v+1)
				t.store("", 4, armDst, 16*v)
			}
			t.gop("", "ADD", gr(armLd), gr(armDst))
		}
	})
	t.label("done")
}

// tokenLoop emits a loop over the units, the row register at each one's sums.
func (t *armTile) tokenLoop(label string, unit func()) {
	t.gop("", "MOVD", gr(armTokens), gr(armLeft))
	if t.unit == 2 {
		t.gop("", "MOVD", fmt.Sprintf("$acc-%d(SP)", tokensARM*32), gr(armRow))
	} else {
		t.gop("", "MOVD", gr(armDst), gr(armRow))
	}
	t.loopHeadArm(label)
	unit()
	if t.unit == 2 {
		t.advance("", armRow, 64)
		t.gop("next tokens", "SUBS", "$2", gr(armLeft))
		t.gop("", "BGT", label)
		return
	}
	t.gop("", "ADD", gr(armLd), gr(armRow))
	t.again("next token", armLeft, 1, label)
}

// blocks emits the loop over blocks, and super-blocks in types that have them.
func (t *armTile) blocks() {
	if len(t.w.head) > 0 {
		t.loopHeadArm("super")
		t.gop("head: the super-block's scales", "MOVD", gr(armPanel), gr(armHead))
		t.advance("", armPanel, t.w.bytes(t.w.head))
		t.gop("", "MOVD", imm(superBlocks), gr(armCount))
	}
	t.loopHeadArm("block")
	for half := range 2 {
		t.unpack(half)
	}
	t.line("")
	t.scales()
	t.advance("next block", armPanel, t.w.bytes(t.w.block))
	t.tokenLoop("tokens", t.step)
	if len(t.w.head) > 0 {
		t.again("", armCount, 1, "block")
		t.again("next super-block", armSteps, superBlocks, "super")
	} else {
		t.again("", armSteps, 1, "block")
	}
	t.line("")
}

// step emits one block of one unit, and goes on to the next one's record.
func (t *armTile) step() {
	record := armAct
	if t.unit == 2 {
		record = armSecond
		t.gop("the second token's record,", "ADD", imm(t.recordBytes()), gr(armAct), gr(armSecond))
		t.gop("", "CMP", "$2", gr(armLeft))
		t.gop("or the same again", "CSEL", "LT", gr(armAct), gr(armSecond), gr(armSecond))
	}
	t.integers(t)
	t.line("")
	if t.unit == 2 {
		t.foldPair()
	} else {
		t.foldToken()
	}
	t.line("")
	t.gop("", "ADD", imm(t.recordBytes()), gr(record), gr(armAct))
}

// each calls f for every vector of a unit.
func (t *armTile) each(f func(v int)) {
	for v := range t.vectors() {
		f(v)
	}
}

// offset is what is subtracted from a code by way of the sum; codes of bytes
// and of tables become signed ones when they are unpacked.
func (t *armTile) offset() int {
	if t.w.has("bytes") || t.w.table != nil {
		return 0
	}
	return t.w.off
}

// startField is the record's field with −offset·Σq.
func (t *armTile) startField(half int) int {
	switch t.offset() {
	case 8:
		return laneN8
	case 16:
		return laneN8 + 1
	case 32:
		return laneH + half
	case 4:
		return laneH + 2 + half
	}
	panic(t.w.name)
}

// start emits −offset·Σq, of a half where that is scaled, or +0.
func (t *armTile) start(half int, sums func(v int) int) {
	if t.offset() == 0 {
		t.zero(sums)
		return
	}
	field := t.startField(half)
	t.fields(field)
	t.each(func(v int) { t.fieldTo(sums(v), field, fmt.Sprintf("-%d·Σq", t.offset())) })
}

func (t *armTile) zero(sums func(v int) int) {
	t.each(func(v int) { t.vop("", "MOVI_2D", sums(v), 0) })
}

// addStart adds what start emits.
func (t *armTile) addStart(half int, sums func(v int) int) {
	if t.offset() == 0 {
		return
	}
	field := t.startField(half)
	t.fields(field)
	t.fieldTo(actARM, field, fmt.Sprintf("-%d·Σq", t.offset()))
	t.each(func(v int) { t.vop("", "ADD_4S", sums(v), sums(v), actARM) })
}

// fields emits four fields of the record, or two of each of both records, token,
// token, token, token, into the first activation register.
func (t *armTile) fields(field int) {
	at := 32*t.terms + 16*(field/4)
	t.load("of the record", actARM, armAct, at)
	if t.unit == 2 {
		t.load("", actARM+1, armSecond, at)
		t.vop("", []string{"ZIP1_4S", "ZIP2_4S"}[field%4/2], actARM, actARM, actARM+1)
	}
}

// fieldTo emits a field of those, as a unit's vectors need it.
func (t *armTile) fieldTo(to, field int, what string) {
	if t.unit == 2 {
		t.vop(what, "DUP_2D", to, actARM, field%2)
		return
	}
	t.vop(what, "DUP_4S", to, actARM, field%4)
}
