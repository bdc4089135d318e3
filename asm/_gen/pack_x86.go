package main

import "fmt"

// General registers of the packers.
const (
	packDst   = "DI" // panel, running
	packLd    = "AX" // bytes from row to row
	packLd3   = "CX" // three times that
	packNext  = "BX" // what to prefetch, running
	packSteps = "DX" // blocks of 32 columns left
)

// packRows are the addresses of rows 0, 4, 8 and 12, running.
var packRows = []string{"SI", "R8", "R9", "R10"}

// packX86 are the instructions of AVX2 and AVX-512.
type packX86 struct{ *packer }

func packX86ISA(p *packer) packISA { return &packX86{p} }

// wide reports whether a vector has 512 bits.
func (p *packX86) wide() bool { return p.rows == rowsAVX512 }

// vec names a vector register.
func (p *packX86) vec(r int) string { return fmt.Sprint(p.prefix, r) }

// mask returns the operand, for logic instructions, of a constant that repeats
// four bytes.
func (p *packX86) mask(b ...byte) string {
	b = four(b)
	name := maskName(b)
	length := 4 * p.rows
	if p.wide() {
		length = 4 // instructions repeat it
	}
	p.constant(name, "a mask of four bytes", length, b...)
	return name + "<>(SB)"
}

// hold returns a register that has a constant throughout the function.
func (p *packX86) hold(name, what string, b ...byte) string {
	r, ok := p.held[name]
	if !ok {
		p.constant(name, what, 4*p.rows, b...)
		r, p.free = p.free[0], p.free[1:]
		if p.used[r] {
			panic(p.w.name + ": a constant's register is overwritten")
		}
		p.held[name] = r
	}
	return p.vec(r)
}

// logic emits a bitwise instruction with a mask for its second operand.
func (p *packX86) logic(comment, op, mask string, a, dst int) {
	if p.wide() {
		p.ins(comment, op+"D.BCST", mask, p.vec(a), p.vec(dst))
		return
	}
	p.ins(comment, op, mask, p.vec(a), p.vec(dst))
}

func (p *packX86) and(comment string, a, dst int, mask ...byte) {
	p.logic(comment, "VPAND", p.mask(mask...), a, dst)
}

func (p *packX86) flip(comment string, a, dst int, mask ...byte) {
	p.logic(comment, "VPXOR", p.mask(mask...), a, dst)
}

func (p *packX86) or(comment string, a, b, dst int) { p.both(comment, "VPOR", a, b, dst) }

func (p *packX86) xor(comment string, a, b, dst int) { p.both(comment, "VPXOR", a, b, dst) }

// both emits a bitwise instruction on two registers.
func (p *packX86) both(comment, op string, a, b, dst int) {
	if p.wide() {
		op += "D"
	}
	p.ins(comment, op, p.vec(a), p.vec(b), p.vec(dst))
}

// shift shifts words of 16 bits.
func (p *packX86) shift(comment string, n, a, dst int) {
	op := "VPSRLW"
	if n < 0 {
		op, n = "VPSLLW", -n
	}
	p.ins(comment, op, imm(n), p.vec(a), p.vec(dst))
}

func (p *packX86) shiftLanes(comment string, n, a, dst int) {
	op := "VPSRLD"
	if n < 0 {
		op, n = "VPSLLD", -n
	}
	p.ins(comment, op, imm(n), p.vec(a), p.vec(dst))
}

func (p *packX86) permute(comment, name, what string, a, dst int, order ...byte) {
	p.ins(comment, "VPSHUFB", p.hold(name, what, lanes(order...)...), p.vec(a), p.vec(dst))
}

// row is the operand for a place in a row's block.
func (p *packX86) row(r, off int) string {
	at := mem(packRows[r/4], off)
	switch r % 4 {
	case 1:
		at += "(" + packLd + "*1)"
	case 2:
		at += "(" + packLd + "*2)"
	case 3:
		at += "(" + packLd3 + "*1)"
	}
	return at
}

// insert puts 16 bytes of memory into a part of a vector, whose parts above it
// become zero or stay.
func (p *packX86) insert(part int, at string, r int) {
	if part == 1 {
		p.ins("", "VINSERTI128", "$1", at, fmt.Sprintf("Y%d", r), fmt.Sprintf("Y%d", r))
		return
	}
	p.ins("", "VINSERTI32X4", imm(part), at, p.vec(r), p.vec(r))
}

