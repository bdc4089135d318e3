package main

import "fmt"

// packNEON are the instructions of NEON. A vector r of 8 lanes is the registers 2r,
// rows 0 to 3, and 2r+1, rows 4 to 7; a constant is one register.
type packNEON struct{ *packer }

func packNEONISA(p *packer) packISA { return &packNEON{p} }

// vecsNEON is the number of vectors; the registers that are left hold constants.
const vecsNEON = 10

// General registers of the packers.
const (
	armPackDst   = 0 // panel, running
	armPackLd    = 1 // bytes from row to row
	armPackNext  = 2 // what to prefetch, running
	armPackSteps = 3 // blocks of 32 columns left
	armPackTmp   = 4
	armPackRow   = 5 // the first of 8 rows, running
)

// hold returns the register that has a constant throughout the function.
func (p *packNEON) hold(name, what string, b ...byte) int {
	r, ok := p.held[name]
	if !ok {
		p.constant(name, what, 16, b...)
		r = 31 - len(p.held)
		if r < 2*vecsNEON {
			panic(p.w.name + ": no register is left for a constant")
		}
		p.held[name] = r
	}
	return r
}

func (p *packNEON) mask(b []byte) int {
	b = four(b)
	return p.hold(maskName(b), "a mask of four bytes", b...)
}

// op emits an instruction on both registers of two vectors; its last operand is
// a constant or a number.
func (p *packNEON) op(comment, name string, dst, a int, last ...int) {
	for half := range 2 {
		p.vop(comment, name, append([]int{2*dst + half, 2*a + half}, last...)...)
		comment = ""
	}
}

// three emits one on three vectors.
func (p *packNEON) three(comment, name string, dst, a, b int) {
	for half := range 2 {
		p.vop(comment, name, 2*dst+half, 2*a+half, 2*b+half)
		comment = ""
	}
}

func (p *packNEON) and(comment string, a, dst int, mask ...byte) {
	p.op(comment, "AND_16B", dst, a, p.mask(mask))
}

func (p *packNEON) flip(comment string, a, dst int, mask ...byte) {
	p.op(comment, "EOR_16B", dst, a, p.mask(mask))
}

func (p *packNEON) or(comment string, a, b, dst int) { p.three(comment, "ORR_16B", dst, a, b) }

func (p *packNEON) xor(comment string, a, b, dst int) { p.three(comment, "EOR_16B", dst, a, b) }

func (p *packNEON) copy(a, dst int) { p.three("", "ORR_16B", dst, a, a) }

// shift shifts bytes.
func (p *packNEON) shift(comment string, n, a, dst int) {
	switch {
	case n > 0:
		p.op(comment, "USHR_16B", dst, a, n)
	case n < 0:
		p.op(comment, "SHL_16B", dst, a, -n)
	default:
		p.copy(a, dst)
	}
}

func (p *packNEON) shiftLanes(comment string, n, a, dst int) {
	if n > 0 {
		p.op(comment, "USHR_4S", dst, a, n)
	} else {
		p.op(comment, "SHL_4S", dst, a, -n)
	}
}

func (p *packNEON) permute(comment, name, what string, a, dst int, order ...byte) {
	p.op(comment, "TBL_16B", dst, a, p.hold(name, what, lanes(order...)...))
}

func (p *packNEON) minus32(x int) {
	p.op("", "SUB_16B", x, x, p.hold("bytes32", "32 in every byte", 32))
}

func (p *packNEON) exchange(comment string, shift, a, b int) {
	t := p.take()
	defer p.give(t)
	if shift == 4 {
		p.copy(a, t)
		p.op(comment, "SLI_16B", a, b, 4)
		p.op("", "SRI_16B", b, t, 4)
		return
	}
	u, m := p.take(), p.mask([]byte{squareMasks[shift]})
	p.shift(comment, shift, a, t)
	p.shift("", -shift, b, u)
	p.op("mask ? a : b<<s", "BIF_16B", a, u, m)
	p.op("mask ? a>>s : b", "BIT_16B", b, t, m)
	p.give(u)
}

// words loads rows, then transposes 4 by 4 words.
func (p *packNEON) words(what string, off int) [4]int {
	var x [4]int
	for j := range x {
		x[j] = p.take()
		for half := range 2 {
			p.load(what, 2*x[j]+half, armPackRow+4*half+j, off)
			what = ""
		}
	}
	t := p.take()
	p.three("words 0, 1 of rows 0, 2", "ZIP1_4S", t, x[0], x[2])
	p.three("words 2, 3", "ZIP2_4S", x[0], x[0], x[2])
	p.three("of rows 1, 3", "ZIP1_4S", x[2], x[1], x[3])
	p.three("", "ZIP2_4S", x[1], x[1], x[3])
	p.three("word 0 of all rows", "ZIP1_4S", x[3], t, x[2])
	p.three("word 1", "ZIP2_4S", t, t, x[2])
	p.three("word 2", "ZIP1_4S", x[2], x[0], x[1])
	p.three("word 3", "ZIP2_4S", x[0], x[0], x[1])
	p.give(x[1])
	return [4]int{x[3], t, x[2], x[0]}
}

