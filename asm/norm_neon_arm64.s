//go:build arm64 && !purego

#include "textflag.h"
#include "math_neon_arm64.h"

// Norms, sums and products of vectors. Reductions run in 16 virtual lanes,
// element i in lane i mod 16: v0 to v3 hold four lanes each. Tails: what is left
// of 16 is copied to a buffer among zeros, which change no lane (FMA(0, 0, l) =
// l + 0 = l); the rest goes one element at a time.

// ZERO16 writes zeros to the 64 bytes at r.
#define ZERO16(r) \
	STP (ZR, ZR), (r);   \
	STP (ZR, ZR), 16(r); \
	STP (ZR, ZR), 32(r); \
	STP (ZR, ZR), 48(r)

// CLEAR_LANES: the 16 lanes are +0.
#define CLEAR_LANES \
	MOVI_2D(0, 0); \
	MOVI_2D(1, 0); \
	MOVI_2D(2, 0); \
	MOVI_2D(3, 0)

// ADD_SQUARES: lane = fma(x, x, lane), x in v4 to v7.
#define ADD_SQUARES \
	FMLA_4S(0, 4, 4); \
	FMLA_4S(1, 5, 5); \
	FMLA_4S(2, 6, 6); \
	FMLA_4S(3, 7, 7)

// INVERSE_ROOT: F0 = 1/sqrt(F0/F16 + F17).
#define INVERSE_ROOT \
	FDIVS  F16, F0, F0;  \ // mean
	FADDS  F17, F0, F0;  \
	FSQRTS F0, F0;       \
	FMOVS  $1.0, F1;     \
	FDIVS  F0, F1, F0

// func RMSNormNEON(dst, x, w *float32, n int, eps float32)
//
//	for i := range n {
//		lane[i%16] = FMA32(x[i], x[i], lane[i%16])
//	}
//	r := 1 / sqrt(sum(lane)/n + eps)
//	for i := range n {
//		dst[i] = float32(x[i]*r) * w[i]
//	}
//
// R0 dst, R1 x, R2 w, R3 n, R4 elements left, R5 running x, R6 and R7 the buffer;
// v0 to v3 lanes, then F0 r; v4 to v7 elements; F16 n, F17 eps.
TEXT ·RMSNormNEON(SB), NOSPLIT, $64-36
	MOVD   dst+0(FP), R0
	MOVD   x+8(FP), R1
	MOVD   w+16(FP), R2
	MOVD   n+24(FP), R3
	FMOVS  eps+32(FP), F17
	SCVTFS R3, F16
	MOVD   R1, R5
	MOVD   R3, R4
	CLEAR_LANES

squares:
	CMP     $16, R4
	BLT     squaresTail
	VLD1.P  64(R5), [V4.S4, V5.S4, V6.S4, V7.S4]
	ADD_SQUARES
	SUB     $16, R4
	B       squares

squaresTail:
	CBZ    R4, mean
	MOVD   $buffer-64(SP), R6
	MOVD   R6, R7
	ZERO16(R6)

copy:
	FMOVS.P 4(R5), F4
	FMOVS.P F4, 4(R7)
	SUB     $1, R4
	CBNZ    R4, copy
	VLD1    (R6), [V4.S4, V5.S4, V6.S4, V7.S4]
	ADD_SQUARES

mean:
	SUM16(0, 1, 2, 3)
	INVERSE_ROOT

apply:
	CMP     $4, R3
	BLT     applyTail
	VLD1.P  16(R1), [V4.S4]
	VLD1.P  16(R2), [V5.S4]
	FMUL_4SI(4, 4, 0, 0)             // x*r
	FMUL_4S(4, 4, 5)                 // x*r*w
	VST1.P  [V4.S4], 16(R0)
	SUB     $4, R3
	B       apply

applyTail:
	CBZ     R3, done
	FMOVS.P 4(R1), F4
	FMOVS.P 4(R2), F5
	FMULS   F0, F4, F4
	FMULS   F5, F4, F4
	FMOVS.P F4, 4(R0)
	SUB     $1, R3
	B       applyTail

done:
	RET

// func LayerNormNEON(dst, x, w, b *float32, n int, eps float32)
//
//	mean := sum(x) / n
//	for i := range n {
//		lane[i%16] = FMA32(x[i]-mean, x[i]-mean, lane[i%16])
//	}
//	r := 1 / sqrt(sum(lane)/n + eps)
//	for i := range n {
//		dst[i] = float32(float32((x[i]-mean)*r)*w[i]) + b[i] // b if not nil
//	}
//
// R0 dst, R1 x, R2 w, R8 b, R3 n, R4 elements left, R5 running x, R6 and R7 the
// buffer; v0 to v3 lanes, then F0 r; v4 to v7 elements; F16 n, F17 eps; v18 mean.
TEXT ·LayerNormNEON(SB), NOSPLIT, $64-44
	MOVD   dst+0(FP), R0
	MOVD   x+8(FP), R1
	MOVD   w+16(FP), R2
	MOVD   b+24(FP), R8
	MOVD   n+32(FP), R3
	FMOVS  eps+40(FP), F17
	SCVTFS R3, F16
	MOVD   $buffer-64(SP), R6
	MOVD   R1, R5
	MOVD   R3, R4
	CLEAR_LANES