func (p *packX86) words(what string, off int) [4]int {
	var x [4]int
	for j := range x {
		x[j] = p.take()
		comment := ""
		if j == 0 {
			comment = what
		}
		p.ins(comment, "VMOVDQU", p.row(j, off), fmt.Sprintf("X%d", x[j]))
		for part := 1; part < p.rows/4; part++ {
			p.insert(part, p.row(4*part+j, off), x[j])
		}
	}
	a := p.take()
	p.transpose("word 0, word 1 of rows 0, 1", "VPUNPCKLDQ", x[0], x[1], a)
	p.transpose("word 2, word 3", "VPUNPCKHDQ", x[0], x[1], x[0])
	p.transpose("of rows 2, 3", "VPUNPCKLDQ", x[2], x[3], x[1])
	p.transpose("", "VPUNPCKHDQ", x[2], x[3], x[2])
	p.transpose("word 0 of all rows", "VPUNPCKLQDQ", a, x[1], x[3])
	p.transpose("word 1", "VPUNPCKHQDQ", a, x[1], a)
	p.transpose("word 2", "VPUNPCKLQDQ", x[0], x[2], x[1])
	p.transpose("word 3", "VPUNPCKHQDQ", x[0], x[2], x[0])
	p.give(x[2])
	return [4]int{x[3], a, x[1], x[0]}
}

// transpose emits an instruction that interleaves a, then b.
func (p *packX86) transpose(comment, op string, a, b, dst int) {
	p.ins(comment, op, p.vec(b), p.vec(a), p.vec(dst))
}

func (p *packX86) word(what string, off int) int {
	x, y := p.take(), p.take()
	for part := range p.rows / 4 {
		to := fmt.Sprintf("X%d", y)
		if part == 0 {
			to = fmt.Sprintf("X%d", x)
			p.ins(what, "VMOVD", p.row(0, off), to)
		} else {
			p.ins("", "VMOVD", p.row(4*part, off), to)
		}
		for r := 1; r < 4; r++ {
			p.ins("", "VPINSRD", imm(r), p.row(4*part+r, off), to, to)
		}
		if part > 0 {
			p.insert(part, to, x)
		}
	}
	p.give(y)
	return x
}

func (p *packX86) exchange(comment string, shift, a, b int) {
	mask := squareMasks[shift]
	t := p.take()
	p.shift(comment, shift, a, t)
	if p.wide() {
		u := p.take()
		p.shift("", -shift, b, u)
		p.ins("mask ? a : b<<s", "VPTERNLOGD.BCST", "$0xe4", p.mask(mask), p.vec(u), p.vec(a))
		p.ins("mask ? a>>s : b", "VPTERNLOGD.BCST", "$0xd8", p.mask(mask), p.vec(t), p.vec(b))
		p.give(u)
	} else {
		p.xor("", b, t, t)
		p.and("what differs", t, t, mask)
		p.xor("", t, b, b)
		p.shift("", -shift, t, t)
		p.xor("", t, a, a)
	}
	p.give(t)
}

func (p *packX86) put(comment string, r, offset int) {
	p.ins(comment, "VMOVDQU"+p.moves(), p.vec(r), mem(packDst, offset))
}

// moves is what the name of a whole vector's move ends in.
func (p *packX86) moves() string {
	if p.wide() {
		return "32"
	}
	return ""
}

func (p *packX86) fetch(offset int) { p.ins("", "PREFETCHT1", mem(packNext, offset)) }

func (p *packX86) loop() { p.loopHead("block") }

func (p *packX86) next(steps int) {
	for _, r := range packRows[:p.rows/4] {
		p.ins("", "ADDQ", imm(p.src.bytes), r)
	}
	p.ins("", "ADDQ", imm(p.rows*p.src.bytes), packNext)
	p.ins("", "ADDQ", imm(p.turn()), packDst)
	p.ins("", "SUBQ", imm(steps), packSteps)
	p.ins("", "JNZ", "block")
	p.end()
}

func (p *packX86) open(s *source, name string) {
	s.line("\n// func %s(dst, src *byte, rowBytes, steps, ahead int)", name)
	s.line("TEXT ·%s(SB), NOSPLIT, $0-40", name)
	s.ins("", "MOVQ", "dst+0(FP)", packDst)
	s.ins("", "MOVQ", "src+8(FP)", packRows[0])
	s.ins("", "MOVQ", "rowBytes+16(FP)", packLd)
	s.ins("", "MOVQ", "steps+24(FP)", packSteps)
	s.ins("", "MOVQ", "ahead+32(FP)", packNext)
	s.ins("", "ADDQ", packRows[0], packNext)
	s.ins("", "LEAQ", fmt.Sprintf("(%s)(%s*2)", packLd, packLd), packLd3)
	for i := 1; i < p.rows/4; i++ {
		s.ins(fmt.Sprintf("row %d", 4*i), "LEAQ", fmt.Sprintf("(%s)(%s*4)", packRows[i-1], packLd), packRows[i])
	}
	for _, c := range p.consts {
		if r, ok := p.held[c.name]; ok {
			s.ins(c.what, "VMOVDQU"+p.moves(), c.name+"<>(SB)", p.vec(r))
		}
	}
}

