package quant

// Q2_K: 256 values in 16 groups of 16, d·sc·q − dmin·mn.
//
//	 0                     16              80  82     84
//	| 16 bytes of sc, mn | 64 bytes of q | d | dmin |
//
// d and dmin are F16. Byte g of the first part holds group g's sc (low nibble)
// and mn. Of the codes, bytes 0–31 serve elements 0–127 and bytes 32–63 the
// rest: bits 2k and 2k+1 of byte i are the code of element 32k + i.
const bytesQ2_K = 84

func decodeQ2_K(dst []float32, src []byte) {
	for ; len(dst) > 0; dst, src = dst[superLen:], src[bytesQ2_K:] {
		y, b := (*[superLen]float32)(dst), (*[bytesQ2_K]byte)(src)
		d, dmin := f16At(b[80:82]), f16At(b[82:84])
		for g := range 16 {
			dl, ml := float32(d*float32(b[g]&15)), float32(dmin*float32(b[g]>>4))
			qs := (*[16]byte)(b[16+g/8*32+g%2*16:])
			out := (*[16]float32)(y[16*g:])
			shift := g / 2 % 4 * 2
			for i, q := range qs {
				out[i] = float32(dl*float32(q>>(shift&7)&3)) - ml
			}
		}
	}
}
