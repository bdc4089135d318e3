package quant

// Q8_0: 32 values d·q.
//
//	 0  2                34
//	| d | 32 codes int8 |
//
// d is an F16.
const bytesQ8_0 = 34

func decodeQ8_0(dst []float32, src []byte) {
	for ; len(dst) > 0; dst, src = dst[blockLen:], src[bytesQ8_0:] {
		y, b := (*[blockLen]float32)(dst), (*[bytesQ8_0]byte)(src)
		d := f16At(b[:2])
		for i, q := range b[2:] {
			y[i] = d * float32(int8(q))
		}
	}
}
