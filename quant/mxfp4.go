package quant

import "math"

// MXFP4: 32 values E8M0Half(e)·MXFP4Values[q], of the OCP Microscaling Formats
// Specification 1.0.
//
//	 0  1                17
//	| e | 16 bytes of q |
//
// Byte i holds the codes of elements i (low nibble) and i+16.
const bytesMXFP4 = 17

// MXFP4Values are the E2M1 values that the codes of MXFP4 stand for, doubled to
// be integers: the scale that goes with them is [E8M0Half]. Code 8, −0 in E2M1,
// is +0.
var MXFP4Values = [16]int8{0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12}

// E8M0Half returns half of the scale that an MXFP4 block's first byte stands
// for: 2^(e−128), exactly. Code 255, NaN in the specification, is 2^127 here, as
// ggml has it.
func E8M0Half(e byte) float32 {
	if e < 2 { // 2⁻¹²⁸ and 2⁻¹²⁷ are subnormal
		return math.Float32frombits(0x00200000 << e)
	}
	return math.Float32frombits(uint32(e-1) << 23)
}

func decodeMXFP4(dst []float32, src []byte) {
	for ; len(dst) > 0; dst, src = dst[blockLen:], src[bytesMXFP4:] {
		b := (*[bytesMXFP4]byte)(src)
		decodeNibbles((*[blockLen]float32)(dst), (*[16]byte)(b[1:]), &MXFP4Values, E8M0Half(b[0]))
	}
}