sums:
	CMP     $16, R4
	BLT     sumsTail
	VLD1.P  64(R5), [V4.S4, V5.S4, V6.S4, V7.S4]
	FADD_4S(0, 0, 4)
	FADD_4S(1, 1, 5)
	FADD_4S(2, 2, 6)
	FADD_4S(3, 3, 7)
	SUB     $16, R4
	B       sums

sumsTail:
	CBZ    R4, mean
	MOVD   R6, R7
	ZERO16(R6)

copy:
	FMOVS.P 4(R5), F4
	FMOVS.P F4, 4(R7)
	SUB     $1, R4
	CBNZ    R4, copy
	VLD1    (R6), [V4.S4, V5.S4, V6.S4, V7.S4]
	FADD_4S(0, 0, 4)
	FADD_4S(1, 1, 5)
	FADD_4S(2, 2, 6)
	FADD_4S(3, 3, 7)

mean:
	SUM16(0, 1, 2, 3)
	FDIVS F16, F0, F0
	DUP_4S(18, 0, 0)
	MOVD  R1, R5
	MOVD  R3, R4
	CLEAR_LANES

squares:
	CMP     $16, R4
	BLT     squaresTail
	VLD1.P  64(R5), [V4.S4, V5.S4, V6.S4, V7.S4]
	FSUB_4S(4, 4, 18)                            // d = x - mean
	FSUB_4S(5, 5, 18)
	FSUB_4S(6, 6, 18)
	FSUB_4S(7, 7, 18)
	ADD_SQUARES
	SUB     $16, R4
	B       squares

squaresTail:
	CBZ    R4, root
	MOVD   R6, R7
	ZERO16(R6)

subtract:
	FMOVS.P 4(R5), F4
	FSUBS   F18, F4, F4 // d
	FMOVS.P F4, 4(R7)
	SUB     $1, R4
	CBNZ    R4, subtract
	VLD1    (R6), [V4.S4, V5.S4, V6.S4, V7.S4]
	ADD_SQUARES

root:
	SUM16(0, 1, 2, 3)
	INVERSE_ROOT

apply:
	CMP     $4, R3
	BLT     applyTail
	VLD1.P  16(R1), [V4.S4]
	VLD1.P  16(R2), [V5.S4]
	FSUB_4S(4, 4, 18)
	FMUL_4SI(4, 4, 0, 0)             // d*r
	FMUL_4S(4, 4, 5)                 // d*r*w
	CBZ     R8, store
	VLD1.P  16(R8), [V5.S4]
	FADD_4S(4, 4, 5)                 // + b

store:
	VST1.P [V4.S4], 16(R0)
	SUB    $4, R3
	B      apply

applyTail:
	CBZ     R3, done
	FMOVS.P 4(R1), F4
	FMOVS.P 4(R2), F5
	FSUBS   F18, F4, F4
	FMULS   F0, F4, F4
	FMULS   F5, F4, F4
	CBZ     R8, storeTail
	FMOVS.P 4(R8), F5
	FADDS   F5, F4, F4

storeTail:
	FMOVS.P F4, 4(R0)
	SUB     $1, R3
	B       applyTail

done:
	RET

// func AddNEON(dst, x *float32, n int)
//
//	for i := range n {
//		dst[i] += x[i]
//	}
//
// R0 dst, R1 x, R2 elements left; v0 to v3 dst, v4 to v7 x.
TEXT ·AddNEON(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R2

loop:
	CMP     $16, R2
	BLT     tail
	VLD1    (R0), [V0.S4, V1.S4, V2.S4, V3.S4]
	VLD1.P  64(R1), [V4.S4, V5.S4, V6.S4, V7.S4]
	FADD_4S(0, 0, 4)
	FADD_4S(1, 1, 5)
	FADD_4S(2, 2, 6)
	FADD_4S(3, 3, 7)
	VST1.P  [V0.S4, V1.S4, V2.S4, V3.S4], 64(R0)
	SUB     $16, R2
	B       loop

tail:
	CBZ     R2, done
	FMOVS   (R0), F0
	FMOVS.P 4(R1), F4
	FADDS   F4, F0, F0
	FMOVS.P F0, 4(R0)
	SUB     $1, R2
	B       tail

done:
	RET

// func ScaleNEON(dst *float32, n int, f float32)
//
//	for i := range n {
//		dst[i] *= f
//	}
//
// R0 dst, R1 elements left; v0 to v3 dst, F4 f.
TEXT ·ScaleNEON(SB), NOSPLIT, $0-20
	MOVD  dst+0(FP), R0
	MOVD  n+8(FP), R1
	FMOVS f+16(FP), F4

loop:
	CMP     $16, R1
	BLT     tail
	VLD1    (R0), [V0.S4, V1.S4, V2.S4, V3.S4]
	FMUL_4SI(0, 0, 4, 0)
	FMUL_4SI(1, 1, 4, 0)
	FMUL_4SI(2, 2, 4, 0)
	FMUL_4SI(3, 3, 4, 0)
	VST1.P  [V0.S4, V1.S4, V2.S4, V3.S4], 64(R0)
	SUB     $16, R1
	B       loop

tail:
	CBZ     R1, done
	FMOVS   (R0), F0
	FMULS   F4, F0, F0
	FMOVS.P F0, 4(R0)
	SUB     $1, R1
	B       tail

done:
	RET
