package quant

// Q4_1: 32 values d·q + m.
//
//	 0  2   4                20
//	| d | m | 16 bytes of q |
//
// d and m are F16. Byte i holds the codes of elements i (low nibble) and i+16.
const bytesQ4_1 = 20

func decodeQ4_1(dst []float32, src []byte) {
	for ; len(dst) > 0; dst, src = dst[blockLen:], src[bytesQ4_1:] {
		y, b := (*[blockLen]float32)(dst), (*[bytesQ4_1]byte)(src)
		d, m := f16At(b[:2]), f16At(b[2:4])
		for i, q := range b[4:] {
			y[i&15] = float32(d*float32(q&15)) + m
			y[i&15+16] = float32(d*float32(q>>4)) + m
		}
	}
}
