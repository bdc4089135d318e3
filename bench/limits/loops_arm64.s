//go:build arm64 && !purego

#include "textflag.h"

// func readNEON(p *byte, n int) uint64
//
//	for ; n > 0; n -= 128 {
//		for j := range 8 {
//			lanes[j] += p[16*j : 16*j+16] // two words of 64 bits
//		}
//		p = p[128:]
//	}
//	return Σ lanes
//
// R0 p, R1 bytes left, V0 to V7 loaded, V16 to V23 sums. Tails: none, n is whole
// steps.
TEXT ·readNEON(SB), NOSPLIT, $0-24
	MOVD p+0(FP), R0
	MOVD n+8(FP), R1
	VEOR V16.B16, V16.B16, V16.B16
	VEOR V17.B16, V17.B16, V17.B16
	VEOR V18.B16, V18.B16, V18.B16
	VEOR V19.B16, V19.B16, V19.B16
	VEOR V20.B16, V20.B16, V20.B16
	VEOR V21.B16, V21.B16, V21.B16
	VEOR V22.B16, V22.B16, V22.B16
	VEOR V23.B16, V23.B16, V23.B16

step:
	VLD1.P 64(R0), [V0.D2, V1.D2, V2.D2, V3.D2]
	VLD1.P 64(R0), [V4.D2, V5.D2, V6.D2, V7.D2]
	VADD   V0.D2, V16.D2, V16.D2
	VADD   V1.D2, V17.D2, V17.D2
	VADD   V2.D2, V18.D2, V18.D2
	VADD   V3.D2, V19.D2, V19.D2
	VADD   V4.D2, V20.D2, V20.D2
	VADD   V5.D2, V21.D2, V21.D2
	VADD   V6.D2, V22.D2, V22.D2
	VADD   V7.D2, V23.D2, V23.D2
	SUBS   $128, R1, R1
	BGT    step

	VADD V17.D2, V16.D2, V16.D2
	VADD V19.D2, V18.D2, V18.D2
	VADD V21.D2, V20.D2, V20.D2
	VADD V23.D2, V22.D2, V22.D2
	VADD V18.D2, V16.D2, V16.D2
	VADD V22.D2, V20.D2, V20.D2
	VADD V20.D2, V16.D2, V16.D2
	VMOV V16.D[0], R2
	VMOV V16.D[1], R3
	ADD  R3, R2, R2
	MOVD R2, ret+16(FP)
	RET

// The loops of arithmetic:
//
//	for range rounds {
//		for j := range 16 {
//			acc[j] = op(acc[j], ones, ones)
//		}
//	}
//	return Σ acc[j], lane by lane
//
// Sixteen accumulators are latency times instructions a clock of the widest CPUs,
// so that only the number of multipliers counts. R0 acc, R1 rounds left, V0 ones,
// V16 to V31 accumulators. Tails: none.

#define BEGIN(ONES) \
	VEOR V16.B16, V16.B16, V16.B16;  \
	VEOR V17.B16, V17.B16, V17.B16;  \
	VEOR V18.B16, V18.B16, V18.B16;  \
	VEOR V19.B16, V19.B16, V19.B16;  \
	VEOR V20.B16, V20.B16, V20.B16;  \
	VEOR V21.B16, V21.B16, V21.B16;  \
	VEOR V22.B16, V22.B16, V22.B16;  \
	VEOR V23.B16, V23.B16, V23.B16;  \
	VEOR V24.B16, V24.B16, V24.B16;  \
	VEOR V25.B16, V25.B16, V25.B16;  \
	VEOR V26.B16, V26.B16, V26.B16;  \
	VEOR V27.B16, V27.B16, V27.B16;  \
	VEOR V28.B16, V28.B16, V28.B16;  \
	VEOR V29.B16, V29.B16, V29.B16;  \
	VEOR V30.B16, V30.B16, V30.B16;  \
	VEOR V31.B16, V31.B16, V31.B16;  \
	MOVD ONES, R2;                   \
	VDUP R2, V0.S4

#define ROUND(OP) \
	OP(16); OP(17); OP(18); OP(19); OP(20); OP(21); OP(22); OP(23); \
	OP(24); OP(25); OP(26); OP(27); OP(28); OP(29); OP(30); OP(31)

// Add up V16 to V31, of int32 or of float32, and write the sum.
#define ADD_INT(d, s) WORD $(0x4ea08400 | (s)<<16 | (d)<<5 | (d))   // ADD Vd.4S, Vd.4S, Vs.4S
#define ADD_FLOAT(d, s) WORD $(0x4e20d400 | (s)<<16 | (d)<<5 | (d)) // FADD Vd.4S, Vd.4S, Vs.4S

#define TOTAL(ADD) \
	ADD(16, 17); ADD(18, 19); ADD(20, 21); ADD(22, 23); \
	ADD(24, 25); ADD(26, 27); ADD(28, 29); ADD(30, 31); \
	ADD(16, 18); ADD(20, 22); ADD(24, 26); ADD(28, 30); \
	ADD(16, 20); ADD(24, 28); ADD(16, 24);              \
	VST1 [V16.S4], (R0)

#define SDOT(d) WORD $(0x4e809400 | (d))  // SDOT Vd.4S, V0.16B, V0.16B
#define SMMLA(d) WORD $(0x4e80a400 | (d)) // SMMLA Vd.4S, V0.16B, V0.16B
#define FMLA(d) WORD $(0x4e20cc00 | (d))  // FMLA Vd.4S, V0.4S, V0.4S

#define BYTES $0x01010101 // four bytes of one
#define FLOAT $0x3f800000 // float32(1)

// func dotNEON(acc *[64]byte, rounds int)
TEXT ·dotNEON(SB), NOSPLIT, $0-16
	MOVD acc+0(FP), R0
	MOVD rounds+8(FP), R1
	BEGIN(BYTES)

round:
	ROUND(SDOT)
	SUBS $1, R1, R1
	BNE  round
	TOTAL(ADD_INT)
	RET

// func matNEON(acc *[64]byte, rounds int)
TEXT ·matNEON(SB), NOSPLIT, $0-16
	MOVD acc+0(FP), R0
	MOVD rounds+8(FP), R1
	BEGIN(BYTES)

round:
	ROUND(SMMLA)
	SUBS $1, R1, R1
	BNE  round
	TOTAL(ADD_INT)
	RET

// func fmaNEON(acc *[64]byte, rounds int)
TEXT ·fmaNEON(SB), NOSPLIT, $0-16
	MOVD acc+0(FP), R0
	MOVD rounds+8(FP), R1
	BEGIN(FLOAT)

round:
	ROUND(FMLA)
	SUBS $1, R1, R1
	BNE  round
	TOTAL(ADD_FLOAT)
	RET
