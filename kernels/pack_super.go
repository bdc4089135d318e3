package kernels

import "github.com/gptrun/gptrun/quant"

// Packers of types with super-blocks of 256 columns: a head, then eight blocks.

// split reads 32 bytes, shifted right, under a mask for each byte.
func split(b []byte, shift int, mask uint64) codes {
	b = b[:32]
	mask *= eachByte
	n := uint(shift) & 63
	return codes{le.Uint64(b) >> n & mask, le.Uint64(b[8:]) >> n & mask, le.Uint64(b[16:]) >> n & mask, le.Uint64(b[24:]) >> n & mask}
}

// block returns the packing of block j of the super-block, whose head and
// blocks have these sizes a row.
func (p *packing) block(head, size, j int) packing {
	b := *p
	b.dst = p.dst[(head+j*size)*p.rows:]
	return b
}

func packIQ4_XS(p packing) {
	for ; p.more(136); p.next(136, 2+8*17) {
		p.halves(0, 0)
		for j := range 8 {
			b := p.block(2, 17, j)
			b.scales(0, scaleIQ4_XS(p.a, j), scaleIQ4_XS(p.b, j))
			b.nibbles(1, splitNibbles(p.a[8+16*j:]), splitNibbles(p.b[8+16*j:]))
		}
	}
}

// scaleIQ4_XS is the scale of group j of a block, −32 to 31.
func scaleIQ4_XS(block []byte, j int) byte {
	return block[4+j/2]>>(j%2*4)&15 | byte(le.Uint16(block[2:])>>(2*j)&3)<<4 - 32
}

func packQ4_K(p packing) {
	for ; p.more(144); p.next(144, 4+8*18) {
		p.halves(0, 0)
		p.halves(2, 2)
		for j := range 8 {
			b := p.block(4, 18, j)
			b.scaleMins(j)
			at, shift := 16+j/2*32, j%2*4
			b.nibbles(2, split(p.a[at:], shift, 15), split(p.b[at:], shift, 15))
		}
	}
}

// scaleMins writes the scales and minima of block j of Q4_K or Q5_K.
func (p *packing) scaleMins(j int) {
	s0, m0 := quant.ScaleMinK4(j, p.a[4:16])
	s1, m1 := quant.ScaleMinK4(j, p.b[4:16])
	p.scales(0, s0, s1)
	p.scales(1, m0, m1)
}

func packQ5_K(p packing) {
	for ; p.more(176); p.next(176, 4+8*22) {
		p.halves(0, 0)
		p.halves(2, 2)
		for j := range 8 {
			b := p.block(4, 22, j)
			b.scaleMins(j)
			at, shift := 48+j/2*32, j%2*4
			b.nibbles(2, split(p.a[at:], shift, 15), split(p.b[at:], shift, 15))
			b.bits(18, split(p.a[16:], j, 1), split(p.b[16:], j, 1))
		}
	}
}

func packQ6_K(p packing) {
	for ; p.more(210); p.next(210, 2+8*26) {
		p.halves(0, 208)
		for j := range 8 {
			b := p.block(2, 26, j)
			b.scales(0, p.a[192+2*j], p.b[192+2*j])
			b.scales(1, p.a[193+2*j], p.b[193+2*j])
			at, shift := j/4*64+j%2*32, j%4/2*4
			b.nibbles(2, split(p.a[at:], shift, 15), split(p.b[at:], shift, 15))
			at, shift = 128+j/4*32, j%4*2
			b.pairs(18, split(p.a[at:], shift, 3), split(p.b[at:], shift, 3))
		}
	}
}

func packQ3_K(p packing) {
	for ; p.more(110); p.next(110, 2+8*14) {
		p.halves(0, 108)
		s0, s1 := quant.ScalesQ3K(p.a[96:108]), quant.ScalesQ3K(p.b[96:108])
		for j := range 8 {
			b := p.block(2, 14, j)
			b.scales(0, byte(s0[2*j]), byte(s1[2*j]))
			b.scales(1, byte(s0[2*j+1]), byte(s1[2*j+1]))
			at, shift := 32+j/4*32, j%4*2
			b.pairs(2, split(p.a[at:], shift, 3), split(p.b[at:], shift, 3))
			b.bits(10, split(p.a, j, 1), split(p.b, j, 1))
		}
	}
}

func packQ2_K(p packing) {
	for ; p.more(84); p.next(84, 4+8*10) {
		p.halves(0, 80)
		p.halves(2, 82)
		for j := range 8 {
			b := p.block(4, 10, j)
			b.scales(0, p.a[2*j], p.b[2*j])
			b.scales(1, p.a[2*j+1], p.b[2*j+1])
			at, shift := 16+j/4*32, j%4*2
			b.pairs(2, split(p.a[at:], shift, 3), split(p.b[at:], shift, 3))
		}
	}
}
