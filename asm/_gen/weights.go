package main

import (
	"math/bits"
	"slices"
)

const superBlocks = 8 // blocks of 32 in a K-quant's super-block

// field is a part of a panel's block.
type field struct {
	name string
	size int // bytes of a row
	what string
}

// The fields that panels are made of.
var (
	nibbles   = field{"nibbles", 16, "4 vectors; vector v, byte b: code of k = 8v+b low, k = 8v+4+b high"}
	highBits  = field{"bits", 4, "1 vector; byte b, bit j: a bit of the code of k = 4j+b"}
	pairs     = field{"pairs", 8, "2 vectors; vector p, byte b, bits 2i and 2i+1: two bits of k = 16p+4i+b"}
	codeBytes = field{"bytes", 32, "8 vectors; vector j, byte b: code of k = 4j+b"}
	f16D      = field{"d", 2, "f16 scale of each row"}
	f16M      = field{"m", 2, "f16 minimum of each row"}
	f16Dmin   = field{"dmin", 2, "f16 scale of each row's minima"}
	f32D      = field{"d", 4, "f32 scale of each row"}
	u8Scale   = field{"sc", 1, "u8 scale of each row"}
	i8Scale   = field{"sc", 1, "int8 scale of each row"}
	u8Min     = field{"mn", 1, "u8 minimum of each row"}
	i8Scale0  = field{"sc0", 1, "int8 scale of each row, k 0..15"}
	i8Scale1  = field{"sc1", 1, "int8 scale of each row, k 16..31"}
	both0     = field{"sc0", 1, "u8 of each row, k 0..15: scale low, minimum high"}
	both1     = field{"sc1", 1, "u8 of each row, k 16..31: scale low, minimum high"}
)

// scaling is how a type's scales enter.
type scaling int

const (
	blockScale scaling = iota // d, and where there is one m, for each block of 32
	superScale                // d·sc, and where there is one dmin·mn
	halfScale                 // sc0 and sc1 inside the integer sum, then d
)

// weight describes a quantised type.
type weight struct {
	name    string // as package quant spells it
	head    []field
	block   []field
	scaling scaling
	minimum bool
	signed  bool     // sc, sc0, sc1 are int8
	table   *[16]int // what a nibble stands for, itself where nil
	max     int      // largest unsigned code
	off     int      // subtracted from the unsigned code
	rows    int      // of a panel: lanes of a vector
	bias    int      // what the pointer to a panel is ahead of it
}

var (
	iq4Table   = [16]int{1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241}
	mxfp4Table = [16]int{12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0}
)

var quantized = []weight{
	{name: "Q4_0", block: []field{nibbles, f16D}, max: 15, off: 8},
	{name: "Q4_1", block: []field{nibbles, f16D, f16M}, minimum: true, max: 15},
	{name: "Q5_0", block: []field{nibbles, highBits, f16D}, max: 31, off: 16},
	{name: "Q5_1", block: []field{nibbles, highBits, f16D, f16M}, minimum: true, max: 31},
	{name: "Q8_0", block: []field{codeBytes, f16D}, max: 255, off: 128},
	{name: "IQ4_NL", block: []field{nibbles, f16D}, table: &iq4Table, max: 255, off: 128},
	{name: "MXFP4", block: []field{nibbles, f32D}, table: &mxfp4Table, max: 24, off: 12},
	{name: "IQ4_XS", head: []field{f16D}, block: []field{i8Scale, nibbles}, scaling: superScale, signed: true, table: &iq4Table, max: 255, off: 128},
	{name: "Q4_K", head: []field{f16D, f16Dmin}, block: []field{u8Scale, u8Min, nibbles}, scaling: superScale, minimum: true, max: 15},
	{name: "Q5_K", head: []field{f16D, f16Dmin}, block: []field{u8Scale, u8Min, nibbles, highBits}, scaling: superScale, minimum: true, max: 31},
	{name: "Q6_K", head: []field{f16D}, block: []field{i8Scale0, i8Scale1, nibbles, pairs}, scaling: halfScale, signed: true, max: 63, off: 32},
	{name: "Q3_K", head: []field{f16D}, block: []field{i8Scale0, i8Scale1, pairs, highBits}, scaling: halfScale, signed: true, max: 7, off: 4},
	{name: "Q2_K", head: []field{f16D, f16Dmin}, block: []field{both0, both1, pairs}, scaling: halfScale, minimum: true, max: 3},
}

// bytes is the length of a run of fields.
func (w *weight) bytes(fields []field) int {
	n := 0
	for _, f := range fields {
		n += w.rows * f.size
	}
	return n
}

// part is where in a panel a field lies.
type part bool

const (
	inBlock part = false
	inHead  part = true
)

// offset is where a field begins in its part of a panel.
func (w *weight) offset(name string) (part, int) {
	for in, fields := range map[part][]field{inBlock: w.block, inHead: w.head} {
		for i, f := range fields {
			if f.name == name {
				return in, w.bytes(fields[:i])
			}
		}
	}
	panic(w.name + " has no field " + name)
}

// at is the memory operand of a field; of a plane, its vector v.
func (w *weight) at(name string, v int) string {
	in, offset := w.offset(name)
	base := regPanel
	if in == inHead {
		base = regHead
	}
	return mem(base, offset+4*w.rows*v-w.bias)
}

func (w *weight) has(name string) bool {
	for _, f := range slices.Concat(w.head, w.block) {
		if f.name == name {
			return true
		}
	}
	return false
}

// span is how many groups of four k a lane of int16 can sum when unsigned codes
// are multiplied with int8 ones, two products in each lane: 2·127·max·span must
// stay below 2¹⁵. It is 0 where not even one pair fits.
func (w *weight) span() int {
	n := 32767 / (2 * 127 * w.max)
	if n == 0 {
		return 0
	}
	limit := 8
	if w.scaling == halfScale {
		limit = 4
	}
	return min(limit, 1<<(bits.Len(uint(n))-1))
}

// field finds a field of the head or block.
func (w *weight) field(name string) field {
	for _, f := range slices.Concat(w.head, w.block) {
		if f.name == name {
			return f
		}
	}
	panic(w.name + " has no field " + name)
}