func (p *packX86) putHalves(x int, names []string, offsets []int) {
	order := p.hold("halves", "lower halves of four lanes, then upper ones", 0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15)
	p.ins("", "VPSHUFB", order, p.vec(x), p.vec(x))
	first := mem(packDst, offsets[0])
	if p.wide() {
		quads := p.hold("evenQuads", "numbers of 64 bits, even ones first", words32(0, 0, 2, 0, 4, 0, 6, 0, 1, 0, 3, 0, 5, 0, 7, 0)...)
		p.ins("", "VPERMQ", p.vec(x), quads, p.vec(x))
		p.ins(names[0], "VMOVDQU", fmt.Sprintf("Y%d", x), first)
	} else {
		p.ins("", "VPERMQ", "$0xd8", p.vec(x), p.vec(x))
		p.ins(names[0], "VMOVDQU", fmt.Sprintf("X%d", x), first)
	}
	if len(names) > 1 {
		op := "VEXTRACTI128"
		if p.wide() {
			op = "VEXTRACTI64X4"
		}
		p.ins(names[1], op, "$1", p.vec(x), mem(packDst, offsets[1]))
	}
}

func (p *packX86) putBytes(x int, comments [4]string, offsets [4]int) {
	order := p.hold("bytesOfLanes", "bytes 0 of four lanes, then bytes 1, 2, 3", 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)
	p.ins("", "VPSHUFB", order, p.vec(x), p.vec(x))
	place := func(i int) string { return mem(packDst, offsets[i]) }
	if p.wide() {
		quarters := p.hold("quarters", "words 0 of the quarters, then words 1, 2, 3", words32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)...)
		p.ins("", "VPERMD", p.vec(x), quarters, p.vec(x))
		p.ins(comments[0], "VMOVDQU", fmt.Sprintf("X%d", x), place(0))
		for i := 1; i < 4; i++ {
			p.ins(comments[i], "VEXTRACTI32X4", imm(i), p.vec(x), place(i))
		}
		return
	}
	halves := p.hold("pairsOfWords", "words 0 of the halves, then words 1, 2, 3", words32(0, 4, 1, 5, 2, 6, 3, 7)...)
	p.ins("", "VPERMD", p.vec(x), halves, p.vec(x))
	low := fmt.Sprintf("X%d", x)
	for i := 0; i < 4; i += 2 {
		if i > 0 {
			p.ins("", "VEXTRACTI128", "$1", p.vec(x), low)
		}
		p.ins(comments[i], "VMOVQ", low, place(i))
		p.ins(comments[i+1], "VPEXTRQ", "$1", low, place(i+1))
	}
}

func (p *packX86) minus32(x int) {
	p.ins("", "VPSUBB", p.hold("bytes32", "32 in every byte", 32), p.vec(x), p.vec(x))
}

// halfOfE8M0: half of 2^(e−127) has e−1 for its exponent; for e < 2 it is
// subnormal, 0x00200000 << e. A shift by 32 or more gives 0.
func (p *packX86) halfOfE8M0(e int) {
	t := p.take()
	p.and("", e, e, 0xff, 0, 0, 0)
	p.and("0 where e < 2", e, t, 0xfe, 0, 0, 0)
	p.ins("", "VPSLLD", "$4", p.vec(t), p.vec(t))
	p.or("e, or at least 32", e, t, t)
	subnormal := p.hold("subnormal", "the number that e = 0 stands for", 0, 0, 0x20, 0)
	p.ins("", "VPSLLVD", p.vec(t), subnormal, p.vec(t))
	one := p.hold("one", "1 in every lane", 1, 0, 0, 0)
	p.ins("", "VPMAXUD", one, p.vec(e), p.vec(e))
	p.ins("", "VPSUBD", one, p.vec(e), p.vec(e))
	p.ins("", "VPSLLD", "$23", p.vec(e), p.vec(e))
	p.or("", t, e, e)
	p.give(t)
}
