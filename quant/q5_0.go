package quant

import "encoding/binary"

// Q5_0: 32 values d·(q − 16).
//
//	 0  2    6                22
//	| d | qh | 16 bytes of ql |
//
// d is an F16. Byte i of ql holds the low four bits of the codes of elements i
// (low nibble) and i+16; bit i of the little-endian word qh is the fifth bit of
// element i's.
const bytesQ5_0 = 22

func decodeQ5_0(dst []float32, src []byte) {
	for ; len(dst) > 0; dst, src = dst[blockLen:], src[bytesQ5_0:] {
		y, b := (*[blockLen]float32)(dst), (*[bytesQ5_0]byte)(src)
		d, qh := f16At(b[:2]), binary.LittleEndian.Uint32(b[2:6])
		for i, ql := range b[6:] {
			lo := int32(ql&15) | int32(qh<<4&16)
			hi := int32(ql>>4) | int32(qh>>12&16)
			y[i&15] = d * float32(lo-16)
			y[i&15+16] = d * float32(hi-16)
			qh >>= 1
		}
	}
}
