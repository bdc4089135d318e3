package quant

import "encoding/binary"

// Q5_1: 32 values d·q + m.
//
//	 0  2   4    8                24
//	| d | m | qh | 16 bytes of ql |
//
// d and m are F16; ql and qh as in Q5_0.
const bytesQ5_1 = 24

func decodeQ5_1(dst []float32, src []byte) {
	for ; len(dst) > 0; dst, src = dst[blockLen:], src[bytesQ5_1:] {
		y, b := (*[blockLen]float32)(dst), (*[bytesQ5_1]byte)(src)
		d, m, qh := f16At(b[:2]), f16At(b[2:4]), binary.LittleEndian.Uint32(b[4:8])
		for i, ql := range b[8:] {
			lo := int32(ql&15) | int32(qh<<4&16)
			hi := int32(ql>>4) | int32(qh>>12&16)
			y[i&15] = float32(d*float32(lo)) + m
			y[i&15+16] = float32(d*float32(hi)) + m
			qh >>= 1
		}
	}
}
