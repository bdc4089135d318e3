package kernels

import (
	"encoding/binary"
	"math"

	"github.com/gptrun/gptrun/quant"
)

var le = binary.LittleEndian

// packing is the work of packing two neighbouring rows, row and row+1, of one
// block after the other: their lanes are neighbours too, one store apart.
type packing struct {
	dst       []byte // the panel, from the block being written
	a, b      []byte // the two rows of the file, from the block being read
	stride    int    // 1, or 0 where b is not a row but one block of zeros
	row, rows int    // rows of the panel
}

// zeroBlock stands for the blocks of a row that is not there. In every type
// its values are zeros.
var zeroBlock [210]byte

// more reports whether there is another block of n bytes in the file's rows.
func (p *packing) more(n int) bool { return len(p.a) >= n && len(p.b) >= n }

// next goes on to the next block, past n bytes of the file's rows and size bytes
// a row of the panel.
func (p *packing) next(n, size int) {
	p.a, p.b, p.dst = p.a[n:], p.b[n*p.stride:], p.dst[size*p.rows:]
}

// codes are the 32 codes of one row's block, a byte each, in order of columns.
type codes struct{ c0, c1, c2, c3 uint64 }

const (
	eachByte = 0x0101010101010101
	lowNibs  = 0x0f * eachByte
	low32    = 1<<32 - 1
)

// join is two rows' lanes.
func join(a, b uint64) uint64 { return a&low32 | b<<32 }

// nibbles writes the nibble plane that begins at bytes a row into the block.
func (p *packing) nibbles(at int, a, b codes) {
	out, step := p.dst[at*p.rows+4*p.row:], 4*p.rows
	out = out[:3*step+8]
	le.PutUint64(out, join(a.c0|a.c0>>28, b.c0|b.c0>>28))
	le.PutUint64(out[step:], join(a.c1|a.c1>>28, b.c1|b.c1>>28))
	le.PutUint64(out[2*step:], join(a.c2|a.c2>>28, b.c2|b.c2>>28))
	le.PutUint64(out[3*step:], join(a.c3|a.c3>>28, b.c3|b.c3>>28))
}

// bits writes a bit plane, of codes of one bit.
func (p *packing) bits(at int, a, b codes) {
	x := a.c0 | a.c1<<2 | a.c2<<4 | a.c3<<6
	y := b.c0 | b.c1<<2 | b.c2<<4 | b.c3<<6
	le.PutUint64(p.dst[at*p.rows+4*p.row:], join(x|x>>31, y|y>>31))
}

// pairs writes a pair plane, of codes of two bits.
func (p *packing) pairs(at int, a, b codes) {
	out, step := p.dst[at*p.rows+4*p.row:], 4*p.rows
	x, y := a.c0|a.c1<<4, b.c0|b.c1<<4
	le.PutUint64(out, join(x|x>>30, y|y>>30))
	x, y = a.c2|a.c3<<4, b.c2|b.c3<<4
	le.PutUint64(out[step:], join(x|x>>30, y|y>>30))
}

// bytes writes the byte plane at the front of the block.
func (p *packing) bytes(a, b codes) {
	out, step := p.dst[4*p.row:], 4*p.rows
	out = out[:7*step+8]
	le.PutUint64(out, join(a.c0, b.c0))
	le.PutUint64(out[step:], join(a.c0>>32, b.c0>>32))
	le.PutUint64(out[2*step:], join(a.c1, b.c1))
	le.PutUint64(out[3*step:], join(a.c1>>32, b.c1>>32))
	le.PutUint64(out[4*step:], join(a.c2, b.c2))
	le.PutUint64(out[5*step:], join(a.c2>>32, b.c2>>32))
	le.PutUint64(out[6*step:], join(a.c3, b.c3))
	le.PutUint64(out[7*step:], join(a.c3>>32, b.c3>>32))
}

// halves writes the rows' f16, which are at src bytes into their blocks.
func (p *packing) halves(at, src int) {
	x, y := le.Uint16(p.a[src:]), le.Uint16(p.b[src:])
	le.PutUint32(p.dst[at*p.rows+2*p.row:], uint32(x)|uint32(y)<<16)
}

// scales writes the rows' byte scales.
func (p *packing) scales(at int, a, b byte) {
	le.PutUint16(p.dst[at*p.rows+p.row:], uint16(a)|uint16(b)<<8)
}

// splitNibbles reads 16 bytes whose low nibbles are the first half's codes.
func splitNibbles(b []byte) codes {
	x, y := le.Uint64(b), le.Uint64(b[8:])
	return codes{x & lowNibs, y & lowNibs, x >> 4 & lowNibs, y >> 4 & lowNibs}
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

// splitBits makes a code of each bit of four bytes.
func splitBits(b []byte) codes {
	x := le.Uint32(b)
	return codes{spread[byte(x)], spread[byte(x>>8)], spread[byte(x>>16)], spread[byte(x>>24)]}
}

// The packers: one for each layout of a file's block. Blocks are of 32 columns
// here, super-blocks of 256 follow in another file.

func packQ4_0(p packing) {
	for ; p.more(18); p.next(18, 18) {
		p.nibbles(0, splitNibbles(p.a[2:]), splitNibbles(p.b[2:]))
		p.halves(16, 0)
	}
}

func packQ4_1(p packing) {
	for ; p.more(20); p.next(20, 20) {
		p.nibbles(0, splitNibbles(p.a[4:]), splitNibbles(p.b[4:]))
		p.halves(16, 0)
		p.halves(18, 2)
	}
}

func packQ5_0(p packing) {
	for ; p.more(22); p.next(22, 22) {
		p.nibbles(0, splitNibbles(p.a[6:]), splitNibbles(p.b[6:]))
		p.bits(16, splitBits(p.a[2:]), splitBits(p.b[2:]))
		p.halves(20, 0)
	}
}

func packQ5_1(p packing) {
	for ; p.more(24); p.next(24, 24) {
		p.nibbles(0, splitNibbles(p.a[8:]), splitNibbles(p.b[8:]))
		p.bits(16, splitBits(p.a[4:]), splitBits(p.b[4:]))
		p.halves(20, 0)
		p.halves(22, 2)
	}
}

func packQ8_0(p packing) {
	for ; p.more(34); p.next(34, 34) {
		p.bytes(excess128(p.a[2:]), excess128(p.b[2:]))
		p.halves(32, 0)
	}
}

// excess128 reads 32 signed bytes and adds 128 to each.
func excess128(b []byte) codes {
	const sign = 0x80 * eachByte
	b = b[:32]
	return codes{le.Uint64(b) ^ sign, le.Uint64(b[8:]) ^ sign, le.Uint64(b[16:]) ^ sign, le.Uint64(b[24:]) ^ sign}
}

func packMXFP4(p packing) {
	for ; p.more(17); p.next(17, 20) {
		p.nibbles(0, splitNibbles(p.a[1:]), splitNibbles(p.b[1:]))
		x, y := quant.E8M0Half(p.a[0]), quant.E8M0Half(p.b[0])
		le.PutUint64(p.dst[16*p.rows+4*p.row:], join(uint64(math.Float32bits(x)), uint64(math.Float32bits(y))))
	}
}
