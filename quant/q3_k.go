package quant

// Q3_K: 256 values in 16 groups of 16, d·sc·(q − 4).
//
//	 0                32               96             108 110
//	| 32 bytes of qh | 64 bytes of ql | 12 of scales | d |
//
// d is an F16, the scales are packed as [ScalesQ3K] says. The low two bits of a
// code lie in ql as Q2_K's do; its third bit is bit e/32 of byte e%32 of qh, for
// element e.
const bytesQ3_K = 110

// ScalesQ3K unpacks the 16 scales of a Q3_K block, −32 to 31, one for each
// group of 16 elements, from their 12 bytes at offset 96 of the block.
//
// The low four bits of scales i and i+8 are the nibbles of byte i, of eight; the
// upper two of scales i, i+4, i+8 and i+12 are the bit pairs, from the lowest,
// of byte 8+i.
func ScalesQ3K(scales []byte) (sc [16]int8) {
	s := (*[12]byte)(scales)
	for i := range 4 {
		hi := s[8+i]
		sc[i] = int8(s[i]&15|hi<<4&0x30) - 32
		sc[i+4] = int8(s[i+4]&15|hi<<2&0x30) - 32
		sc[i+8] = int8(s[i]>>4|hi&0x30) - 32
		sc[i+12] = int8(s[i+4]>>4|hi>>2&0x30) - 32
	}
	return sc
}

func decodeQ3_K(dst []float32, src []byte) {
	for ; len(dst) > 0; dst, src = dst[superLen:], src[bytesQ3_K:] {
		y, b := (*[superLen]float32)(dst), (*[bytesQ3_K]byte)(src)
		d := f16At(b[108:110])
		for g, sc := range ScalesQ3K(b[96:108]) {
			dl := d * float32(sc)
			qh := (*[16]byte)(b[g%2*16:])
			ql := (*[16]byte)(b[32+g/8*32+g%2*16:])
			out := (*[16]float32)(y[16*g:])
			low, high := g/2%4*2, g/2
			for i, q := range ql {
				code := q>>(low&7)&3 | qh[i]>>(high&7)&1<<2
				out[i] = dl * float32(int32(code)-4)
			}
		}
	}
}
