package main

import "fmt"

// Parts that the packers of several types have in common.

// squareMasks have the lower columns of squares of bits of a size.
var squareMasks = map[int]byte{1: 0x55, 2: 0x33, 4: 0x0f}

// at is a field of block j of a super-block.
type at struct {
	name string
	j    int
}

// lanes repeats an order of a lane's four bytes over 16 bytes.
func lanes(b ...byte) []byte {
	var out []byte
	for lane := range byte(4) {
		for _, v := range b {
			out = append(out, 4*lane+v)
		}
	}
	return out
}

// words32 is a constant of 32-bit words.
func words32(words ...byte) []byte {
	var out []byte
	for _, w := range words {
		out = append(out, w, 0, 0, 0)
	}
	return out
}

// nibbles16 packs 16 bytes whose low nibbles are the first half's codes.
func (p *packer) nibbles16(off, j int) {
	x := p.words("codes", off)
	p.exchange("columns 0 to 7, and 16 to 23", 4, x[0], x[1])
	p.store("nibbles", 0, j, x[0])
	p.store("nibbles", 2, j, x[1])
	p.exchange("columns 8 to 15, and 24 to 31", 4, x[2], x[3])
	p.store("nibbles", 1, j, x[2])
	p.store("nibbles", 3, j, x[3])
}

// nibbles32 packs 32 bytes whose low nibbles are the codes of one block, the
// high ones those of another.
func (p *packer) nibbles32(off, low, high int) {
	for half := range 2 {
		x := p.words(fmt.Sprintf("codes of blocks %d and %d", low, high), off+16*half)
		for i := 0; i < 4; i += 2 {
			p.exchange("", 4, x[i], x[i+1])
			p.store("nibbles", 2*half+i/2, low, x[i])
			p.store("nibbles", 2*half+i/2, high, x[i+1])
		}
	}
}

// pairs32 packs 32 bytes, pair i of each belonging to block j+i.
func (p *packer) pairs32(off, j int) {
	for half := range 2 {
		x := p.words(fmt.Sprintf("pairs of blocks %d to %d", j, j+3), off+16*half)
		p.exchange("", 2, x[0], x[1])
		p.exchange("", 2, x[2], x[3])
		p.exchange("", 4, x[0], x[2])
		p.exchange("", 4, x[1], x[3])
		for i, r := range x {
			p.store("pairs", half, j+i, r)
		}
	}
}

// bits32 packs 32 bytes, bit j of each belonging to block j.
func (p *packer) bits32(off int) {
	a, b := p.words("bits", off), p.words("", off+16)
	x := append(a[:], b[:]...)
	for _, n := range []int{1, 2, 4} {
		for i := range x {
			if i&n == 0 {
				p.exchange("", n, x[i], x[i+n])
			}
		}
	}
	for j, r := range x {
		p.store("bits", 0, j, r)
	}
}

// bitsWord packs a word whose bit k belongs to column k. Its number in binary,
// j2 j1 j0 b1 b0 for column 4j+b, must become b1 b0 j2 j1 j0: four exchanges of
// two digits, of which the last one moves bytes.
func (p *packer) bitsWord(off int) {
	x := p.word("bits", off)
	p.swap(12, 0x0000f0f0, x)
	p.swap(6, 0x00cc00cc, x)
	p.swap(15, 0x0000aaaa, x)
	p.permute("", "middle", "bytes 0, 2, 1, 3 of a lane", x, x, 0, 2, 1, 3)
	p.store("bits", 0, 0, x)
}

// swap exchanges bits of a lane that are n places apart, the lower ones being
// those of the mask.
func (p *packer) swap(n int, mask uint32, x int) {
	t := p.take()
	p.shiftLanes("", n, x, t)
	p.xor("", x, t, t)
	p.and("what differs", t, t, byte(mask), byte(mask>>8), byte(mask>>16), byte(mask>>24))
	p.xor("", t, x, x)
	p.shiftLanes("", -n, t, t)
	p.xor("", t, x, x)
	p.give(t)
}

// halves packs the lower and, where there is a second name, the upper halves of
// the lanes.
func (p *packer) halves(x, j int, names ...string) {
	var offsets []int
	for _, name := range names {
		offsets = append(offsets, p.place(name, j))
	}
	p.putHalves(x, names, offsets)
	p.give(x)
}

// scales packs byte i of the lanes into the i-th place.
func (p *packer) scales(x int, to [4]at) {
	var comments [4]string
	var offsets [4]int
	for i, t := range to {
		comments[i] = fmt.Sprintf("%s of block %d", t.name, t.j)
		offsets[i] = p.place(t.name, t.j)
	}
	p.putBytes(x, comments, offsets)
	p.give(x)
}

// halfScales packs 16 bytes that are the scales of the blocks' halves in order.
func (p *packer) halfScales(off int) {
	for i, x := range p.words("scales of the halves", off) {
		p.scales(x, [4]at{{"sc0", 2 * i}, {"sc1", 2 * i}, {"sc0", 2*i + 1}, {"sc1", 2*i + 1}})
	}
}

// scaleMins packs d, dmin and the 12 bytes of scales and minima of Q4_K and
// Q5_K: six bits each, those of blocks 0 to 3 in bytes 0 to 3 and 4 to 7; of
// the other blocks the low four bits in the last bytes, the upper two above
// the first blocks' six.
func (p *packer) scaleMins() {
	x := p.words("d, dmin, scales, minima", 0)
	p.halves(x[0], 0, "d", "dmin")
	sc, mn, low := x[1], x[2], x[3]
	for i, part := range []struct {
		name string
		six  int
	}{{"sc", sc}, {"mn", mn}} {
		t, u := p.take(), p.take()
		p.shift("upper bits of blocks 4 to 7", 2, part.six, t)
		p.and("", t, t, 0x30)
		if i == 0 {
			p.and("lower bits", low, u, 0x0f)
		} else {
			p.shift("lower bits", 4, low, u)
			p.and("", u, u, 0x0f)
		}
		p.or("", u, t, t)
		p.give(u)
		p.scales(t, [4]at{{part.name, 4}, {part.name, 5}, {part.name, 6}, {part.name, 7}})
		p.and("blocks 0 to 3", part.six, part.six, 0x3f)
		p.scales(part.six, [4]at{{part.name, 0}, {part.name, 1}, {part.name, 2}, {part.name, 3}})
	}
	p.give(low)
}
