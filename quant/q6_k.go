package quant

// Q6_K: 256 values in 16 groups of 16, d·sc·(q − 32).
//
//	 0                 128              192              208 210
//	| 128 bytes of ql | 64 bytes of qh | 16 of sc int8 | d |
//
// d is an F16. Each half of the block, 128 elements, has 64 bytes of ql and 32
// of qh: element 32k + i of it has the low four bits of its code in byte
// 32(k%2) + i of ql, the low nibble for k < 2, and the upper two in bits 2k and
// 2k+1 of byte i of qh.
const bytesQ6_K = 210

func decodeQ6_K(dst []float32, src []byte) {
	for ; len(dst) > 0; dst, src = dst[superLen:], src[bytesQ6_K:] {
		y, b := (*[superLen]float32)(dst), (*[bytesQ6_K]byte)(src)
		d := f16At(b[208:210])
		for g := range 16 {
			dl := d * float32(int8(b[192+g]))
			ql := (*[16]byte)(b[g/8*64+g%4*16:])
			qh := (*[16]byte)(b[128+g/8*32+g%2*16:])
			out := (*[16]float32)(y[16*g:])
			low, high := g/4%2*4, g/2%4*2
			for i, q := range ql {
				code := q>>(low&7)&15 | qh[i]>>(high&7)&3<<4
				out[i] = dl * float32(int32(code)-32)
			}
		}
	}
}
