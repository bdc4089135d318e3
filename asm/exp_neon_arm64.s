//go:build arm64 && !purego

#include "textflag.h"
#include "math_neon_arm64.h"

EXP_CONSTANTS

// func ExpNEON(dst, x *float32, n int)
//
//	for i := range n {
//		dst[i] = exp32(x[i])
//	}
//
// R0 dst, R1 x, R2 elements left; v0 x, v1 to v3 scratch, v4 the result, v20 to
// v31 constants. Tails: one element at a time.
TEXT ·ExpNEON(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R2
	LOAD_EXP(R3)

loop:
	CMP     $4, R2
	BLT     tail
	VLD1.P  16(R1), [V0.S4]
	EXP(4, 0, 1, 2, 3)
	VST1.P  [V4.S4], 16(R0)
	SUB     $4, R2
	B       loop

tail:
	CBZ     R2, done
	FMOVS.P 4(R1), F0
	EXP(4, 0, 1, 2, 3)
	FMOVS.P F4, 4(R0)
	SUB     $1, R2
	B       tail

done:
	RET
