package quant

import "encoding/binary"

func decodeQ5_1(dst []float32, src []byte) {
	for ; len(dst) >= 32; dst, src = dst[32:], src[24:] {
		d, m, h := half(src), half(src[2:]), binary.LittleEndian.Uint32(src[4:])
		for i, q := range src[8:24] {
			dst[i] = float32(d*float32(uint32(q&15)|h>>i&1<<4)) + m
			dst[i+16] = float32(d*float32(uint32(q>>4)|h>>(i+16)&1<<4)) + m
		}
	}
}

func decodeQ8_0(dst []float32, src []byte) {
	for ; len(dst) >= 32; dst, src = dst[32:], src[34:] {
		d := half(src)
		for i, q := range src[2:34] {
			dst[i] = d * float32(int8(q))
		}
	}
}

func decodeQ2_K(dst []float32, src []byte) {
	for ; len(dst) >= 256; dst, src = dst[256:], src[84:] {
		d, dmin := half(src[80:]), half(src[82:])
		for i := range 256 {
			s := src[i/16]
			q := src[16+i/128*32+i%32] >> (i / 32 % 4 * 2) & 3
			dst[i] = float32(float32(d*float32(s&15))*float32(q)) - float32(dmin*float32(s>>4))
		}
	}
}

// ScalesQ3K unpacks the 16 scales of a Q3_K block from their 12 bytes.
func ScalesQ3K(s []byte) (sc [16]int8) {
	for i := range 16 {
		lo := s[i%8] >> (i / 8 * 4) & 15
		hi := s[8+i%4] >> (i / 4 * 2) & 3
		sc[i] = int8(lo|hi<<4) - 32
	}
	return sc
}

func decodeQ3_K(dst []float32, src []byte) {
	for ; len(dst) >= 256; dst, src = dst[256:], src[110:] {
		d, sc := half(src[108:]), ScalesQ3K(src[96:108])
		for i := range 256 {
			q := int(src[32+i/128*32+i%32] >> (i / 32 % 4 * 2) & 3)
			q += int(src[i%32]>>(i/32)&1)<<2 - 4
			dst[i] = float32(d*float32(sc[i/16])) * float32(q)
		}
	}
}

// ScaleMinK4 returns the scale and minimum of sub-block j of a Q4_K or Q5_K
// block from its 12 bytes of scales.
func ScaleMinK4(j int, s []byte) (sc, mn byte) {
	if j < 4 {
		return s[j] & 63, s[j+4] & 63
	}
	return s[j+4]&15 | s[j-4]>>6<<4, s[j+4]>>4 | s[j]>>6<<4
}

func decodeQ4_K(dst []float32, src []byte) {
	for ; len(dst) >= 256; dst, src = dst[256:], src[144:] {
		d, dmin := half(src), half(src[2:])
		for j := range 8 {
			sc, mn := ScaleMinK4(j, src[4:16])
			dl, ml := d*float32(sc), dmin*float32(mn)
			qs, shift := src[16+j/2*32:][:32], j%2*4
			for i, q := range qs {
				dst[j*32+i] = float32(dl*float32(q>>shift&15)) - ml
			}
		}
	}
}

func decodeQ5_K(dst []float32, src []byte) {
	for ; len(dst) >= 256; dst, src = dst[256:], src[176:] {
		d, dmin := half(src), half(src[2:])
		for j := range 8 {
			sc, mn := ScaleMinK4(j, src[4:16])
			dl, ml := d*float32(sc), dmin*float32(mn)
			qs, qh, shift := src[48+j/2*32:][:32], src[16:48], j%2*4
			for i, q := range qs {
				dst[j*32+i] = float32(dl*float32(q>>shift&15|qh[i]>>j&1<<4)) - ml
			}
		}
	}
}

func decodeQ6_K(dst []float32, src []byte) {
	for ; len(dst) >= 256; dst, src = dst[256:], src[210:] {
		d := half(src[208:])
		for i := range 256 {
			lo := src[i/128*64+i%64] >> (i / 64 % 2 * 4) & 15
			hi := src[128+i/128*32+i%32] >> (i / 32 % 4 * 2) & 3
			dst[i] = float32(d*float32(int8(src[192+i/16]))) * float32(int(lo|hi<<4)-32)
		}
	}
}

// IQ4NLValues are the values of IQ4_NL's and IQ4_XS's codes.
var IQ4NLValues = [16]int8{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}

func decodeIQ4_NL(dst []float32, src []byte) {
	for ; len(dst) >= 32; dst, src = dst[32:], src[18:] {
		d := half(src)
		for i, q := range src[2:18] {
			dst[i] = d * float32(IQ4NLValues[q&15])
			dst[i+16] = d * float32(IQ4NLValues[q>>4])
		}
	}
}

func decodeIQ4_XS(dst []float32, src []byte) {
	for ; len(dst) >= 256; dst, src = dst[256:], src[136:] {
		d, high := half(src), binary.LittleEndian.Uint16(src[2:])
		for j := range 8 {
			sc := int(src[4+j/2]>>(j%2*4)&15) | int(high>>(2*j)&3)<<4
			dl := d * float32(sc-32)
			for i, q := range src[8+16*j : 24+16*j] {
				dst[j*32+i] = dl * float32(IQ4NLValues[q&15])
				dst[j*32+i+16] = dl * float32(IQ4NLValues[q>>4])
			}
		}
	}
}
