//go:build amd64 && !purego

#include "textflag.h"

// func readAVX2(p *byte, n int) uint64
//
//	for ; n > 0; n -= 256 {
//		for j := range 8 {
//			lanes[j] += p[32*j : 32*j+32] // four words of 64 bits
//		}
//		p = p[256:]
//	}
//	return Σ lanes
//
// Eight sums keep the additions off the loads' way. SI p, CX bytes left, Y0 to Y7
// sums. Tails: none, n is whole steps.
TEXT ·readAVX2(SB), NOSPLIT, $0-24
	MOVQ  p+0(FP), SI
	MOVQ  n+8(FP), CX
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	VPXOR Y6, Y6, Y6
	VPXOR Y7, Y7, Y7

step:
	VPADDQ (SI), Y0, Y0
	VPADDQ 32(SI), Y1, Y1
	VPADDQ 64(SI), Y2, Y2
	VPADDQ 96(SI), Y3, Y3
	VPADDQ 128(SI), Y4, Y4
	VPADDQ 160(SI), Y5, Y5
	VPADDQ 192(SI), Y6, Y6
	VPADDQ 224(SI), Y7, Y7
	ADDQ   $256, SI
	SUBQ   $256, CX
	JGT    step

	VPADDQ       Y1, Y0, Y0
	VPADDQ       Y3, Y2, Y2
	VPADDQ       Y5, Y4, Y4
	VPADDQ       Y7, Y6, Y6
	VPADDQ       Y2, Y0, Y0
	VPADDQ       Y6, Y4, Y4
	VPADDQ       Y4, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPADDQ       X1, X0, X0
	VPSRLDQ      $8, X0, X1
	VPADDQ       X1, X0, X0
	VMOVQ        X0, ret+16(FP)
	VZEROUPPER
	RET

// The loops of arithmetic:
//
//	for range rounds {
//		for j := range 12 {
//			acc[j] = op(acc[j], ones, ones)
//		}
//	}
//	return Σ acc[j], lane by lane
//
// Twelve accumulators are more than latency times instructions a clock on any
// CPU so far, so that only the number of multipliers counts. DI acc, CX rounds
// left, Y0 or Z0 ones, registers 4 to 15 accumulators. Tails: none.

#define CLEAR_YMM \
	VPXOR Y4, Y4, Y4;    \
	VPXOR Y5, Y5, Y5;    \
	VPXOR Y6, Y6, Y6;    \
	VPXOR Y7, Y7, Y7;    \
	VPXOR Y8, Y8, Y8;    \
	VPXOR Y9, Y9, Y9;    \
	VPXOR Y10, Y10, Y10; \
	VPXOR Y11, Y11, Y11; \
	VPXOR Y12, Y12, Y12; \
	VPXOR Y13, Y13, Y13; \
	VPXOR Y14, Y14, Y14; \
	VPXOR Y15, Y15, Y15

#define ROUND_YMM(OP) \
	OP Y0, Y0, Y4;  \
	OP Y0, Y0, Y5;  \
	OP Y0, Y0, Y6;  \
	OP Y0, Y0, Y7;  \
	OP Y0, Y0, Y8;  \
	OP Y0, Y0, Y9;  \
	OP Y0, Y0, Y10; \
	OP Y0, Y0, Y11; \
	OP Y0, Y0, Y12; \
	OP Y0, Y0, Y13; \
	OP Y0, Y0, Y14; \
	OP Y0, Y0, Y15

#define TOTAL_YMM(ADD) \
	ADD Y5, Y4, Y4;   \
	ADD Y6, Y4, Y4;   \
	ADD Y7, Y4, Y4;   \
	ADD Y8, Y4, Y4;   \
	ADD Y9, Y4, Y4;   \
	ADD Y10, Y4, Y4;  \
	ADD Y11, Y4, Y4;  \
	ADD Y12, Y4, Y4;  \
	ADD Y13, Y4, Y4;  \
	ADD Y14, Y4, Y4;  \
	ADD Y15, Y4, Y4

#define ROUND_ZMM(OP) \
	OP Z0, Z0, Z4;  \
	OP Z0, Z0, Z5;  \
	OP Z0, Z0, Z6;  \
	OP Z0, Z0, Z7;  \
	OP Z0, Z0, Z8;  \
	OP Z0, Z0, Z9;  \
	OP Z0, Z0, Z10; \
	OP Z0, Z0, Z11; \
	OP Z0, Z0, Z12; \
	OP Z0, Z0, Z13; \
	OP Z0, Z0, Z14; \
	OP Z0, Z0, Z15

#define TOTAL_ZMM(ADD) \
	ADD Z5, Z4, Z4;   \
	ADD Z6, Z4, Z4;   \
	ADD Z7, Z4, Z4;   \
	ADD Z8, Z4, Z4;   \
	ADD Z9, Z4, Z4;   \
	ADD Z10, Z4, Z4;  \
	ADD Z11, Z4, Z4;  \
	ADD Z12, Z4, Z4;  \
	ADD Z13, Z4, Z4;  \
	ADD Z14, Z4, Z4;  \
	ADD Z15, Z4, Z4

#define BYTES $0x01010101 // four bytes of one
#define FLOAT $0x3f800000 // float32(1)

// Clearing a YMM register clears all of its ZMM register.
#define BEGIN(ONES) \
	CLEAR_YMM;              \
	MOVL ONES, AX;          \
	VMOVD AX, X0

// func maddYMM(acc *[64]byte, rounds int)
TEXT ·maddYMM(SB), NOSPLIT, $0-16
	MOVQ acc+0(FP), DI
	MOVQ rounds+8(FP), CX
	BEGIN(BYTES)
	VPBROADCASTD X0, Y0

round:
	ROUND_YMM(VPMADDUBSW)
	DECQ CX
	JNE  round
	TOTAL_YMM(VPADDW)
	VMOVDQU Y4, (DI)
	VZEROUPPER
	RET

// func fmaYMM(acc *[64]byte, rounds int)
TEXT ·fmaYMM(SB), NOSPLIT, $0-16
	MOVQ acc+0(FP), DI
	MOVQ rounds+8(FP), CX
	BEGIN(FLOAT)
	VPBROADCASTD X0, Y0

round:
	ROUND_YMM(VFMADD231PS)
	DECQ CX
	JNE  round
	TOTAL_YMM(VADDPS)
	VMOVUPS Y4, (DI)
	VZEROUPPER
	RET

// func dotZMM(acc *[64]byte, rounds int)
TEXT ·dotZMM(SB), NOSPLIT, $0-16
	MOVQ acc+0(FP), DI
	MOVQ rounds+8(FP), CX
	BEGIN(BYTES)
	VPBROADCASTD X0, Z0

round:
	ROUND_ZMM(VPDPBUSD)
	DECQ CX
	JNE  round
	TOTAL_ZMM(VPADDD)
	VMOVDQU32 Z4, (DI)
	VZEROUPPER
	RET

// func fmaZMM(acc *[64]byte, rounds int)
TEXT ·fmaZMM(SB), NOSPLIT, $0-16
	MOVQ acc+0(FP), DI
	MOVQ rounds+8(FP), CX
	BEGIN(FLOAT)
	VPBROADCASTD X0, Z0

round:
	ROUND_ZMM(VFMADD231PS)
	DECQ CX
	JNE  round
	TOTAL_ZMM(VADDPS)
	VMOVUPS Z4, (DI)
	VZEROUPPER
	RET
