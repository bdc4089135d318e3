package quant

// Elements in a block: of the types with one scale a block, and of the K-quants
// and IQ4_XS, whose blocks of 256 are divided into groups with their own scales.
const (
	blockLen = 32
	superLen = 256
)

// table is indexed by Type; the rows of types that gptrun does not read are zero.
var table = [NumTypes]Info{
	F32:    {"F32", 1, 4, decodeF32},
	F16:    {"F16", 1, 2, decodeF16},
	Q4_0:   {"Q4_0", blockLen, bytesQ4_0, decodeQ4_0},
	Q4_1:   {"Q4_1", blockLen, bytesQ4_1, decodeQ4_1},
	Q5_0:   {"Q5_0", blockLen, bytesQ5_0, decodeQ5_0},
	Q5_1:   {"Q5_1", blockLen, bytesQ5_1, decodeQ5_1},
	Q8_0:   {"Q8_0", blockLen, bytesQ8_0, decodeQ8_0},
	Q2_K:   {"Q2_K", superLen, bytesQ2_K, decodeQ2_K},
	Q3_K:   {"Q3_K", superLen, bytesQ3_K, decodeQ3_K},
	Q4_K:   {"Q4_K", superLen, bytesQ4_K, decodeQ4_K},
	Q5_K:   {"Q5_K", superLen, bytesQ5_K, decodeQ5_K},
	Q6_K:   {"Q6_K", superLen, bytesQ6_K, decodeQ6_K},
	IQ4_NL: {"IQ4_NL", blockLen, bytesIQ4_NL, decodeIQ4_NL},
	IQ4_XS: {"IQ4_XS", superLen, bytesIQ4_XS, decodeIQ4_XS},
	BF16:   {"BF16", 1, 2, decodeBF16},
	MXFP4:  {"MXFP4", blockLen, bytesMXFP4, decodeMXFP4},
}
