package quant

import "math"

// MXFP4Values are the values of MXFP4's codes, doubled to be integers; the
// scale that goes with them is half the block's (OCP Microscaling Formats v1.0).
var MXFP4Values = [16]int8{0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12}

// E8M0Half returns half of the power of two that e stands for: 2^(e−128).
func E8M0Half(e byte) float32 {
	if e < 2 {
		return math.Float32frombits(0x00200000 << e)
	}
	return math.Float32frombits(uint32(e-1) << 23)
}

func decodeMXFP4(dst []float32, src []byte) {
	for ; len(dst) >= 32; dst, src = dst[32:], src[17:] {
		d := E8M0Half(src[0])
		for i, q := range src[1:17] {
			dst[i] = d * float32(MXFP4Values[q&15])
			dst[i+16] = d * float32(MXFP4Values[q>>4])
		}
	}
}
