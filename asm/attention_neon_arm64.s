//go:build arm64 && !purego

#include "textflag.h"
#include "math_neon_arm64.h"

EXP_CONSTANTS

// MAX: d = x > d ? x : d; t is scratch.
#define MAX(d, x, t) \
	FCMGT_4S(t, x, d); \
	BIT_16B(d, x, t)

// func ExpSumNEON(s *float32, blocks int) (m, l float32)
//
//	m = -Inf
//	for _, v := range s[:16*blocks] {
//		if v > m {
//			m = v
//		}
//	}
//	for j := range s[:16*blocks] {
//		s[j] = exp32(s[j] - m)
//		lane[j%16] += s[j]
//	}
//	l = sum(lane)
//
// A score that is a NaN does not become the maximum, but e does and so l. As s - m
// ≤ 0 or is a NaN, exp needs no upper limit.
//
// R0 s, R1 blocks, R2 and R3 the same, running; v4 to v7 maxima, then v4 m; v12 to
// v15 lanes; v0 to v3 s, v5 to v8 scratch, v16 to v19 e, v20 to v31 constants.
// Tails: none, the caller fills a block with -Inf, whose exp is +0.
TEXT ·ExpSumNEON(SB), NOSPLIT, $0-24
	MOVD s+0(FP), R0
	MOVD blocks+8(FP), R1
	LOAD_EXP(R2)
	MOVD R0, R2
	MOVD R1, R3
	FNEG_4S(4, 31)   // -Inf
	MOV(5, 4)
	MOV(6, 4)
	MOV(7, 4)

max:
	VLD1.P 64(R2), [V0.S4, V1.S4, V2.S4, V3.S4]
	MAX(4, 0, 16)
	MAX(5, 1, 17)
	MAX(6, 2, 18)
	MAX(7, 3, 19)
	SUB    $1, R3
	CBNZ   R3, max
	MAX(4, 6, 16)
	MAX(5, 7, 17)
	MAX(4, 5, 16)
	DUP_2D(5, 4, 1)
	MAX(4, 5, 16)
	DUP_4S(5, 4, 1)
	MAX(4, 5, 16)
	FMOVS  F4, m+16(FP)
	DUP_4S(4, 4, 0)
	MOVI_2D(12, 0)
	MOVI_2D(13, 0)
	MOVI_2D(14, 0)
	MOVI_2D(15, 0)

exp:
	VLD1   (R0), [V0.S4, V1.S4, V2.S4, V3.S4]
	FSUB_4S(0, 0, 4)
	FSUB_4S(1, 1, 4)
	FSUB_4S(2, 2, 4)
	FSUB_4S(3, 3, 4)
	EXP_UPTO_MAX(16, 0, 5, 6, 7)
	EXP_UPTO_MAX(17, 1, 5, 6, 7)
	EXP_UPTO_MAX(18, 2, 5, 6, 7)
	EXP_UPTO_MAX(19, 3, 5, 6, 7)
	VST1.P [V16.S4, V17.S4, V18.S4, V19.S4], 64(R0)
	FADD_4S(12, 12, 16)
	FADD_4S(13, 13, 17)
	FADD_4S(14, 14, 18)
	FADD_4S(15, 15, 19)
	SUB    $1, R1
	CBNZ   R1, exp
	SUM16(12, 13, 14, 15)
	FMOVS  F12, l+20(FP)
	RET

// func MergeNEON(acc, o *float32, n int, a, b float32)
//
//	for i := range n {
//		acc[i] = FMA32(o[i], b, float32(acc[i]*a))
//	}
//
// R0 acc, R1 o, R2 elements left; v0 and v1 acc, v2 and v3 o, F4 a, F5 b. Tails:
// one element at a time.
TEXT ·MergeNEON(SB), NOSPLIT, $0-32
	MOVD  acc+0(FP), R0
	MOVD  o+8(FP), R1
	MOVD  n+16(FP), R2
	FMOVS a+24(FP), F4
	FMOVS b+28(FP), F5

loop:
	CMP     $8, R2
	BLT     tail
	VLD1    (R0), [V0.S4, V1.S4]
	VLD1.P  32(R1), [V2.S4, V3.S4]
	FMUL_4SI(0, 0, 4, 0)
	FMUL_4SI(1, 1, 4, 0)
	FMLA_4SI(0, 2, 5, 0)
	FMLA_4SI(1, 3, 5, 0)
	VST1.P  [V0.S4, V1.S4], 32(R0)
	SUB     $8, R2
	B       loop

tail:
	CBZ     R2, done
	FMOVS   (R0), F0
	FMOVS.P 4(R1), F2
	FMUL_4SI(0, 0, 4, 0)
	FMLA_4SI(0, 2, 5, 0)
	FMOVS.P F0, 4(R0)
	SUB     $1, R2
	B       tail

done:
	RET

// func StoreK16NEON(k *uint16, x *float32, n int)
//
//	for c := range n {
//		k[16*c] = F32ToF16(x[c])
//	}
//
// R0 k, R1 x, R2 elements left, R3 bytes from half to half; v0 x, v1 halves.
// Tails: one element at a time.
TEXT ·StoreK16NEON(SB), NOSPLIT, $0-24
	MOVD k+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R2
	MOVD $32, R3

loop:
	CMP     $4, R2
	BLT     tail
	VLD1.P  16(R1), [V0.S4]
	FCVTN_4H(1, 0)
	VST1.P  V1.H[0], (R0)(R3)
	VST1.P  V1.H[1], (R0)(R3)
	VST1.P  V1.H[2], (R0)(R3)
	VST1.P  V1.H[3], (R0)(R3)
	SUB     $4, R2
	B       loop

tail:
	CBZ     R2, done
	FMOVS.P 4(R1), F0
	FCVTN_4H(1, 0)
	VST1.P  V1.H[0], (R0)(R3)
	SUB     $1, R2
	B       tail

done:
	RET
