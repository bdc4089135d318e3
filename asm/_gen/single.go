package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

const regPrev = "R11" // s of the block before

// zeros stands for the block before the first.
var zeros = repeat("zeros", "s of no block", 0)

// single writes the function of one token of int8: the two halves of a block are
// multiplied side by side, and beside them the sum of the block before is folded
// into acc, so that nothing waits long for what comes just before it.
type single struct {
	*tile
	halves   [2]half
	sum      reg // of the block before: integers, then scratch
	scale, m reg // what it and its s are multiplied by
}

// half is a tile of its own: 16 k of a block.
type half struct {
	*tile
	parts []reg // lanes of int16: a span each, or the low and the high bits
}

// pipelined reports whether the tile of one token of int8 is a single. Not where
// minima are multiplied as integers: their scale would have to be kept as well.
func (w *weight) pipelined() bool { return w.scaling != halfScale || !w.minimum }

// spans is how many sums of int16 half a block takes.
func (w *weight) spans() int {
	if w.span() == 0 {
		return 2
	}
	return max(1, 4/w.span())
}

func newSingle(s *source, w *weight) *single {
	t := &single{tile: &tile{source: s, w: w, tokens: 1, held: map[string]reg{}}}
	for r := range reg(16) {
		t.free = append(t.free, r)
	}
	t.acc, t.sum, t.scale = []reg{t.take()}, t.take(), t.take()
	if t.hasMinimum() {
		t.m = t.take()
	}
	for i := range t.halves {
		h := half{tile: &tile{source: &source{}, w: w, tokens: 1, held: t.held}}
		for range w.spans() {
			h.parts = append(h.parts, t.take())
		}
		h.code, h.vec, h.tmp = t.take(), t.take(), t.take()
		t.halves[i] = h
	}
	for _, c := range constants(w, false) {
		t.keep(c.name)
	}
	t.keepHead()
	return t
}

func (t *single) hasMinimum() bool { return t.w.has("m") || t.w.has("mn") }

// write emits the function.
func (t *single) write(name string) {
	t.begin(name)
	for _, r := range []reg{t.sum, t.scale} {
		t.ins("no block before", "VXORPS", r, r, r)
	}
	if t.hasMinimum() {
		t.ins("", "VXORPS", t.m, t.m, t.m)
		t.ins("", "LEAQ", zeros, regPrev)
	}
	t.blocks(t.w, t.recordBytes(), t.head, func() {
		var fold source
		for i := range t.halves {
			t.halves[i].b.Reset()
			t.halves[i].products(i)
		}
		outer := t.source
		t.source = &fold
		t.fold()
		t.scales()
		t.source = outer
		t.weave(t.halves[0].source, t.halves[1].source, &fold)
		t.join()
	})
	t.line("")
	t.fold()
	t.ins("dst", "VMOVUPS", t.acc[0], mem(regDst, 0))
	t.end()
}

// products sums the half's products into its parts.
func (h half) products(n int) {
	if h.w.span() == 0 {
		for j := 4 * n; j < 4*n+4; j++ {
			h.groupByNibbles(j, h.tmp, h.parts[0], h.parts[1], j == 4*n)
		}
		return
	}
	perPart := 4 / len(h.parts)
	for i, part := range h.parts {
		h.part = []reg{part}
		h.spanOf(4*n+perPart*i, perPart)
	}
	if h.w.scaling != halfScale {
		return
	}
	h.scaleWords(h.vec, fmt.Sprintf("sc%d as int16, twice", n), scaleTwice[n], 8)
	for _, part := range h.parts {
		h.ins(fmt.Sprintf("sc%d·, in int32", n), "VPMADDWD", h.vec, part, part)
	}
	if len(h.parts) > 1 {
		h.ins("", "VPADDD", h.parts[1], h.parts[0], h.parts[0])
	}
}

// groupByNibbles adds the products of group j to low and high, the four bits of
// codes apart.
func (h half) groupByNibbles(j int, q, low, high reg, first bool) {
	h.nibbles(j)
	h.ins(fmt.Sprintf("q of k = %d..%d", 4*j, 4*j+3), "VPBROADCASTD", h.q(0, 4*j), q)
	if first {
		h.ins("low bits, pairs added", "VPMADDUBSW", q, h.code, low)
		h.ins("high bits, pairs added", "VPMADDUBSW", q, h.vec, high)
		return
	}
	h.ins("low bits, pairs added", "VPMADDUBSW", q, h.code, h.code)
	h.ins("high bits, pairs added", "VPMADDUBSW", q, h.vec, h.vec)
	h.ins("", "VPADDW", h.code, low, low)
	h.ins("", "VPADDW", h.vec, high, high)
}

