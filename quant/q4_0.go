package quant

// Q4_0: 32 values d·(q − 8).
//
//	 0  2                18
//	| d | 16 bytes of q |
//
// d is an F16. Byte i holds the codes of elements i (low nibble) and i+16.
const bytesQ4_0 = 18

func decodeQ4_0(dst []float32, src []byte) {
	for ; len(dst) > 0; dst, src = dst[blockLen:], src[bytesQ4_0:] {
		y, b := (*[blockLen]float32)(dst), (*[bytesQ4_0]byte)(src)
		d := f16At(b[:2])
		for i, q := range b[2:] {
			y[i&15] = d * float32(int(q&15)-8)
			y[i&15+16] = d * float32(int(q>>4)-8)
		}
	}
}
