package main

import "fmt"

// General registers of the float packers, beside those of the others.
const (
	armStepRow = 13 // row 0, running over steps
	armStepDst = 14 // panel, running over steps
	armGroups  = 15 // groups of 8 rows left
)

const packFloatRegistersNEON = `Registers: v0… the square. R5 to R12 rows of the group, R13 row 0 of the step; R14 panel
of the step, R0 of the group; R1 bytes from row to row; R2 what is prefetched, running;
R15 groups left, R3 steps left.`

// fileNEON writes the function of NEON: what it is called, and the file's text.
func (f *packFloat) fileNEON(tier packTier) (name, text string) {
	p, name := f.open(tier, floatRowsARM, packFloatRegistersNEON)
	n := &packNEON{p}
	p.gop("", "MOVD", "dst+0(FP)", gr(armStepDst))
	p.gop("", "MOVD", "src+8(FP)", gr(armStepRow))
	p.gop("", "MOVD", "rowBytes+16(FP)", gr(armPackLd))
	p.gop("", "MOVD", "steps+24(FP)", gr(armPackSteps))
	p.gop("", "MOVD", "ahead+32(FP)", gr(armPackNext))
	p.gop("", "ADD", gr(armStepRow), gr(armPackNext))
	p.loopHeadArm("step")
	p.gop("", "MOVD", gr(armStepDst), gr(armPackDst))
	p.gop("", "MOVD", gr(armStepRow), gr(armPackRow))
	p.gop("", "MOVD", imm(floatRowsARM/floatGroup), gr(armGroups))
	p.loopHeadArm("group")
	p.rowsNEON()
	fetched := f.bytes * packCols * floatGroup
	for at := 0; at < fetched; at += 64 {
		p.fetch(at)
	}
	p.advance("", armPackNext, fetched)
	if f.bytes == 4 {
		n.wordTile()
	} else {
		n.halfTile()
	}
	p.gop("the next group's row 0", "ADD", gr(armPackLd), gr(armPackRow+7), gr(armPackRow))
	p.advance("", armPackDst, f.bytes*floatGroup)
	p.again("", armGroups, 1, "group")
	p.advance("", armStepRow, f.bytes*packCols)
	p.advance("", armStepDst, f.bytes*floatRowsARM*packCols)
	p.again("", armPackSteps, 1, "step")
	p.line("\tRET")
	return name, p.b.String()
}

// wordTile packs 8 rows by 32 columns of words.
func (p *packNEON) wordTile() {
	for k := 0; k < packCols; k += 4 {
		for i, x := range p.words(fmt.Sprintf("columns %d to %d", k, k+3), 4*k) {
			p.put("", x, 4*floatRowsARM*(k+i))
			p.give(x)
		}
	}
}

// halfTile packs 8 rows by 32 columns of halves, 8 columns at a time. Each of three
// rounds interleaves register i with register i+4: after them what was register i's
// lane j is register j's lane i.
func (p *packNEON) halfTile() {
	for k := 0; k < packCols; k += 8 {
		from, to := 0, 8
		for r := range 8 {
			p.load(fmt.Sprintf("row %d, columns %d to %d", r, k, k+7), from+r, armPackRow+r, 2*k)
		}
		for range 3 {
			for i := range 4 {
				p.vop("", "ZIP1_8H", to+2*i, from+i, from+i+4)
				p.vop("", "ZIP2_8H", to+2*i+1, from+i, from+i+4)
			}
			from, to = to, from
		}
		for c := range 8 {
			p.vmem(fmt.Sprintf("column %d", k+c), true, 16, from+c, armPackDst, 2*floatRowsARM*(k+c))
		}
	}
}
