package kernels

import (
	"encoding/binary"
	"math"

	"github.com/gptrun/gptrun/quant"
)

// packing is where a packer writes: row of a panel of rows rows, of which dst
// is the part that holds one GGUF block.
type packing struct {
	dst       []byte
	row, rows int
}

// codes are a block's 32 codes, a byte each, in order of columns.
type codes [4]uint64

const (
	eachByte = 0x0101010101010101
	lowNibs  = 0x0f * eachByte
)

var le = binary.LittleEndian

// part returns the rest of dst from where parts of n bytes a row begin.
func (p *packing) part(n int) []byte { return p.dst[n*p.rows:] }

// half writes row's f16 into dst.
func (p *packing) half(dst, src []byte) {
	le.PutUint16(dst[2*p.row:], le.Uint16(src))
}

func (p *packing) nibbles(dst []byte, c *codes) {
	for v, x := range c {
		le.PutUint32(dst[4*(v*p.rows+p.row):], uint32(x)|uint32(x>>28))
	}
}

// bits writes codes of one bit.
func (p *packing) bits(dst []byte, c *codes) {
	w := uint32(0)
	for v, x := range c {
		w |= uint32(x)<<(2*v) | uint32(x>>32)<<(2*v+1)
	}
	le.PutUint32(dst[4*p.row:], w)
}

// pairs writes codes of two bits.
func (p *packing) pairs(dst []byte, c *codes) {
	for v := 0; v < 4; v += 2 {
		x, y := c[v], c[v+1]
		w := uint32(x) | uint32(x>>32)<<2 | uint32(y)<<4 | uint32(y>>32)<<6
		le.PutUint32(dst[4*(v/2*p.rows+p.row):], w)
	}
}

func (p *packing) bytes(dst []byte, c *codes) {
	for v, x := range c {
		le.PutUint32(dst[4*(2*v*p.rows+p.row):], uint32(x))
		le.PutUint32(dst[4*((2*v+1)*p.rows+p.row):], uint32(x>>32))
	}
}

// splitNibbles reads 16 bytes whose low nibbles are the first half's codes.
func splitNibbles(b []byte) codes {
	x, y := le.Uint64(b), le.Uint64(b[8:])
	return codes{x & lowNibs, y & lowNibs, x >> 4 & lowNibs, y >> 4 & lowNibs}
}

// bytesOf reads 32 bytes, shifted right, under a mask for each byte.
func bytesOf(b []byte, shift int, mask uint64) codes {
	mask *= eachByte
	return codes{
		le.Uint64(b) >> shift & mask, le.Uint64(b[8:]) >> shift & mask,
		le.Uint64(b[16:]) >> shift & mask, le.Uint64(b[24:]) >> shift & mask,
	}
}

// spread has bit i of its index as bit 0 of byte i.
var spread = func() (t [256]uint64) {
	for b := range t {
		for i := range 8 {
			t[b] |= uint64(b>>i&1) << (8 * i)
		}
	}
	return t
}()

// spreadBits makes a code of each bit.
func spreadBits(b []byte) codes {
	return codes{spread[b[0]], spread[b[1]], spread[b[2]], spread[b[3]]}
}

func packQ4_0(p *packing, src []byte) {
	c := splitNibbles(src[2:])
	p.nibbles(p.dst, &c)
	p.half(p.part(16), src)
}

func packQ4_1(p *packing, src []byte) {
	c := splitNibbles(src[4:])
	p.nibbles(p.dst, &c)
	p.half(p.part(16), src)
	p.half(p.part(18), src[2:])
}

func packQ5_0(p *packing, src []byte) {
	c, h := splitNibbles(src[6:]), spreadBits(src[2:])
	p.nibbles(p.dst, &c)
	p.bits(p.part(16), &h)
	p.half(p.part(20), src)
}

func packQ5_1(p *packing, src []byte) {
	c, h := splitNibbles(src[8:]), spreadBits(src[4:])
	p.nibbles(p.dst, &c)
	p.bits(p.part(16), &h)
	p.half(p.part(20), src)
	p.half(p.part(22), src[2:])
}

func packQ8_0(p *packing, src []byte) {
	c := bytesOf(src[2:], 0, 0xff)
	for i := range c {
		c[i] ^= 0x80 * eachByte
	}
	p.bytes(p.dst, &c)
	p.half(p.part(32), src)
}

func packMXFP4(p *packing, src []byte) {
	c := splitNibbles(src[1:])
	p.nibbles(p.dst, &c)
	le.PutUint32(p.part(16)[4*p.row:], math.Float32bits(quant.E8M0Half(src[0])))
}

// block returns the packing of sub-block j of a super-block, past the head.
func (p *packing) block(head, size, j int) packing {
	return packing{dst: p.part(head + j*size), row: p.row, rows: p.rows}
}

func packIQ4_XS(p *packing, src []byte) {
	p.half(p.dst, src)
	high := le.Uint16(src[2:])
	for j := range 8 {
		b := p.block(2, 17, j)
		sc := src[4+j/2]>>(j%2*4)&15 | byte(high>>(2*j)&3)<<4
		b.dst[b.row] = sc - 32
		c := splitNibbles(src[8+16*j:])
		b.nibbles(b.part(1), &c)
	}
}

func packQ4_K(p *packing, src []byte) {
	p.half(p.dst, src)
	p.half(p.part(2), src[2:])
	for j := range 8 {
		b := p.block(4, 18, j)
		b.dst[b.row], b.part(1)[b.row] = quant.ScaleMinK4(j, src[4:16])
		c := bytesOf(src[16+j/2*32:], j%2*4, 15)
		b.nibbles(b.part(2), &c)
	}
}

func packQ5_K(p *packing, src []byte) {
	p.half(p.dst, src)
	p.half(p.part(2), src[2:])
	for j := range 8 {
		b := p.block(4, 22, j)
		b.dst[b.row], b.part(1)[b.row] = quant.ScaleMinK4(j, src[4:16])
		c, h := bytesOf(src[48+j/2*32:], j%2*4, 15), bytesOf(src[16:], j, 1)
		b.nibbles(b.part(2), &c)
		b.bits(b.part(18), &h)
	}
}

func packQ6_K(p *packing, src []byte) {
	p.half(p.dst, src[208:])
	for j := range 8 {
		b := p.block(2, 26, j)
		b.dst[b.row], b.part(1)[b.row] = src[192+2*j], src[193+2*j]
		lo := bytesOf(src[j/4*64+j%2*32:], j%4/2*4, 15)
		hi := bytesOf(src[128+j/4*32:], j%4*2, 3)
		b.nibbles(b.part(2), &lo)
		b.pairs(b.part(18), &hi)
	}
}

func packQ3_K(p *packing, src []byte) {
	p.half(p.dst, src[108:])
	sc := quant.ScalesQ3K(src[96:108])
	for j := range 8 {
		b := p.block(2, 14, j)
		b.dst[b.row], b.part(1)[b.row] = byte(sc[2*j]), byte(sc[2*j+1])
		lo, hi := bytesOf(src[32+j/4*32:], j%4*2, 3), bytesOf(src, j, 1)
		b.pairs(b.part(2), &lo)
		b.bits(b.part(10), &hi)
	}
}

func packQ2_K(p *packing, src []byte) {
	p.half(p.dst, src[80:])
	p.half(p.part(2), src[82:])
	for j := range 8 {
		b := p.block(4, 10, j)
		b.dst[b.row], b.part(1)[b.row] = src[2*j], src[2*j+1]
		c := bytesOf(src[16+j/4*32:], j%4*2, 3)
		b.pairs(b.part(2), &c)
	}
}