// scaleWords emits words of the halves' scales of every row, shifted left by 8
// and then right by so many bits.
func (t *tile) scaleWords(to reg, what string, order constant, right int) {
	t.ins("sc0 and sc1 of all rows, twice", "VBROADCASTI128", t.w.at("sc0", 0), to)
	t.ins("as upper bytes", "VPSHUFB", order, to, to)
	t.ins(what, "VPSRAW", imm(right), to, to)
}

// scaleOrder says which scale becomes the upper byte of each word: of half a in a
// lane's lower word, of half b in its upper word.
func scaleOrder(name, what string, a, b byte) constant {
	c := constant{name: name, what: what}
	for row := range byte(rowsAVX2) {
		copy(c.bytes[4*row:], []byte{0x80, 8*a + row, 0x80, 8*b + row})
	}
	return c
}

var (
	scaleTwice = [2]constant{
		scaleOrder("order00", "sc0 of every row into the upper bytes of a lane's words", 0, 0),
		scaleOrder("order11", "sc1 of every row into the upper bytes of a lane's words", 1, 1),
	}
	scalePair = scaleOrder("order01", "sc0 and sc1 of every row into the upper bytes of a lane's words", 0, 1)
)

// singleConstants are those that only the tiles of one token need.
func singleConstants(w *weight) []constant {
	var list []constant
	if w.pipelined() && (w.has("m") || w.has("mn")) {
		list = append(list, zeros)
	}
	if w.pipelined() && w.scaling == halfScale {
		list = append(list, scaleTwice[0], scaleTwice[1], scalePair)
	}
	return list
}

// join makes the block's sum of the halves' parts.
func (t *single) join() {
	a, b := t.halves[0].parts, t.halves[1].parts
	t.code, t.tmp = t.halves[0].code, t.halves[0].tmp
	ones := func(r reg) { t.ins("pairs of int16", "VPMADDWD", t.constant(ones16), r, r) }
	switch {
	case t.w.scaling == halfScale:
		t.scaleWords(t.code, fmt.Sprintf("%d·sc0, %d·sc1 as int16", t.w.off, t.w.off), scalePair, 8-log2(t.w.off))
		t.ins("H0, H1", "VPBROADCASTD", t.act(0, recPair), t.tmp)
		t.ins("", "VPMADDWD", t.code, t.tmp, t.tmp)
		t.ins("both halves", "VPADDD", b[0], a[0], t.sum)
		t.ins(fmt.Sprintf("- %d·(sc0·H0 + sc1·H1)", t.w.off), "VPSUBD", t.tmp, t.sum, t.sum)
		return
	case t.w.span() == 0:
		t.ins("low bits of both halves", "VPADDW", b[0], a[0], a[0])
		t.ins("high bits of both halves", "VPADDW", b[1], a[1], a[1])
		ones(a[0])
		t.ins("16 times", "VPMADDWD", t.constant(times16), a[1], a[1])
		t.ins("the block's sum", "VPADDD", a[1], a[0], t.sum)
	case t.w.span() == 8:
		t.ins("both halves", "VPADDW", b[0], a[0], t.sum)
		ones(t.sum)
	default:
		ones(a[0])
		ones(b[0])
		t.ins("both halves", "VPADDD", b[0], a[0], t.sum)
	}
	t.offset([]reg{t.sum})
}

// fold emits the floating-point part of the block before.
func (t *single) fold() {
	t.ins("the block before", "VCVTDQ2PS", t.sum, t.sum)
	t.ins("acc = FMA(sum, scale, acc)", "VFMADD231PS", t.scale, t.sum, t.acc[0])
	if !t.hasMinimum() {
		return
	}
	t.ins("its s", "VBROADCASTSS", mem(regPrev, 0), t.sum)
	if t.w.has("m") {
		t.ins("acc = FMA(m, s, acc)", "VFMADD231PS", t.sum, t.m, t.acc[0])
		return
	}
	t.ins("acc = FMA(-M, s, acc)", "VFNMADD231PS", t.sum, t.m, t.acc[0])
}

// scales emits what the block's sum and s will be multiplied by.
func (t *single) scales() {
	d := t.weightScales(t.scale, t.m, t.sum)
	t.ins("d of the block", "VBROADCASTSS", t.act(0, recD), t.sum)
	t.ins("times the weights' scale", "VMULPS", d, t.sum, t.scale)
	if t.hasMinimum() {
		t.ins("where s is", "LEAQ", t.act(0, recS), regPrev)
	}
}

// weave emits the lines of several sources, each evenly spread over the whole.
func (s *source) weave(parts ...*source) {
	type place struct {
		at   float64
		line string
	}
	var all []place
	for _, p := range parts {
		lines := strings.Split(strings.TrimSuffix(p.b.String(), "\n"), "\n")
		for i, line := range lines {
			all = append(all, place{(float64(i) + 0.5) / float64(len(lines)), line})
		}
	}
	slices.SortStableFunc(all, func(a, b place) int { return cmp.Compare(a.at, b.at) })
	for _, p := range all {
		s.line("%s", p.line)
	}
}
