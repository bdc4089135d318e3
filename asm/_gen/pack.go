package main

import (
	"fmt"
	"slices"
	"strings"
)

// Packers: the rows of a file, one block after the other, become a panel. A
// vector holds 32 bits of each row, so that the work is a transposition: of
// words from rows to lanes when a block is loaded, and of bits between vectors
// when codes are brought together.

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

// packTier is how a tier's packers differ.
type packTier struct {
	name   string // of the functions
	rows   int    // of a panel, lanes of a vector
	prefix string // of a vector register
	vecs   int    // vector registers
}

var packTiers = []packTier{
	{"AVX2", rowsAVX2, "Y", 16},
	{"AVX512", rowsAVX512, "Z", 32},
}

// wide reports whether a vector has 512 bits.
func (t *packTier) wide() bool { return t.rows == rowsAVX512 }

// vec names a vector register.
func (t *packTier) vec(r int) string { return fmt.Sprint(t.prefix, r) }

// packer writes one function.
type packer struct {
	source
	packTier
	w       *weight
	src     *packSource
	free    []int          // vector registers, the next one last
	used    map[int]bool   // those that have been taken
	held    map[string]int // registers of constants that must be in one
	consts  []packConstant // all constants of the function
	fetched int            // lines prefetched in this turn of the loop
}

// packConstant is read-only data.
type packConstant struct {
	name, what string
	bytes      []byte
}

// newPacker returns a packer; float types have no weight and source.
func newPacker(tier packTier, w *weight, src *packSource) *packer {
	p := &packer{packTier: tier, w: w, src: src, used: map[int]bool{}, held: map[string]int{}}
	for r := range tier.vecs {
		p.free = append(p.free, tier.vecs-1-r)
	}
	return p
}

func (p *packer) take() int {
	r := p.free[len(p.free)-1]
	p.free = p.free[:len(p.free)-1]
	p.used[r] = true
	return r
}

func (p *packer) give(regs ...int) { p.free = append(p.free, regs...) }

// constant adds a constant: the bytes repeated to a length.
func (p *packer) constant(name, what string, length int, b ...byte) {
	for _, c := range p.consts {
		if c.name == name {
			return
		}
	}
	p.consts = append(p.consts, packConstant{name, what, slices.Repeat(b, length/len(b))})
}

// mask returns the operand, for logic instructions, of a constant that repeats
// four bytes.
func (p *packer) mask(b ...byte) string {
	if len(b) == 1 {
		b = slices.Repeat(b, 4)
	}
	name := "mask"
	for _, v := range b {
		name += fmt.Sprintf("%02x", v)
	}
	length := 4 * p.rows
	if p.wide() {
		length = 4 // instructions repeat it
	}
	p.constant(name, "a mask of four bytes", length, b...)
	return name + "<>(SB)"
}

