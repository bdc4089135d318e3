package quant

// Q5_K: 256 values in 8 groups of 32, d·sc·q − dmin·mn.
//
//	 0  2      4              16               48                176
//	| d | dmin | 12 of sc, mn | 32 bytes of qh | 128 bytes of ql |
//
// d and dmin are F16, sc and mn are packed as [ScaleMinK4] says. The low four
// bits of the codes lie in ql as Q4_K's do; the fifth of element i of group j is
// bit j of byte i of qh.
const bytesQ5_K = 176

func decodeQ5_K(dst []float32, src []byte) {
	for ; len(dst) > 0; dst, src = dst[superLen:], src[bytesQ5_K:] {
		y, b := (*[superLen]float32)(dst), (*[bytesQ5_K]byte)(src)
		d, dmin := f16At(b[:2]), f16At(b[2:4])
		qh := (*[32]byte)(b[16:])
		for j := range 8 {
			sc, mn := ScaleMinK4(j, b[4:16])
			dl, ml := float32(d*float32(sc)), float32(dmin*float32(mn))
			ql := (*[32]byte)(b[48+j/2*32:])
			out := (*[32]float32)(y[32*j:])
			shift := j % 2 * 4
			for i, q := range ql {
				code := q>>(shift&7)&15 | qh[i]>>(j&7)&1<<4
				out[i] = float32(dl*float32(code)) - ml
			}
		}
	}
}