func (p *packNEON) word(what string, off int) int {
	x := p.take()
	for r := range 8 {
		if r%4 == 0 {
			p.vmem(what, false, 4, 2*x+r/4, armPackRow+r, off)
			what = ""
			continue
		}
		p.gop("", "MOVWU", mem(gr(armPackRow+r), off), gr(armPackTmp))
		p.gop("", "VMOV", gr(armPackTmp), fmt.Sprintf("V%d.S[%d]", 2*x+r/4, r%4))
	}
	return x
}

// halfOfE8M0: half of 2^(e−127) has e−1 for its exponent; for e < 2 it is
// subnormal, 0x00200000 << e.
func (p *packNEON) halfOfE8M0(e int) {
	t, small := p.take(), p.take()
	p.and("", e, e, 0xff, 0, 0, 0)
	two := p.hold("two", "2 in every lane", 2, 0, 0, 0)
	one := p.hold("one", "1 in every lane", 1, 0, 0, 0)
	subnormal := p.hold("subnormal", "the number that e = 0 stands for", 0, 0, 0x20, 0)
	for half := range 2 {
		v, n, m := 2*e+half, 2*t+half, 2*small+half
		p.vop("e < 2", "CMHI_4S", m, two, v)
		p.vop("", "USHL_4S", n, subnormal, v)
		p.vop("", "AND_16B", n, n, m)
		p.vop("", "UMAX_4S", v, v, one)
		p.vop("", "SUB_4S", v, v, one)
		p.vop("", "SHL_4S", v, v, 23)
		p.vop("", "ORR_16B", v, v, n)
	}
	p.give(t, small)
}

func (p *packNEON) put(comment string, x, offset int) {
	p.vmem(comment, true, 16, 2*x, armPackDst, offset)
	p.vmem("", true, 16, 2*x+1, armPackDst, offset+16)
}

func (p *packNEON) putHalves(x int, names []string, offsets []int) {
	t := p.take()
	for i, name := range names {
		p.vop("", []string{"UZP1_8H", "UZP2_8H"}[i], 2*t+i, 2*x, 2*x+1)
		p.vmem(name, true, 16, 2*t+i, armPackDst, offsets[i])
	}
	p.give(t)
}

// putBytes: even bytes of rows and odd ones, then each again.
func (p *packNEON) putBytes(x int, comments [4]string, offsets [4]int) {
	t := p.take()
	p.vop("bytes 0 and 2", "UZP1_16B", 2*t, 2*x, 2*x+1)
	p.vop("bytes 1 and 3", "UZP2_16B", 2*t+1, 2*x, 2*x+1)
	p.vop("bytes 0 of all rows, bytes 1", "UZP1_16B", 2*x, 2*t, 2*t+1)
	p.vop("bytes 2, bytes 3", "UZP2_16B", 2*x+1, 2*t, 2*t+1)
	p.give(t)
	for i := range 4 {
		v := 2*x + i/2
		if i%2 == 1 {
			p.vop("", "DUP_2D", v, v, 1)
		}
		p.vmem(comments[i], true, 8, v, armPackDst, offsets[i])
	}
}

func (p *packNEON) fetch(offset int) {
	p.gop("", "PRFM", mem(gr(armPackNext), offset), "PLDL2KEEP")
}

func (p *packNEON) loop() { p.loopHeadArm("block") }

func (p *packNEON) next(steps int) {
	for r := range 8 {
		p.advance("", armPackRow+r, p.src.bytes)
	}
	p.advance("", armPackNext, p.rows*p.src.bytes)
	p.advance("", armPackDst, p.turn())
	p.again("", armPackSteps, steps, "block")
	p.line("\tRET")
}

func (p *packNEON) open(s *source, name string) {
	s.line("\n// func %s(dst, src *byte, rowBytes, steps, ahead int)", name)
	s.line("TEXT ·%s(SB), NOSPLIT, $0-40", name)
	s.gop("", "MOVD", "dst+0(FP)", gr(armPackDst))
	s.gop("", "MOVD", "src+8(FP)", gr(armPackRow))
	s.gop("", "MOVD", "rowBytes+16(FP)", gr(armPackLd))
	s.gop("", "MOVD", "steps+24(FP)", gr(armPackSteps))
	s.gop("", "MOVD", "ahead+32(FP)", gr(armPackNext))
	s.gop("", "ADD", gr(armPackRow), gr(armPackNext))
	s.rowsNEON()
	for _, c := range p.consts {
		s.gop("", "MOVD", "$"+c.name+"<>(SB)", gr(armPackTmp))
		s.load(c.what, p.held[c.name], armPackTmp, 0)
	}
}

// rowsNEON makes the addresses of rows 1 to 7 from row 0's.
func (s *source) rowsNEON() {
	for r := 1; r < 8; r++ {
		s.gop(fmt.Sprintf("row %d", r), "ADD", gr(armPackLd), gr(armPackRow+r-1), gr(armPackRow+r))
	}
}