// hold returns a register that has a constant throughout the function.
func (p *packer) hold(name, what string, b ...byte) string {
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
func (p *packer) logic(comment, op, mask string, a, dst int) {
	if p.wide() {
		p.ins(comment, op+"D.BCST", mask, p.vec(a), p.vec(dst))
		return
	}
	p.ins(comment, op, mask, p.vec(a), p.vec(dst))
}

func (p *packer) and(comment string, mask string, a, dst int) {
	p.logic(comment, "VPAND", mask, a, dst)
}

// both emits a bitwise instruction on two registers.
func (p *packer) both(comment, op string, a, b, dst int) {
	if p.wide() {
		op += "D"
	}
	p.ins(comment, op, p.vec(a), p.vec(b), p.vec(dst))
}

// shift emits a shift of 16-bit words, left where n is negative. Bits that
// cross a byte are for a mask to remove.
func (p *packer) shift(comment string, n, a, dst int) {
	op := "VPSRLW"
	if n < 0 {
		op, n = "VPSLLW", -n
	}
	p.ins(comment, op, imm(n), p.vec(a), p.vec(dst))
}

// row is the operand for a place in a row's block.
func (p *packer) row(r, off int) string {
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
func (p *packer) insert(part int, at string, r int) {
	if part == 1 {
		p.ins("", "VINSERTI128", "$1", at, fmt.Sprintf("Y%d", r), fmt.Sprintf("Y%d", r))
		return
	}
	p.ins("", "VINSERTI32X4", imm(part), at, p.vec(r), p.vec(r))
}

// words loads 16 bytes of every row's block: four vectors, one for each word of
// 32 bits.
func (p *packer) words(what string, off int) [4]int {
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
func (p *packer) transpose(comment, op string, a, b, dst int) {
	p.ins(comment, op, p.vec(b), p.vec(a), p.vec(dst))
}

// word loads four bytes of every row's block.
func (p *packer) word(what string, off int) int {
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

// exchange transposes squares of bits in every byte of a and b: of 2^s columns
// each, a gets the lower ones of both, b the upper ones, a's below b's.
func (p *packer) exchange(comment string, shift, a, b int) {
	m := p.mask(map[int]byte{1: 0x55, 2: 0x33, 4: 0x0f}[shift])
	t := p.take()
	p.shift(comment, shift, a, t)
	if p.wide() {
		u := p.take()
		p.shift("", -shift, b, u)
		p.ins("mask ? a : b<<s", "VPTERNLOGD.BCST", "$0xe4", m, p.vec(u), p.vec(a))
		p.ins("mask ? a>>s : b", "VPTERNLOGD.BCST", "$0xd8", m, p.vec(t), p.vec(b))
		p.give(u)
	} else {
		p.both("", "VPXOR", b, t, t)
		p.and("what differs", m, t, t)
		p.both("", "VPXOR", t, b, b)
		p.shift("", -shift, t, t)
		p.both("", "VPXOR", t, a, a)
	}
	p.give(t)
}

// swap exchanges bits of a lane that are n places apart, the lower ones being
// those of the mask.
func (p *packer) swap(n int, mask uint32, x int) {
	t := p.take()
	p.ins("", "VPSRLD", imm(n), p.vec(x), p.vec(t))
	p.both("", "VPXOR", x, t, t)
	p.and("what differs", p.mask(byte(mask), byte(mask>>8), byte(mask>>16), byte(mask>>24)), t, t)
	p.both("", "VPXOR", t, x, x)
	p.ins("", "VPSLLD", imm(n), p.vec(t), p.vec(t))
	p.both("", "VPXOR", t, x, x)
	p.give(t)
}

// place is where a field begins: of a block of the panel, the block's number in
// its super-block being j, or of the head.
func (p *packer) place(name string, j int) int {
	in, at := p.w.offset(name)
	if in == inHead {
		return at
	}
	return p.w.bytes(p.w.head) + j*p.w.bytes(p.w.block) + at
}

// store writes a vector's lowest bytes to the panel, which ends its use.
func (p *packer) store(name string, v, j, r int) {
	p.ins(fmt.Sprintf("%s, vector %d", name, v), "VMOVDQU"+p.moves(), p.vec(r), mem(packDst, p.place(name, j)+4*p.rows*v))
	p.give(r)
	p.prefetch()
}

// moves is what the name of a whole vector's move ends in.
func (p *packer) moves() string {
	if p.wide() {
		return "32"
	}
	return ""
}

// lines is how many cache lines one turn of the loop reads.
func (p *packer) lines() int { return (p.rows*p.src.bytes + 63) / 64 }

// prefetch asks for one more line of what comes next.
func (p *packer) prefetch() {
	if p.fetched < p.lines() {
		p.ins("", "PREFETCHT1", mem(packNext, 64*p.fetched))
		p.fetched++
	}
}

// function returns the function's whole text, and what it is called.
func (p *packer) function() (name, text string) {
	name = "Pack" + p.w.name + p.name
	p.loopHead("block")
	p.src.block(p)
	for p.fetched < p.lines() {
		p.prefetch()
	}
	for _, r := range packRows[:p.rows/4] {
		p.ins("", "ADDQ", imm(p.src.bytes), r)
	}
	p.ins("", "ADDQ", imm(p.rows*p.src.bytes), packNext)
	p.ins("", "ADDQ", imm(p.turn()), packDst)
	steps := 1
	if len(p.w.head) > 0 {
		steps = superBlocks
	}
	p.ins("", "SUBQ", imm(steps), packSteps)
	p.ins("", "JNZ", "block")
	p.end()

	var s source
	for _, c := range p.consts {
		s.wideData(c)
	}
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
	return name, s.b.String() + p.b.String()
}

// turn is how much of the panel a turn of the loop writes.
func (p *packer) turn() int {
	if len(p.w.head) > 0 {
		return p.w.bytes(p.w.head) + superBlocks*p.w.bytes(p.w.block)
	}
	return p.w.bytes(p.w.block)
}

func (s *source) wideData(c packConstant) {
	s.line("\n// %s", c.what)
	size := min(8, len(c.bytes))
	for i := 0; i < len(c.bytes); i += size {
		var v uint64
		for j := range size {
			v |= uint64(c.bytes[i+j]) << (8 * j)
		}
		s.line("DATA %s<>+%d(SB)/%d, $0x%0*x", c.name, i, size, 2*size, v)
	}
	s.line("GLOBL %s<>(SB), RODATA|NOPTR, $%d", c.name, len(c.bytes))
}

// packFiles writes the packers: file names to texts.
func packFiles() map[string]string {
	files := map[string]string{}
	for _, tier := range packTiers {
		lower := strings.ToLower(tier.name)
		decls := packDeclarations
		for i := range quantized {
			w := quantized[i]
			w.rows = tier.rows
			src, ok := packSources[w.name]
			if !ok {
				continue
			}
			var s source
			fileHead(&s, packAbout(&w, src, tier))
			name, text := newPacker(tier, &w, src).function()
			files[fmt.Sprintf("pack_%s_%s_amd64.s", strings.ToLower(w.name), lower)] = s.b.String() + text
			decls += packDeclaration(name)
		}
		if !tier.wide() {
			for _, f := range packFloats {
				name, text := f.file()
				files[fmt.Sprintf("pack_%s_%s_amd64.s", f.name, lower)] = text
				decls += packDeclaration(name)
			}
		}
		files[fmt.Sprintf("pack_%s_amd64.go", lower)] = decls
	}
	return files
}

func packDeclaration(name string) string {
	return fmt.Sprintf("\n//go:noescape\nfunc %s(dst, src *byte, rowBytes, steps, ahead int)\n", name)
}
