package kernels

import (
	"math"
	"unsafe"

	"github.com/gptrun/gptrun/quant"
)

const (
	genericRows      = 8
	genericFloatRows = 64
	genericTokens    = MaxTokens
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
	size := info.BlockBytes * rows
	return func(dst *float32, ld int, panel, act *byte, steps int) {
		out := unsafe.Slice(dst, (tokens-1)*ld+rows)
		w := unsafe.Slice(panel, steps*size)
		x := unsafe.Slice((*float32)(unsafe.Pointer(act)), tokens*steps)
		for n := range tokens {
			clear(out[n*ld : n*ld+rows])
		}
		var column [genericFloatRows]float32
		for k := range steps {
			readFloats(column[:rows], t, w[k*size:(k+1)*size])
			for n := range tokens {
				addScaled(out[n*ld:n*ld+rows], column[:rows], x[k*tokens+n])
			}
		}
	}
}

// readFloats decodes float weights. It is not the table's Decode because what
// is passed through a function value lies on the heap.
func readFloats(dst []float32, t quant.Type, src []byte) {
	switch t {
	case quant.F32:
		for i := range dst {
			dst[i] = math.Float32frombits(le.Uint32(src[4*i:]))
		}
	case quant.F16:
		for i := range dst {
			dst[i] = quant.F16ToF32(le.Uint16(src[2*i:]))
		}
	case quant.BF16:
		for i := range dst {
			dst[i] = quant.BF16ToF32(le.Uint16(src[2*i:]))
		}
	}
}

// quantTile is the product of a panel of quantized weights, in either integer
// form, two rows at a time.
func quantTile(t quant.Type, rows, tokens int) TileFunc {
	l, f := &layouts[t], &formats[t]
	return func(dst *float32, ld int, panel, act *byte, steps int) {
		out := unsafe.Slice(dst, (tokens-1)*ld+rows)
		p := unsafe.Slice(panel, rows*(steps*l.block+steps/8*l.head))
		a := unsafe.Slice(act, steps*tokens*RecordBytes)
		for n := range tokens {
			clear(out[n*ld : n*ld+rows])
		}
		v := view{rows: rows}
		var c rowPair
		for ; steps > 0; steps-- {
			if l.head > 0 && steps%8 == 0 {
				v.head, p = p[:l.head*rows], p[l.head*rows:]
			}
			v.block, p = p[:l.block*rows], p[l.block*rows:]
			for v.row = 0; v.row < rows; v.row += 2 {
				c.read(f, v)
				w := [2]weights{f.scales(v, v.row), f.scales(v, v.row+1)}
				for n := range tokens {
					rec := (*[RecordBytes]byte)(a[n*RecordBytes:])
					lo, hi := c.dot((*[32]int16)(unsafe.Pointer(&rec[recWide])))
					acc := out[n*ld+v.row:][:2]
					acc[0] = w[0].step(rec, f, int32(lo), int32(hi), acc[0])
					acc[1] = w[1].step(rec, f, upper(lo), upper(hi), acc[1])
				}
			}
			a = a[tokens*RecordBytes:]
		}
	}
}

// rowPair has the codes of two rows' blocks, one row's in the lower halves of
// the words and the next one's in the upper halves, each group of four columns
// in the order 0, 2, 1, 3. A product with an activation code is two products at
// once, and so is their sum: 2³²·(second row's) + (first row's), modulo 2⁶⁴.
type rowPair [32]uint64

// dot returns the sums of the first 16 and of the last 16 products.
func (c *rowPair) dot(q *[32]int16) (lo, hi uint64) {
	for k := 0; k < 16; k += 4 {
		lo += c[k]*uint64(q[k]) + c[k+1]*uint64(q[k+1]) + c[k+2]*uint64(q[k+2]) + c[k+3]*uint64(q[k+3])
		hi += c[k+16]*uint64(q[k+16]) + c[k+17]*uint64(q[k+17]) + c[k+18]*uint64(q[k+18]) + c[k+19]*uint64(q[k+19])
	}
	return lo, hi
}

// upper is the second row's sum: what is left without the first row's, which
// borrowed where it is negative.
func upper(sum uint64) int32 { return int32((sum - uint64(int32(sum))) >> 32) }

// read unpacks the codes of the rows v.row and v.row+1.
func (c *rowPair) read(f *format, v view) {
	const low = 0xff<<32 | 0xff
	for j, g := range f.codes(v) {
		four := (*[4]uint64)(c[4*j:])
		four[0], four[1], four[2], four[3] = g&low, g>>16&low, g>>8&low, g>>24&low
	}
	if f.values != nil {
		for k, i := range c {
			c[k] = uint64(f.values[i&15]) + uint64(f.values[i>>32&15])<<32
		}
	}
}

// weights is what a row's block multiplies its integer sums with.
type weights struct {
	d     float32
	group [2]int32 // scales of the two halves' sums
	min   float32  // times the activations' sum, added
	minOf [2]int32 // minima of the two halves, where they differ
}

// step folds the sums of one block of one row into acc; i0 and i1 are those of
// the first and the last 16 columns, with the codes' offset.
func (w *weights) step(rec *[RecordBytes]byte, f *format, i0, i1 int32, acc float32) float32 {
	d := math.Float32frombits(le.Uint32(rec[recD:]))
	var i int32
	if f.halves {
		h0, h1 := int32(le.Uint32(rec[recH0:])), int32(le.Uint32(rec[recH1:]))
		i = w.group[0]*(i0-f.offset*h0) + w.group[1]*(i1-f.offset*h1)
	} else {
		i = i0 + i1 - f.offset*int32(le.Uint32(rec[recN:]))
	}
	acc = FMA32(float32(i), float32(w.d*d), acc)
	switch f.min {
	case oneMin:
		s := math.Float32frombits(le.Uint32(rec[recS:]))
		return FMA32(w.min, s, acc)
	case twoMins:
		h0, h1 := int32(le.Uint32(rec[recH0:])), int32(le.Uint32(rec[recH1:]))
		return FMA32(w.min, float32(d*float32(w.minOf[0]*h0+w.minOf[1]*h1)), acc)
	}
	return acc
}
