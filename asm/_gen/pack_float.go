package main

import "fmt"

// packFloat describes the packer of an element size.
type packFloat struct {
	name, goName string
	bytes        int
	types        string
}

var packFloats = []packFloat{
	{"words", "PackWords", 4, "F32"},
	{"halves", "PackHalves", 2, "F16 and BF16"},
}

// General registers of the float packers of amd64, beside those of the others.
const (
	packStepRow = "R9"  // row 0, running over steps
	packStepDst = "R10" // panel, running over steps
	packGroups  = "R11" // groups of 8 rows left
	packLd8     = "R12" // bytes from group to group
)

const (
	floatGroup = 8  // rows at once
	packCols   = 32 // columns of a step
)

// open begins the function of a tier: its packer, and what it is called.
func (f *packFloat) open(tier packTier, rows int, registers string) (p *packer, name string) {
	p = newPacker(tier, nil, nil)
	packHead(&p.source, tier, fmt.Sprintf(packFloatAbout, f.bytes*rows*packCols, f.types, rows, rows-1, registers))
	name = f.goName + tier.name
	p.line("\n// func %s(dst, src *byte, rowBytes, steps, ahead int)", name)
	p.line("TEXT ·%s(SB), NOSPLIT, $0-40", name)
	return p, name
}

// fileX86 writes the function of AVX2: what it is called, and the file's text.
func (f *packFloat) fileX86(tier packTier) (name, text string) {
	p, name := f.open(tier, floatRows, packFloatRegistersX86)
	x := &packX86{p}
	p.ins("", "MOVQ", "dst+0(FP)", packStepDst)
	p.ins("", "MOVQ", "src+8(FP)", packStepRow)
	p.ins("", "MOVQ", "rowBytes+16(FP)", packLd)
	p.ins("", "MOVQ", "steps+24(FP)", packSteps)
	p.ins("", "MOVQ", "ahead+32(FP)", packNext)
	p.ins("", "ADDQ", packStepRow, packNext)
	p.ins("", "LEAQ", fmt.Sprintf("(%s)(%s*2)", packLd, packLd), packLd3)
	p.ins("8 rows", "LEAQ", fmt.Sprintf("(%s*8)", packLd), packLd8)
	p.loopHead("step")
	p.ins("", "MOVQ", packStepDst, packDst)
	p.ins("", "MOVQ", packStepRow, packRows[0])
	p.ins("", "MOVQ", imm(floatRows/floatGroup), packGroups)
	p.loopHead("group")
	p.ins("row 4", "LEAQ", fmt.Sprintf("(%s)(%s*4)", packRows[0], packLd), packRows[1])
	fetched := f.bytes * packCols * floatGroup
	for at := 0; at < fetched; at += 64 {
		p.ins("", "PREFETCHT1", mem(packNext, at))
	}
	p.ins("", "ADDQ", imm(fetched), packNext)
	if f.bytes == 4 {
		x.wordTile()
	} else {
		x.halfTile()
	}
	p.ins("", "ADDQ", packLd8, packRows[0])
	p.ins("", "ADDQ", imm(f.bytes*floatGroup), packDst)
	p.ins("", "DECQ", packGroups)
	p.ins("", "JNZ", "group")
	p.ins("", "ADDQ", imm(f.bytes*packCols), packStepRow)
	p.ins("", "ADDQ", imm(f.bytes*floatRows*packCols), packStepDst)
	p.ins("", "DECQ", packSteps)
	p.ins("", "JNZ", "step")
	p.end()
	return name, p.b.String()
}

// wordTile packs 8 rows by 32 columns of words.
func (p *packX86) wordTile() {
	for k := 0; k < packCols; k += 4 {
		for i, x := range p.words(fmt.Sprintf("columns %d to %d", k, k+3), 4*k) {
			p.ins("", "VMOVDQU", p.vec(x), mem(packDst, 4*floatRows*(k+i)))
			p.give(x)
		}
	}
}

// halfTile packs 8 rows by 32 columns of halves, 16 columns at a time: each
// part of a vector has 8 columns of one row, then 8 rows of one column.
func (p *packX86) halfTile() {
	for k := 0; k < packCols; k += 16 {
		var row, pair [8]int
		for r := range row {
			row[r] = p.take()
			p.ins(fmt.Sprintf("row %d, columns %d to %d", r, k, k+15), "VMOVDQU", p.row(r, 2*k), p.vec(row[r]))
		}
		for r := 0; r < 8; r += 2 {
			pair[r], pair[r+1] = p.take(), row[r]
			p.transpose(fmt.Sprintf("columns 0 to 3 of rows %d, %d", r, r+1), "VPUNPCKLWD", row[r], row[r+1], pair[r])
			p.transpose("columns 4 to 7", "VPUNPCKHWD", row[r], row[r+1], row[r])
			p.give(row[r+1])
		}
		for half := range 2 {
			four := func(op string, i int, dst int) { p.transpose("", op, pair[i+half], pair[i+2+half], dst) }
			a, b := p.take(), p.take()
			four("VPUNPCKLDQ", 0, a)
			four("VPUNPCKHDQ", 0, pair[half])
			four("VPUNPCKLDQ", 4, b)
			four("VPUNPCKHDQ", 4, pair[4+half])
			t := pair[2+half]
			for i, x := range [][2]int{{a, b}, {pair[half], pair[4+half]}} {
				col := k + 4*half + 2*i
				p.transpose("column "+fmt.Sprint(col), "VPUNPCKLQDQ", x[0], x[1], t)
				p.column(col, t)
				p.transpose("column "+fmt.Sprint(col+1), "VPUNPCKHQDQ", x[0], x[1], x[0])
				p.column(col+1, x[0])
			}
			p.give(a, b, pair[half], pair[2+half], pair[4+half], pair[6+half])
		}
	}
}

// column writes 8 rows of a column, and of the eighth after it.
func (p *packX86) column(col, x int) {
	p.ins("", "VMOVDQU", fmt.Sprintf("X%d", x), mem(packDst, 2*floatRows*col))
	p.ins("", "VEXTRACTI128", "$1", p.vec(x), mem(packDst, 2*floatRows*(col+8)))
}

const packFloatAbout = `
Packing of %[2]s weights: %[3]d rows of a file become a panel. The Go loop it equals:

	for k, r := range 32*steps and %[3]d rows {
		panel[k][r] = src[r][k]
	}

Algebra: squares of the matrix are transposed in registers, by three rounds (words: two)
of interleaving vectors, in parts of 16 bytes.

Layout of a panel, %[1]d bytes for a step of 32 columns:

	k = 0: row 0, row 1 … row %[4]d | k = 1: row 0 …

A step takes 8 rows after the other, whose lines are then read whole at once: where rows
lie a multiple of 4096 bytes apart, the first-level cache has room for no more of them.

%[5]s

Tails: none. The panel has %[3]d rows, all of them in the file; steps is never 0. Nothing
but the steps' columns is read.
`

const packFloatRegistersX86 = `Registers: Y0… the square. SI, R8 rows 0 and 4 of the group; R9 row 0 of the step, R10
panel of the step, DI of the group; AX bytes from row to row, CX three, R12 eight times
that; BX what is prefetched, running; R11 groups left, DX steps left.`
