package kernels

import (
	"math"
	"unsafe"

	"github.com/gptrun/gptrun/quant"
)

const (
	genericRows      = 8
	genericFloatRows = 64
	genericTokens    = 4
)

// genericTiles fills the table of tiles of the generic tier.
func genericTiles(s *Set) {
	for _, t := range quant.Types() {
		if !t.Quantized() {
			for n := 1; n <= s.FloatTokens; n++ {
				s.Tile[t][FormFloat][n] = floatTile(t, s.FloatPanelRows, n)
			}
			continue
		}
		for n := 1; n <= s.Tokens; n++ {
			tile := quantTile(t, s.PanelRows, n)
			s.Tile[t][FormInt8][n], s.Tile[t][FormInt16][n] = tile, tile
		}
	}
}

// floatTile is the product of a panel of float weights: one FMA for each column.
func floatTile(t quant.Type, rows, tokens int) TileFunc {
	info, _ := quant.Lookup(t)
	size := info.BlockBytes
	return func(dst *float32, ld int, panel, act *byte, steps int) {
		out := unsafe.Slice(dst, (tokens-1)*ld+rows)
		w := unsafe.Slice(panel, rows*steps*size)
		x := unsafe.Slice((*float32)(unsafe.Pointer(act)), tokens*steps)
		for t := range tokens {
			clear(out[t*ld : t*ld+rows])
		}
		var col [genericFloatRows]float32
		for k := range steps {
			info.Decode(col[:rows], w[k*rows*size:(k+1)*rows*size])
			for t := range tokens {
				v := x[k*tokens+t]
				acc := out[t*ld : t*ld+rows]
				for r := range acc {
					acc[r] = FMA32(col[r], v, acc[r])
				}
			}
		}
	}
}

// view is one row of a block of a panel, and of the head before it.
type view struct {
	head, block []byte
	row, rows   int
}

func (v *view) f16(b []byte, at int) float32 {
	return quant.F16ToF32(le.Uint16(b[at*v.rows+2*v.row:]))
}

func (v *view) byte(at int) byte { return v.block[at*v.rows+v.row] }

// nibbles adds the codes of the nibble plane that starts at bytes a row in.
func (v *view) nibbles(c *[32]int32, at int) {
	for i := range 4 {
		b := v.block[at*v.rows+4*(i*v.rows+v.row):][:4]
		for j, x := range b {
			c[8*i+j], c[8*i+4+j] = int32(x&15), int32(x>>4)
		}
	}
}

func (v *view) bits(c *[32]int32, at, shift int) {
	b := v.block[at*v.rows+4*v.row:][:4]
	for k := range c {
		c[k] |= int32(b[k%4]>>(k/4)&1) << shift
	}
}

func (v *view) pairs(c *[32]int32, at, shift int) {
	for k := range c {
		b := v.block[at*v.rows+4*(k/16*v.rows+v.row)+k%4]
		c[k] |= int32(b>>(k/4%4*2)&3) << shift
	}
}

// weights is one row's block, as the arithmetic takes it: codes less their
// offset, and what multiplies their sums.
type weights struct {
	c      [32]int32
	group  [2]int32 // scales of the two halves' sums; one sum where both are 1
	d      float32
	min    float32  // minimum, times s
	minOf  [2]int32 // minima of the two halves (Q2_K): min is −dmin then
	hasMin bool
	split  bool
}

