package kernels

import "math"

// The records of the avx512 tier hold codes as bytes: in FormInt8 q, in FormInt16
// hi and then lo, where q = 128·hi + lo. What belongs to the whole block follows:
//
//	 0  float32 d   scale
//	 4  float32 s   d times the sum of the codes
//	 8  int32       -8 times the sum of the codes
//	12  int32       -128 times it
//	16  2 × int32   -32 times the sums of the first and the last 16 codes
//	24  2 × int32   these sums
//
// The products are what weights' offsets subtract.
const (
	termRecord8Bytes  = 32 + 32
	termRecord16Bytes = 64 + 32
)

// quantizeRowTerms is a QuantizeRow in records of byte terms.
func quantizeRowTerms(dst []byte, stride int, x []float32, form Form) {
	for i := 0; i < len(x); i += blockCols {
		b := quantizeBlock(x[i:i+blockCols], form)
		b.putTerms(dst[i/blockCols*stride:], form)
	}
}

func (b *actBlock) putTerms(rec []byte, form Form) {
	rest := rec[32:64]
	if form == FormInt16 {
		rest = rec[64:96]
	}
	for k, c := range b.codes {
		if form == FormInt8 {
			rec[k] = byte(c)
			continue
		}
		lo := (c+64)&127 - 64
		rec[k], rec[32+k] = byte((c-lo)>>7), byte(lo)
	}
	n := b.half[0] + b.half[1]
	for i, v := range [8]uint32{
		math.Float32bits(b.d), math.Float32bits(b.s),
		uint32(-8 * n), uint32(-128 * n),
		uint32(-32 * b.half[0]), uint32(-32 * b.half[1]),
		uint32(b.half[0]), uint32(b.half[1]),
	} {
		le.PutUint32(rest[4*i:], v)
	}
}
