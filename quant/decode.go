package quant

import (
	"encoding/binary"
	"math"
)

var table = [NumTypes]Info{
	F32:    {"F32", 1, 4, decodeF32},
	F16:    {"F16", 1, 2, decodeF16},
	BF16:   {"BF16", 1, 2, decodeBF16},
	Q4_0:   {"Q4_0", 32, 18, decodeQ4_0},
	Q4_1:   {"Q4_1", 32, 20, decodeQ4_1},
	Q5_0:   {"Q5_0", 32, 22, decodeQ5_0},
	Q5_1:   {"Q5_1", 32, 24, decodeQ5_1},
	Q8_0:   {"Q8_0", 32, 34, decodeQ8_0},
	Q2_K:   {"Q2_K", 256, 84, decodeQ2_K},
	Q3_K:   {"Q3_K", 256, 110, decodeQ3_K},
	Q4_K:   {"Q4_K", 256, 144, decodeQ4_K},
	Q5_K:   {"Q5_K", 256, 176, decodeQ5_K},
	Q6_K:   {"Q6_K", 256, 210, decodeQ6_K},
	IQ4_NL: {"IQ4_NL", 32, 18, decodeIQ4_NL},
	IQ4_XS: {"IQ4_XS", 256, 136, decodeIQ4_XS},
	MXFP4:  {"MXFP4", 32, 17, decodeMXFP4},
}

func decodeF32(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
	}
}

func decodeF16(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = F16ToF32(binary.LittleEndian.Uint16(src[2*i:]))
	}
}

func decodeBF16(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = BF16ToF32(binary.LittleEndian.Uint16(src[2*i:]))
	}
}

func decodeQ4_0(dst []float32, src []byte) {
	for ; len(dst) >= 32; dst, src = dst[32:], src[18:] {
		d := half(src)
		for i, q := range src[2:18] {
			dst[i] = d * float32(int(q&15)-8)
			dst[i+16] = d * float32(int(q>>4)-8)
		}
	}
}

func decodeQ4_1(dst []float32, src []byte) {
	for ; len(dst) >= 32; dst, src = dst[32:], src[20:] {
		d, m := half(src), half(src[2:])
		for i, q := range src[4:20] {
			dst[i] = float32(d*float32(q&15)) + m
			dst[i+16] = float32(d*float32(q>>4)) + m
		}
	}
}

func decodeQ5_0(dst []float32, src []byte) {
	for ; len(dst) >= 32; dst, src = dst[32:], src[22:] {
		d, h := half(src), binary.LittleEndian.Uint32(src[2:])
		for i, q := range src[6:22] {
			dst[i] = d * float32(int(q&15)|int(h>>i&1)<<4-16)
			dst[i+16] = d * float32(int(q>>4)|int(h>>(i+16)&1)<<4-16)
		}
	}
}
