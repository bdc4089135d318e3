package main

import "fmt"

// packSource describes the file's side of a packer.
type packSource struct {
	bytes int             // of a block of the file
	reads string          // lines of the Go loop that fill the panel's fields
	block func(p *packer) // writes one block, or one super-block
}

// packSources has a row for each layout of blocks: IQ4_NL's are Q4_0's.
var packSources = map[string]*packSource{
	"Q4_0":  {18, nibbleCode(2) + packD, packQ4_0},
	"Q4_1":  {20, nibbleCode(4) + packDM, packQ4_1},
	"Q5_0":  {22, nibbleCode(6) + "\t\t\tbit[k] = le.Uint32(b[2:]) >> k & 1\n" + packD, packQ5_0},
	"Q5_1":  {24, nibbleCode(8) + "\t\t\tbit[k] = le.Uint32(b[4:]) >> k & 1\n" + packDM, packQ5_1},
	"Q8_0":  {34, "\t\t\tbyte[k] = b[2+k] ^ 0x80\n" + packD, packQ8_0},
	"MXFP4": {17, nibbleCode(1) + "\t\td = E8M0Half(b[0])\n", packMXFP4},
	"IQ4_XS": {136, `
			j := k / 32
			nibble[k] = b[8+j*16+k%16] >> (k%32/16*4) & 15
		d = b[0:2]
			sc[j] = (b[4+j/2]>>(j%2*4)&15 | le.Uint16(b[2:])>>(2*j)&3<<4) - 32
`, packIQ4_XS},
	"Q4_K": {144, packNibbleK(16) + packScaleMin, packQ4_K},
	"Q5_K": {176, packNibbleK(48) + `
			bit[k] = b[16+k%32] >> (k/32) & 1
` + packScaleMin, packQ5_K},
	"Q6_K": {210, `
			nibble[k] = b[k/128*64+k%64] >> (k%128/64*4) & 15
			pair[k] = b[128+k/128*32+k%32] >> (k%128/32*2) & 3
		d = b[208:210]
			sc0[j], sc1[j] = b[192+2*j], b[193+2*j]
`, packQ6_K},
	"Q3_K": {110, packPairK(32) + `
			bit[k] = b[k%32] >> (k/32) & 1
		d = b[108:110]
			sc0[j], sc1[j] = scales[2*j], scales[2*j+1] // ScalesQ3K(b[96:108])
`, packQ3_K},
	"Q2_K": {84, packPairK(16) + `
		d, dmin = b[80:82], b[82:84]
			sc0[j], sc1[j] = b[2*j], b[2*j+1]
`, packQ2_K},
}

const (
	packD        = "\t\td = b[0:2]\n"
	packDM       = "\t\td, m = b[0:2], b[2:4]\n"
	packScaleMin = "\t\td, dmin = b[0:2], b[2:4]\n\t\t\tsc[j], mn[j] = ScaleMinK4(j, b[4:16])\n"
)

func nibbleCode(at int) string {
	return fmt.Sprintf("\t\t\tnibble[k] = b[%d+k%%16] >> (k/16*4) & 15\n", at)
}

func packNibbleK(at int) string {
	return fmt.Sprintf("\t\t\tnibble[k] = b[%d+k/64*32+k%%32] >> (k%%64/32*4) & 15\n", at)
}

func packPairK(at int) string {
	return fmt.Sprintf("\t\t\tpair[k] = b[%d+k/128*32+k%%32] >> (k%%128/32*2) & 3\n", at)
}

func packQ4_0(p *packer) {
	p.halves(p.word("d", 0), 0, "d")
	p.nibbles16(2, 0)
}

func packQ4_1(p *packer) {
	p.halves(p.word("d, m", 0), 0, "d", "m")
	p.nibbles16(4, 0)
}

func packQ5_0(p *packer) {
	p.halves(p.word("d", 0), 0, "d")
	p.bitsWord(2)
	p.nibbles16(6, 0)
}

func packQ5_1(p *packer) {
	p.halves(p.word("d, m", 0), 0, "d", "m")
	p.bitsWord(4)
	p.nibbles16(8, 0)
}

func packQ8_0(p *packer) {
	p.halves(p.word("d", 0), 0, "d")
	for half := range 2 {
		for i, x := range p.words(fmt.Sprintf("columns %d to %d", 16*half, 16*half+15), 2+16*half) {
			p.flip("signed to excess 128", x, x, 0x80)
			p.store("bytes", 4*half+i, 0, x)
		}
	}
}

func packMXFP4(p *packer) {
	e := p.word("e", 0)
	p.halfOfE8M0(e)
	p.store("d", 0, 0, e)
	p.nibbles16(1, 0)
}

