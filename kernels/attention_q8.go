package kernels

import (
	"math"

	"github.com/gptrun/gptrun/quant"
)

// Keys and values of type q8_0 are blocks of 32 channels: int8 codes and a scale
// in half precision. Keys lie as the tier's panels of Q8_0 weights do, positions
// being rows and channels columns, so that scores are a matrix product whose
// activations are the queries, of two int8 terms. Of values, the scales come
// first, by block and then position; then codes by position, codes[pos·valueDim+channel].

// scaleBytesQ8 is where the codes of values begin.
func scaleBytesQ8(dim int) int { return ChunkPositions * dim / blockCols * 2 }

// storeQ8 writes blocks of 32 values x, quantized: four codes each group bytes,
// 32 each block bytes, a scale each scaleStep bytes. flip is XORed into codes. d
// and codes are those of activations, d rounded to half precision.
func storeQ8(codes []byte, group, block int, scales []byte, scaleStep int, x []float32, flip byte) {
	for i := range len(x) / blockCols {
		b := x[i*blockCols:][:blockCols]
		d, inv, sized := blockScale(b, levels8)
		le.PutUint16(scales[i*scaleStep:], quant.F32ToF16(d))
		for k, v := range b {
			c := byte(0)
			if sized {
				c = byte(int8(math.RoundToEven(float64(float32(v * inv)))))
			}
			codes[i*block+k/4*group+k%4] = c ^ flip
		}
	}
}

// storeKeyQ8 and storeValueQ8 write what position pos has.
func (s *Set) storeKeyQ8(k []byte, pos int, x []float32) {
	r := s.PanelRows
	panel := k[pos/r*s.PanelBytes(quant.Q8_0, len(x)):]
	block := s.PanelBytes(quant.Q8_0, blockCols)
	row := pos % r
	s.Attn.StoreQ8(panel[4*row:], 4*r, block, panel[blockCols*r+2*row:], block, x, 0x80)
}

func (s *Set) storeValueQ8(v []byte, pos int, x []float32) {
	n := len(x)
	s.Attn.StoreQ8(v[scaleBytesQ8(n)+pos*n:], 4, blockCols, v[2*pos:], 2*ChunkPositions, x, 0)
}

// attnQ8 is what an AttnTile needs for a cache of type q8_0.
type attnQ8 struct {
	queries []byte    // packed as activations
	packed  bool      // they are those of the tile
	w       []float32 // weights times scales, by query, block and position
	next    []byte    // keys to prefetch
}

// Next says which chunk comes after the next one, if any: its keys are brought
// nearer meanwhile.
func (t *AttnTile) Next(kv KV) { t.q8.next = kv.K8 }

// scoresQ8 multiplies the queries [first, last), and those packed in the same
// groups, with the keys of positions [from, to). Meanwhile the values come nearer.
func (t *AttnTile) scoresQ8(s *Set, kv KV, first, last, from, to int) {
	const form = FormInt16
	if !t.q8.packed {
		t.packQueries(s, form)
	}
	group, r := s.GroupTokens(form), s.PanelRows
	first = first / group * group
	last = min((last+group-1)/group*group, t.n)
	size, values := s.PanelBytes(quant.Q8_0, t.keyDim), len(kv.V8)*r/ChunkPositions
	for p := from / r; p*r < to; p++ {
		if s.Attn.Prefetch != nil {
			s.Attn.Prefetch(kv.V8[p*values : (p+1)*values])
		}
		t.scorePanel(s, kv.K8[p*size:(p+1)*size], first, last, p*r)
	}
}

// scorePanel multiplies queries with a panel of keys, the first at position pos.
// It is a real call, as call is.
//
//go:noinline
func (t *AttnTile) scorePanel(s *Set, panel []byte, first, last, pos int) {
	const form = FormInt16
	group, steps := s.GroupTokens(form), t.keyDim/blockCols
	size := steps * s.RecordBytes[form]
	for from := first; from < last; from += group {
		n := min(group, last-from)
		s.Tile[quant.Q8_0][form][n](&t.s[from*ChunkPositions+pos], ChunkPositions, &panel[0], &t.q8.queries[from*size], steps)
	}
}

func (t *AttnTile) packQueries(s *Set, form Form) {
	if t.q8.queries == nil {
		t.q8.queries = make([]byte, s.ActBytes(form, len(t.lo), t.keyDim))
	}
	for g := 0; g*s.GroupTokens(form) < t.n; g++ {
		s.PackAct(form, t.q8.queries, t.q, t.keyDim, t.keyDim, t.n, g)
	}
	t.q8.packed = true
}

// weightedQ8 adds the values at [lo, hi) to the outputs of n queries, at most
// valueQueries.
func (t *AttnTile) weightedQ8(s *Set, v []byte, first, n, lo, hi int) {
	blocks := t.valueDim / blockCols
	ldw := blocks * ChunkPositions
	if t.q8.w == nil {
		t.q8.w = make([]float32, valueQueries*ldw)
	}
	scales, codes := v[:scaleBytesQ8(t.valueDim)], v[scaleBytesQ8(t.valueDim):]
	for i := range n {
		e := t.s[(first+i)*ChunkPositions:][lo:hi]
		for b := range blocks {
			at := b*ChunkPositions + lo
			s.Attn.MulF16(t.q8.w[i*ldw+at:][:hi-lo], e, scales[2*at:])
		}
	}
	s.Attn.ValuesQ8(t.part[first*t.valueDim:], t.valueDim, t.q8.w, ldw, n, codes, t.valueDim, lo, hi, t.q8.next)
}

// mulF16 writes fp32(e·d) of e and halves d.
func mulF16(w, e []float32, d []byte) {
	for j, v := range e {
		w[j] = v * quant.F16ToF32(le.Uint16(d[2*j:]))
	}
}

func valuesQ8(o []float32, ldo int, w []float32, ldw, n int, v []byte, dim, lo, hi int, _ []byte) {
	var row [blockCols]float32
	for j := lo; j < hi; j++ {
		for b := range dim / blockCols {
			for c, code := range v[j*dim+b*blockCols:][:blockCols] {
				row[c] = float32(int8(code))
			}
			for i := range n {
				addScaled(o[i*ldo+b*blockCols:][:blockCols], row[:], w[i*ldw+b*ChunkPositions+j])
			}
		}
	}
}
