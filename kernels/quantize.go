package kernels

import "math"

// Q: the largest code of one and of two int8 terms.
const (
	levels8  = 127
	levels16 = 16256
)

func (f Form) levels() float32 {
	if f == FormInt16 {
		return levels16
	}
	return levels8
}

// tiniest is the amplitude below which a block is all zeros.
const tiniest = 0x1p-64

// quantizeRow is the generic QuantizeRow. In a block of 32 values with the
// largest amplitude amax, d = amax/Q and the codes are x·(Q/amax), rounded to
// even, Q being 127 or 16256. Blocks too small to divide by are zeros; those
// that are not finite have d = s = NaN, and codes of 0.
func quantizeRow(dst []byte, stride int, x []float32, form Form) {
	for i := 0; i < len(x); i += blockCols {
		quantizeBlock(dst[i/blockCols*stride:][:RecordBytes], x[i:i+blockCols], form)
	}
}

func quantizeBlock(rec []byte, x []float32, form Form) {
	clear(rec)
	d, inv, sized := blockScale(x, form.levels())
	if !sized {
		le.PutUint32(rec[recD:], math.Float32bits(d))
		le.PutUint32(rec[recS:], math.Float32bits(d))
		return
	}
	var h [2]int32
	for k, v := range x {
		c := int32(math.RoundToEven(float64(float32(v * inv))))
		h[k/16] += c
		if form == FormInt8 {
			rec[k] = byte(c)
		}
		le.PutUint16(rec[recWide+2*(k&^3|k&1<<1|k>>1&1):], uint16(c))
	}
	n := h[0] + h[1]
	le.PutUint32(rec[recD:], math.Float32bits(d))
	le.PutUint32(rec[recS:], math.Float32bits(d*float32(n)))
	le.PutUint32(rec[recN:], uint32(n))
	le.PutUint32(rec[recH0:], uint32(h[0]))
	le.PutUint32(rec[recH1:], uint32(h[1]))
}

// blockScale returns the scale d = amax/levels and its inverse levels/amax. A
// block without codes is not sized: its d is 0 or NaN.
func blockScale(x []float32, levels float32) (d, inv float32, sized bool) {
	amax, nan := float32(0), false
	for _, v := range x {
		if v < 0 {
			v = -v
		}
		if v > amax {
			amax = v
		}
		nan = nan || v != v
	}
	if nan || amax > math.MaxFloat32 {
		return math.Float32frombits(0x7fc00000), 0, false
	}
	if amax < tiniest {
		return 0, 0, false
	}
	return amax / levels, levels / amax, true
}
