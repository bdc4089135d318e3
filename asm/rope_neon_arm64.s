//go:build arm64 && !purego

#include "textflag.h"
#include "math_neon_arm64.h"

// Rotary embeddings. For every pair (x0, x1):
//
//	y0 = FMA32(-x1, sin, float32(x0*cos))
//	y1 = FMA32(x1, cos, float32(x0*sin))
//
// v0 x0, v1 x1, v2 cos, v3 sin, v4 y0, v5 y1. Tails: one pair at a time.

#define ROTATE \
	FMUL_4S(4, 0, 2); \
	FMLS_4S(4, 1, 3); \ // y0
	FMUL_4S(5, 0, 3); \
	FMLA_4S(5, 1, 2)    // y1

// func RoPEAdjacentNEON(x, cos, sin *float32, n int)
//
// The pairs are (x[2i], x[2i+1]). R0 x, R1 cos, R2 sin, R3 pairs left.
TEXT ·RoPEAdjacentNEON(SB), NOSPLIT, $0-32
	MOVD x+0(FP), R0
	MOVD cos+8(FP), R1
	MOVD sin+16(FP), R2
	MOVD n+24(FP), R3

loop:
	CMP    $4, R3
	BLT    tail
	VLD2   (R0), [V0.S4, V1.S4]     // every second one
	VLD1.P 16(R1), [V2.S4]
	VLD1.P 16(R2), [V3.S4]
	ROTATE
	VST2.P [V4.S4, V5.S4], 32(R0)
	SUB    $4, R3
	B      loop

tail:
	CBZ     R3, done
	FMOVS   (R0), F0
	FMOVS   4(R0), F1
	FMOVS.P 4(R1), F2
	FMOVS.P 4(R2), F3
	ROTATE
	FMOVS.P F4, 4(R0)
	FMOVS.P F5, 4(R0)
	SUB     $1, R3
	B       tail

done:
	RET

// func RoPEHalvesNEON(x, cos, sin *float32, n int)
//
// The pairs are (x[i], x[i+n]). R0 x, R4 the second half, R1 cos, R2 sin, R3
// pairs left.
TEXT ·RoPEHalvesNEON(SB), NOSPLIT, $0-32
	MOVD x+0(FP), R0
	MOVD cos+8(FP), R1
	MOVD sin+16(FP), R2
	MOVD n+24(FP), R3
	ADD  R3<<2, R0, R4

loop:
	CMP    $4, R3
	BLT    tail
	VLD1   (R0), [V0.S4]
	VLD1   (R4), [V1.S4]
	VLD1.P 16(R1), [V2.S4]
	VLD1.P 16(R2), [V3.S4]
	ROTATE
	VST1.P [V4.S4], 16(R0)
	VST1.P [V5.S4], 16(R4)
	SUB    $4, R3
	B      loop

tail:
	CBZ     R3, done
	FMOVS   (R0), F0
	FMOVS   (R4), F1
	FMOVS.P 4(R1), F2
	FMOVS.P 4(R2), F3
	ROTATE
	FMOVS.P F4, 4(R0)
	FMOVS.P F5, 4(R4)
	SUB     $1, R3
	B       tail

done:
	RET
