package kernels

import "math"

// Q: the largest code of one and of two int8 terms.
const (
	levels8  = 127
	levels16 = 16256
)

// tiniest is the amplitude below which a block is all zeros.
const tiniest = 0x1p-64

// quantizeRow is the generic QuantizeRow, in records of whole words.
func quantizeRow(dst []byte, stride int, x []float32, form Form) {
	for i := 0; i < len(x); i += blockCols {
		b := quantizeBlock(x[i:i+blockCols], form)
		b.putWords(dst[i/blockCols*stride:][:RecordBytes], form)
	}
}

// actBlock is a block of 32 quantized values.
type actBlock struct {
	codes [blockCols]int32
	d, s  float32
	half  [2]int32 // sums of the first and of the last 16 codes
}

// quantizeBlock quantizes 32 values. With the largest amplitude amax, d = amax/Q
// and the codes are x·(Q/amax), rounded to even, Q being 127 or 16256. Blocks too
// small to divide by are zeros; those that are not finite have d = s = NaN, and
// codes of 0.
func quantizeBlock(x []float32, form Form) (b actBlock) {
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
		b.d = math.Float32frombits(0x7fc00000)
		b.s = b.d
		return b
	}
	if amax < tiniest {
		return b
	}
	q := float32(levels8)
	if form == FormInt16 {
		q = levels16
	}
	d, inv := amax/q, q/amax
	for k, v := range x {
		c := int32(math.RoundToEven(float64(float32(v * inv))))
		b.half[k/16] += c
		b.codes[k] = c
	}
	b.d, b.s = d, d*float32(b.half[0]+b.half[1])
	return b
}

// putWords writes the record whose layout RecordBytes gives.
func (b *actBlock) putWords(rec []byte, form Form) {
	clear(rec)
	for k, c := range b.codes {
		if form == FormInt8 {
			rec[k] = byte(c)
		}
		le.PutUint16(rec[recWide+2*(k&^3|k&1<<1|k>>1&1):], uint16(c))
	}
	le.PutUint32(rec[recD:], math.Float32bits(b.d))
	le.PutUint32(rec[recS:], math.Float32bits(b.s))
	le.PutUint32(rec[recN:], uint32(b.half[0]+b.half[1]))
	le.PutUint32(rec[recH0:], uint32(b.half[0]))
	le.PutUint32(rec[recH1:], uint32(b.half[1]))
}