func packIQ4_XS(p *packer) {
	x := p.words("d, high bits of scales, low bits of scales", 0)
	low, even := x[1], x[2]
	high := x[3]
	p.permute("bytes 2, 2, 3, 3: the high bits", "highScales", "bytes 2, 2, 3, 3 of a lane", x[0], high, 2, 2, 3, 3)
	p.halves(x[0], 0, "d")
	odd := p.take()
	p.and("scales 0, 2, 4, 6", low, even, 0x0f)
	p.shift("scales 1, 3, 5, 7", 4, low, odd)
	p.and("", odd, odd, 0x0f)
	p.give(low)
	// Byte i of high has the upper bits of scale 2i in its bits 0, 1 or 4, 5, and
	// those of scale 2i+1 above them.
	for _, part := range []struct{ shift, to int }{{-4, even}, {-2, odd}} {
		t, u := p.take(), p.take()
		p.shift("", part.shift, high, t)
		p.and("scales 0, 4 or 1, 5", t, t, 0x30, 0, 0x30, 0)
		p.or("", t, part.to, part.to)
		p.shift("", part.shift+4, high, u)
		p.and("scales 2, 6 or 3, 7", u, u, 0, 0x30, 0, 0x30)
		p.or("", u, part.to, part.to)
		p.minus32(part.to)
		p.give(t, u)
	}
	p.give(high)
	p.scales(even, [4]at{{"sc", 0}, {"sc", 2}, {"sc", 4}, {"sc", 6}})
	p.scales(odd, [4]at{{"sc", 1}, {"sc", 3}, {"sc", 5}, {"sc", 7}})
	for j := range superBlocks {
		p.nibbles16(8+16*j, j)
	}
}

func packQ4_K(p *packer) {
	p.scaleMins()
	for j := 0; j < superBlocks; j += 2 {
		p.nibbles32(16+16*j, j, j+1)
	}
}

func packQ5_K(p *packer) {
	p.scaleMins()
	p.bits32(16)
	for j := 0; j < superBlocks; j += 2 {
		p.nibbles32(48+16*j, j, j+1)
	}
}

func packQ6_K(p *packer) {
	d := p.word("d in the upper half", 206)
	p.shiftLanes("", 16, d, d)
	p.halves(d, 0, "d")
	p.halfScales(192)
	for j := 0; j < superBlocks; j += 4 {
		p.nibbles32(16*j, j, j+2)
		p.nibbles32(16*j+32, j+1, j+3)
		p.pairs32(128+8*j, j)
	}
}

func packQ2_K(p *packer) {
	p.halves(p.word("d, dmin", 80), 0, "d", "dmin")
	p.halfScales(0)
	for j := 0; j < superBlocks; j += 4 {
		p.pairs32(16+8*j, j)
	}
}

func packQ3_K(p *packer) {
	x := p.words("two bytes of codes, 12 of scales, d", 94)
	for i := range 3 {
		t := p.take()
		p.shiftLanes("", 16, x[i], x[i])
		p.shiftLanes("", -16, x[i+1], t)
		p.or(fmt.Sprintf("bytes %d to %d of the scales", 4*i, 4*i+3), t, x[i], x[i])
		p.give(t)
	}
	p.shiftLanes("", 16, x[3], x[3])
	p.halves(x[3], 0, "d")
	// Of the low bits, scales 0 to 3 and 8 to 11 are in x[0], the others in x[1];
	// x[2] has the upper ones, for scales from 4g in bits 2g.
	for g := range 4 {
		from, t := p.take(), p.take()
		shift := "scales 0 to 3"
		if g >= 2 {
			p.shift(fmt.Sprintf("scales %d to %d", 4*g, 4*g+3), 4, x[g%2], from)
			p.and("", from, from, 0x0f)
		} else {
			if g == 1 {
				shift = "scales 4 to 7"
			}
			p.and(shift, x[g], from, 0x0f)
		}
		if n := 2*g - 4; n != 0 {
			p.shift("their upper bits", n, x[2], t)
			p.and("", t, t, 0x30)
		} else {
			p.and("their upper bits", x[2], t, 0x30)
		}
		p.or("", t, from, from)
		p.minus32(from)
		p.give(t)
		p.scales(from, [4]at{{"sc0", 2 * g}, {"sc1", 2 * g}, {"sc0", 2*g + 1}, {"sc1", 2*g + 1}})
	}
	p.give(x[0], x[1], x[2])
	p.bits32(0)
	for j := 0; j < superBlocks; j += 4 {
		p.pairs32(32+8*j, j)
	}
}
