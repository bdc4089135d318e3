package quant

import "math"

// F16ToF32 converts an IEEE 754 binary16 to single precision, exactly; a NaN
// keeps its sign and payload.
func F16ToF32(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp := uint32(h>>10) & 0x1f
	frac := uint32(h) & 0x3ff
	switch exp {
	case 0: // zero or subnormal: frac · 2⁻²⁴
		f := float32(frac) * 0x1p-24
		return math.Float32frombits(sign | math.Float32bits(f))
	case 31: // infinity or NaN
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+127-15)<<23 | frac<<13)
}

// F32ToF16 converts to IEEE 754 binary16, rounding to nearest, ties to even.
// What rounds past 65504 becomes infinity; a NaN stays one, quiet, with its
// sign and the upper bits of its payload.
func F32ToF16(f float32) uint16 {
	b := math.Float32bits(f)
	sign := uint16(b>>16) & 0x8000
	b &= 0x7fffffff
	switch {
	case b > 0x7f800000: // NaN
		return sign | 0x7e00 | uint16(b>>13)&0x3ff
	case b >= 0x477ff000: // 65520, half way past the largest half, and up
		return sign | 0x7c00
	case b < 0x38800000: // below 2⁻¹⁴, the smallest normal half
		// The last place of 0.5 is 2⁻²⁴, a subnormal half's unit: the sum
		// rounds to it and leaves the code in its low bits.
		v := math.Float32frombits(b) + 0.5
		return sign | uint16(math.Float32bits(v)-0x3f000000)
	}
	b += 0xfff + (b>>13)&1 // to even, carrying into the exponent
	return sign | uint16((b-(127-15)<<23)>>13)
}

// BF16ToF32 converts a bfloat16, the upper half of a single, exactly.
func BF16ToF32(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

// F32ToBF16 converts to bfloat16, rounding to nearest, ties to even. What
// rounds past the largest bfloat16 becomes infinity; a NaN stays one, quiet.
func F32ToBF16(f float32) uint16 {
	b := math.Float32bits(f)
	if b&0x7fffffff > 0x7f800000 {
		return uint16(b>>16) | 0x40
	}
	return uint16((b + 0x7fff + (b>>16)&1) >> 16)
}

// f16At reads the half at the front of b.
func f16At(b []byte) float32 { return F16ToF32(uint16(b[0]) | uint16(b[1])<<8) }
