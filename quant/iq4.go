package quant

import "encoding/binary"

// IQ4NLValues are the values that the codes of IQ4_NL and IQ4_XS stand for.
var IQ4NLValues = [16]int8{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}

// IQ4_NL: 32 values d·IQ4NLValues[q]. Its block is laid out as Q4_0's.
const bytesIQ4_NL = 18

func decodeIQ4_NL(dst []float32, src []byte) {
	for ; len(dst) > 0; dst, src = dst[blockLen:], src[bytesIQ4_NL:] {
		b := (*[bytesIQ4_NL]byte)(src)
		decodeNibbles((*[blockLen]float32)(dst), (*[16]byte)(b[2:]), &IQ4NLValues, f16At(b[:2]))
	}
}

// IQ4_XS: 256 values in 8 groups of 32, d·(sc − 32)·IQ4NLValues[q].
//
//	 0  2     4             8                136
//	| d | sch | 4 of scl   | 128 bytes of q |
//
// d is an F16. The low four bits of group j's sc are a nibble of byte j/2 of
// scl, the low one for even j; the upper two are bits 2j and 2j+1 of the
// little-endian word sch. Group j has bytes 16j to 16j+15 of the codes, laid out
// as in Q4_0.
const bytesIQ4_XS = 136

func decodeIQ4_XS(dst []float32, src []byte) {
	for ; len(dst) > 0; dst, src = dst[superLen:], src[bytesIQ4_XS:] {
		y, b := (*[superLen]float32)(dst), (*[bytesIQ4_XS]byte)(src)
		d, high := f16At(b[:2]), binary.LittleEndian.Uint16(b[2:4])
		for j := range 8 {
			sc := int32(b[4+j/2]>>(j%2*4)&15) | int32(high>>(2*j)&3)<<4
			decodeNibbles((*[blockLen]float32)(y[32*j:]), (*[16]byte)(b[8+16*j:]), &IQ4NLValues, d*float32(sc-32))
		}
	}
}

// decodeNibbles writes d·values[q] for 32 codes q, elements i and i+16 in byte i.
func decodeNibbles(y *[blockLen]float32, qs *[16]byte, values *[16]int8, d float32) {
	for i, q := range qs {
		y[i] = d * float32(values[q&15])
		y[i+16] = d * float32(values[q>>4])
	}
}
