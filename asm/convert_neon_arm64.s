//go:build arm64 && !purego

#include "textflag.h"
#include "words_arm64.h"

// Conversions between single and half precision, to nearest even. R0 dst, R1
// src, R2 elements left; v0 to v3 src, v4 to v7 dst. Tails: one element at a time.

// func ToF16NEON(dst *uint16, src *float32, n int)
//
//	for i := range n {
//		dst[i] = F32ToF16(src[i])
//	}
TEXT ·ToF16NEON(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD n+16(FP), R2

loop:
	CMP    $16, R2
	BLT    tail
	VLD1.P 64(R1), [V0.S4, V1.S4, V2.S4, V3.S4]
	FCVTN_4H(4, 0)
	FCVTN2_8H(4, 1)
	FCVTN_4H(5, 2)
	FCVTN2_8H(5, 3)
	VST1.P [V4.H8, V5.H8], 32(R0)
	SUB    $16, R2
	B      loop

tail:
	CBZ     R2, done
	FMOVS.P 4(R1), F0
	FCVTN_4H(4, 0)
	VST1.P  V4.H[0], 2(R0)
	SUB     $1, R2
	B       tail

done:
	RET

// func FromF16NEON(dst *float32, src *uint16, n int)
//
//	for i := range n {
//		dst[i] = F16ToF32(src[i])
//	}
TEXT ·FromF16NEON(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD n+16(FP), R2

loop:
	CMP    $16, R2
	BLT    tail
	VLD1.P 32(R1), [V0.H8, V1.H8]
	FCVTL_4S(4, 0)
	FCVTL2_4S(5, 0)
	FCVTL_4S(6, 1)
	FCVTL2_4S(7, 1)
	VST1.P [V4.S4, V5.S4, V6.S4, V7.S4], 64(R0)
	SUB    $16, R2
	B      loop

tail:
	CBZ     R2, done
	VLD1.P  2(R1), V0.H[0]
	FCVTL_4S(4, 0)
	FMOVS.P F4, 4(R0)
	SUB     $1, R2
	B       tail

done:
	RET
