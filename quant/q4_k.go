package quant

// Q4_K: 256 values in 8 groups of 32, d·sc·q − dmin·mn.
//
//	 0  2      4               16               144
//	| d | dmin | 12 of sc, mn | 128 bytes of q |
//
// d and dmin are F16, sc and mn are packed as [ScaleMinK4] says. Groups 2j
// (low nibbles) and 2j+1 share bytes 32j to 32j+31 of the codes.
const bytesQ4_K = 144

// ScaleMinK4 unpacks the scale and the minimum, 0 to 63, of group j, 0 to 7, of
// a Q4_K or Q5_K block from its 12 bytes of scales at offset 4 of the block.
//
// Groups 0 to 3 have them in the low six bits of bytes j and j+4. Groups 4 to 7
// have their low four bits in the nibbles of byte j+4, and the upper two in
// those that the first groups leave free, of bytes j−4 and j.
func ScaleMinK4(j int, scales []byte) (sc, mn byte) {
	s := (*[12]byte)(scales)
	if j < 4 {
		return s[j] & 63, s[j+4] & 63
	}
	return s[j+4]&15 | s[j-4]>>6<<4, s[j+4]>>4 | s[j]>>6<<4
}

func decodeQ4_K(dst []float32, src []byte) {
	for ; len(dst) > 0; dst, src = dst[superLen:], src[bytesQ4_K:] {
		y, b := (*[superLen]float32)(dst), (*[bytesQ4_K]byte)(src)
		d, dmin := f16At(b[:2]), f16At(b[2:4])
		for j := range 8 {
			sc, mn := ScaleMinK4(j, b[4:16])
			dl, ml := float32(d*float32(sc)), float32(dmin*float32(mn))
			qs := (*[32]byte)(b[16+j/2*32:])
			out := (*[32]float32)(y[32*j:])
			shift := j % 2 * 4
			for i, q := range qs {
				out[i] = float32(dl*float32(q>>(shift&7)&15)) - ml
			}
		}
	}
}
