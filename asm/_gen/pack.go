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

// packTier is how a tier's packers differ.
type packTier struct {
	name, arch string // of the functions, of the machine
	rows       int    // of a panel, lanes of a vector
	prefix     string // of a vector register
	vecs       int    // vectors that registers hold
	isa        func(p *packer) packISA
	algebra    string // how rows become lanes
	registers  string
	floats     func(f *packFloat, tier packTier) (name, text string) // nil where it has none
}

var packTiers = []packTier{
	{"AVX2", "amd64", rowsAVX2, "Y", 16, packX86ISA, packAlgebraX86, packRegistersX86(rowsAVX2, "Y", 16), (*packFloat).fileX86},
	{"AVX512", "amd64", rowsAVX512, "Z", 32, packX86ISA, packAlgebraX86, packRegistersX86(rowsAVX512, "Z", 32), nil},
	{"NEON", "arm64", rowsARM, "", vecsNEON, packNEONISA, packAlgebraNEON, packRegistersNEON, (*packFloat).fileNEON},
}

// packISA are the instructions of packers on one kind of machine. Registers are
// those of vectors, of which take gives one; a mask is one byte or four, repeated.
type packISA interface {
	// open begins the function, after what has been written; loop begins the loop;
	// next ends both, going on by a turn.
	open(s *source, name string)
	loop()
	next(steps int)
	// fetch prefetches a line.
	fetch(offset int)
	// words loads 16 bytes of every row's block: four vectors, one for each word
	// of 32 bits. word loads four bytes.
	words(what string, off int) [4]int
	word(what string, off int) int
	// exchange transposes squares of bits in every byte of a and b: of 2^s columns
	// each, a gets the lower ones of both, b the upper ones, a's below b's.
	exchange(comment string, shift, a, b int)
	// and, flip, or and xor are bitwise.
	and(comment string, a, dst int, mask ...byte)
	flip(comment string, a, dst int, mask ...byte)
	or(comment string, a, b, dst int)
	xor(comment string, a, b, dst int)
	// shift shifts right within bytes, left where n is negative. Bits that cross a
	// byte are for a mask to remove. shiftLanes does so within lanes.
	shift(comment string, n, a, dst int)
	shiftLanes(comment string, n, a, dst int)
	// permute reorders the four bytes of a lane; name and what are its constant's.
	permute(comment, name, what string, a, dst int, order ...byte)
	minus32(x int)    // subtracts 32 from every byte
	halfOfE8M0(e int) // makes an exponent, one a lane, half of the number it stands for
	// put writes a vector's lanes to the panel, putHalves the lanes' lower halves
	// and their upper ones where there is a second place, putBytes bytes i of the
	// lanes to the i-th place.
	put(comment string, x, offset int)
	putHalves(x int, names []string, offsets []int)
	putBytes(x int, comments [4]string, offsets [4]int)
}

// packer writes one function.
type packer struct {
	source
	packTier
	packISA
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
	p.packISA = tier.isa(p)
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

// maskName is the name of a constant that repeats four bytes.
func maskName(b []byte) string { return fmt.Sprintf("mask%x", b) }

// four repeats a single byte.
func four(b []byte) []byte {
	if len(b) == 1 {
		return slices.Repeat(b, 4)
	}
	return b
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

// lines is how many cache lines one turn of the loop reads.
func (p *packer) lines() int { return (p.rows*p.src.bytes + 63) / 64 }

// store writes a vector to the panel, which ends its use.
func (p *packer) store(name string, v, j, r int) {
	p.put(fmt.Sprintf("%s, vector %d", name, v), r, p.place(name, j)+4*p.rows*v)
	p.give(r)
	p.prefetch()
}

// prefetch asks for one more line of what comes next.
func (p *packer) prefetch() {
	if p.fetched < p.lines() {
		p.fetch(64 * p.fetched)
		p.fetched++
	}
}

// function returns the function's whole text, and what it is called.
func (p *packer) function() (name, text string) {
	name = "Pack" + p.w.name + p.name
	p.loop()
	p.src.block(p)
	for p.fetched < p.lines() {
		p.prefetch()
	}
	steps := 1
	if len(p.w.head) > 0 {
		steps = superBlocks
	}
	p.next(steps)

	var s source
	for _, c := range p.consts {
		s.wideData(c)
	}
	p.open(&s, name)
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
		decls := fmt.Sprintf(packDeclarations, tier.arch)
		for i := range quantized {
			w := quantized[i]
			w.rows = tier.rows
			src, ok := packSources[w.name]
			if !ok {
				continue
			}
			var s source
			packHead(&s, tier, packAbout(&w, src, tier))
			name, text := newPacker(tier, &w, src).function()
			files[fmt.Sprintf("pack_%s_%s_%s.s", strings.ToLower(w.name), lower, tier.arch)] = s.b.String() + text
			decls += packDeclaration(name)
		}
		if tier.floats != nil {
			for _, f := range packFloats {
				name, text := tier.floats(&f, tier)
				files[fmt.Sprintf("pack_%s_%s_%s.s", f.name, lower, tier.arch)] = text
				decls += packDeclaration(name)
			}
		}
		files[fmt.Sprintf("pack_%s_%s.go", lower, tier.arch)] = decls
	}
	return files
}

// packHead is the head of a file of a tier.
func packHead(s *source, tier packTier, about string) {
	fileHeadOf(s, tier.arch, about)
	if tier.arch == "arm64" {
		s.line("\n#include \"%s\"", macroFile)
	}
}

func packDeclaration(name string) string {
	return fmt.Sprintf("\n//go:noescape\nfunc %s(dst, src *byte, rowBytes, steps, ahead int)\n", name)
}