// read decodes a row's block of type t.
func (w *weights) read(t quant.Type, v *view) {
	w.group, w.hasMin, w.split = [2]int32{1, 1}, false, false
	clear(w.c[:])
	switch t {
	case quant.Q4_0, quant.Q4_1:
		v.nibbles(&w.c, 0)
		w.d = v.f16(v.block, 16)
	case quant.Q5_0, quant.Q5_1:
		v.nibbles(&w.c, 0)
		v.bits(&w.c, 16, 4)
		w.d = v.f16(v.block, 20)
	case quant.Q8_0:
		for k := range w.c {
			w.c[k] = int32(v.block[4*(k/4*v.rows+v.row)+k%4])
		}
		w.d = v.f16(v.block, 32)
	case quant.IQ4_NL:
		v.nibbles(&w.c, 0)
		w.lookup(&quant.IQ4NLValues)
		w.d = v.f16(v.block, 16)
	case quant.MXFP4:
		v.nibbles(&w.c, 0)
		w.lookup(&quant.MXFP4Values)
		w.d = math.Float32frombits(le.Uint32(v.block[16*v.rows+4*v.row:]))
	case quant.IQ4_XS:
		v.nibbles(&w.c, 1)
		w.lookup(&quant.IQ4NLValues)
		w.d = v.f16(v.head, 0) * float32(int8(v.byte(0)))
	case quant.Q4_K, quant.Q5_K:
		v.nibbles(&w.c, 2)
		if t == quant.Q5_K {
			v.bits(&w.c, 18, 4)
		}
		w.d = v.f16(v.head, 0) * float32(v.byte(0))
		w.hasMin, w.min = true, -(v.f16(v.head, 2) * float32(v.byte(1)))
	case quant.Q6_K, quant.Q3_K:
		if t == quant.Q6_K {
			v.nibbles(&w.c, 2)
			v.pairs(&w.c, 18, 4)
		} else {
			v.pairs(&w.c, 2, 0)
			v.bits(&w.c, 10, 2)
		}
		w.d = v.f16(v.head, 0)
		w.group = [2]int32{int32(int8(v.byte(0))), int32(int8(v.byte(1)))}
	case quant.Q2_K:
		v.pairs(&w.c, 2, 0)
		w.d = v.f16(v.head, 0)
		w.group = [2]int32{int32(v.byte(0) & 15), int32(v.byte(1) & 15)}
		w.hasMin, w.split, w.min = true, true, -v.f16(v.head, 2)
		w.minOf = [2]int32{int32(v.byte(0) >> 4), int32(v.byte(1) >> 4)}
	}
	switch t {
	case quant.Q4_1:
		w.hasMin, w.min = true, v.f16(v.block, 18)
	case quant.Q5_1:
		w.hasMin, w.min = true, v.f16(v.block, 22)
	}
	if off := offsets[t]; off != 0 {
		for k := range w.c {
			w.c[k] -= off
		}
	}
}

// offsets are subtracted from unsigned codes.
var offsets = [quant.NumTypes]int32{quant.Q4_0: 8, quant.Q5_0: 16, quant.Q8_0: 128, quant.Q6_K: 32, quant.Q3_K: 4}

func (w *weights) lookup(table *[16]int8) {
	for k, i := range w.c {
		w.c[k] = int32(table[i])
	}
}

// record is a token's activation block.
type record struct {
	q      [32]int32
	d, s   float32
	h0, h1 int32
}

func (r *record) read(b []byte) {
	for k := range r.q {
		r.q[k] = int32(int16(le.Uint16(b[recWide+2*(k&^3|k&1<<1|k>>1&1):])))
	}
	r.d = math.Float32frombits(le.Uint32(b[recD:]))
	r.s = math.Float32frombits(le.Uint32(b[recS:]))
	r.h0, r.h1 = int32(le.Uint32(b[recH0:])), int32(le.Uint32(b[recH1:]))
}

// step folds one block of 32 columns into acc.
func (w *weights) step(x *record, acc float32) float32 {
	var i0, i1 int32
	for k := range 16 {
		i0 += w.c[k] * x.q[k]
		i1 += w.c[16+k] * x.q[16+k]
	}
	acc = FMA32(float32(w.group[0]*i0+w.group[1]*i1), w.d*x.d, acc)
	if !w.hasMin {
		return acc
	}
	if w.split {
		return FMA32(w.min, x.d*float32(w.minOf[0]*x.h0+w.minOf[1]*x.h1), acc)
	}
	return FMA32(w.min, x.s, acc)
}

// quantTile is the product of a panel of quantized weights.
func quantTile(t quant.Type, rows, tokens int) TileFunc {
	l := &layouts[t]
	return func(dst *float32, ld int, panel, act *byte, steps int) {
		out := unsafe.Slice(dst, (tokens-1)*ld+rows)
		p := unsafe.Slice(panel, rows*(steps*l.block+steps/8*l.head))
		a := unsafe.Slice(act, steps*tokens*RecordBytes)
		for t := range tokens {
			clear(out[t*ld : t*ld+rows])
		}
		v := view{rows: rows}
		var w weights
		var x [genericTokens]record
		for i := range steps {
			if l.head > 0 && i%8 == 0 {
				v.head, p = p[:l.head*rows], p[l.head*rows:]
			}
			v.block, p = p[:l.block*rows], p[l.block*rows:]
			for n := range tokens {
				x[n].read(a[(i*tokens+n)*RecordBytes:])
			}
			for v.row = range rows {
				w.read(t, &v)
				for n := range tokens {
					acc := &out[n*ld+v.row]
					*acc = w.step(&x[n], *acc)
				}
			}
		}
	}
}
