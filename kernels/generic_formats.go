package kernels

import (
	"math"

	"github.com/gptrun/gptrun/quant"
)

// format says how the generic tier reads a quantized type from a panel; layout
// has the places.
type format struct {
	// codes unpacks the codes of two rows.
	codes func(v view) groups
	// values are what the codes stand for; nil where they stand for themselves.
	values *[16]int8
	// offset is subtracted from the codes.
	offset int32
	// scales reads a row's scales and minima.
	scales func(v view, row int) weights
	// halves is set where the halves of a block have scales of their own.
	halves bool
	min    minimum
}

type minimum uint8

const (
	noMin   minimum = iota
	oneMin          // times s
	twoMins         // one for each half, times d
)

var formats = [quant.NumTypes]format{
	quant.Q4_0:   {codes: codesQ4_0, scales: scalesQ4_0, offset: 8},
	quant.Q4_1:   {codes: codesQ4_0, scales: scalesQ4_1, min: oneMin},
	quant.Q5_0:   {codes: codesQ5_0, scales: scalesQ5_0, offset: 16},
	quant.Q5_1:   {codes: codesQ5_0, scales: scalesQ5_1, min: oneMin},
	quant.Q8_0:   {codes: codesQ8_0, scales: scalesQ8_0, offset: 128},
	quant.IQ4_NL: {codes: codesQ4_0, scales: scalesQ4_0, values: &quant.IQ4NLValues},
	quant.MXFP4:  {codes: codesQ4_0, scales: scalesMXFP4, values: &quant.MXFP4Values},
	quant.IQ4_XS: {codes: codesIQ4_XS, scales: scalesIQ4_XS, values: &quant.IQ4NLValues},
	quant.Q4_K:   {codes: codesQ4_K, scales: scalesQ4_K, min: oneMin},
	quant.Q5_K:   {codes: codesQ5_K, scales: scalesQ4_K, min: oneMin},
	quant.Q6_K:   {codes: codesQ6_K, scales: scalesQ6_K, offset: 32, halves: true},
	quant.Q3_K:   {codes: codesQ3_K, scales: scalesQ6_K, offset: 4, halves: true},
	quant.Q2_K:   {codes: codesQ2_K, scales: scalesQ2_K, halves: true, min: twoMins},
}

// groups are the codes of two rows: word j has columns 4j…4j+3 of the first row
// in its lower four bytes, of the second in its upper four.
type groups [8]uint64

// view is a block of a panel, the head before it, and the first of two rows.
// Places are in bytes a row, as layout has them.
type view struct {
	head, block []byte
	row, rows   int
}

// lanes returns the two rows' lanes of vector i of the plane at a place.
func (v *view) lanes(at, i int) uint64 {
	return le.Uint64(v.block[at*v.rows+4*(i*v.rows+v.row):])
}

func (v *view) nibbles(g *groups, at int) {
	for i := range 4 {
		x := v.lanes(at, i)
		g[2*i], g[2*i+1] = x&lowNibs, x>>4&lowNibs
	}
}

// bits adds a bit plane, shifted, to the codes.
func (v *view) bits(g *groups, at, shift int) {
	x := v.lanes(at, 0)
	for j := range g {
		g[j] |= x >> j & eachByte << shift
	}
}

// pairs adds a pair plane, shifted, to the codes.
func (v *view) pairs(g *groups, at, shift int) {
	x, y := v.lanes(at, 0), v.lanes(at, 1)
	for i := range 4 {
		g[i] |= x >> (2 * i) & (3 * eachByte) << shift
		g[i+4] |= y >> (2 * i) & (3 * eachByte) << shift
	}
}

// f16 reads a row's half from a part of the panel.
func (v *view) f16(b []byte, at, row int) float32 {
	return quant.F16ToF32(le.Uint16(b[at*v.rows+2*row:]))
}

func codesQ4_0(v view) (g groups) {
	v.nibbles(&g, 0)
	return g
}

func codesQ5_0(v view) (g groups) {
	v.nibbles(&g, 0)
	v.bits(&g, 16, 4)
	return g
}

func codesQ8_0(v view) (g groups) {
	for j := range g {
		g[j] = v.lanes(0, j)
	}
	return g
}

func codesIQ4_XS(v view) (g groups) {
	v.nibbles(&g, 1)
	return g
}

func codesQ4_K(v view) (g groups) {
	v.nibbles(&g, 2)
	return g
}

func codesQ5_K(v view) (g groups) {
	v.nibbles(&g, 2)
	v.bits(&g, 18, 4)
	return g
}

func codesQ6_K(v view) (g groups) {
	v.nibbles(&g, 2)
	v.pairs(&g, 18, 4)
	return g
}

func codesQ3_K(v view) (g groups) {
	v.pairs(&g, 2, 0)
	v.bits(&g, 10, 2)
	return g
}

func codesQ2_K(v view) (g groups) {
	v.pairs(&g, 2, 0)
	return g
}

func scalesQ4_0(v view, row int) weights {
	return weights{d: v.f16(v.block, 16, row)}
}

func scalesQ4_1(v view, row int) weights {
	return weights{d: v.f16(v.block, 16, row), min: v.f16(v.block, 18, row)}
}

func scalesQ5_0(v view, row int) weights {
	return weights{d: v.f16(v.block, 20, row)}
}

func scalesQ5_1(v view, row int) weights {
	return weights{d: v.f16(v.block, 20, row), min: v.f16(v.block, 22, row)}
}

func scalesQ8_0(v view, row int) weights {
	return weights{d: v.f16(v.block, 32, row)}
}

func scalesMXFP4(v view, row int) weights {
	return weights{d: math.Float32frombits(le.Uint32(v.block[16*v.rows+4*row:]))}
}

func scalesIQ4_XS(v view, row int) weights {
	return weights{d: v.f16(v.head, 0, row) * float32(int8(v.block[row]))}
}

// scalesQ4_K: both products are exact, of 11 and 6 bits.
func scalesQ4_K(v view, row int) (w weights) {
	w.d = v.f16(v.head, 0, row) * float32(v.block[row])
	w.min = -(v.f16(v.head, 2, row) * float32(v.block[v.rows+row]))
	return w
}

func scalesQ6_K(v view, row int) (w weights) {
	w.d = v.f16(v.head, 0, row)
	w.group = [2]int32{int32(int8(v.block[row])), int32(int8(v.block[v.rows+row]))}
	return w
}

func scalesQ2_K(v view, row int) (w weights) {
	w.d, w.min = v.f16(v.head, 0, row), -v.f16(v.head, 2, row)
	s0, s1 := int32(v.block[row]), int32(v.block[v.rows+row])
	w.group, w.minOf = [2]int32{s0 & 15, s1 & 15}, [2]int32{s0 >> 4, s1 >> 4}
	return w
}
