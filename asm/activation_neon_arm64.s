//go:build arm64 && !purego

#include "textflag.h"
#include "math_neon_arm64.h"

// Activation functions. The Go loops they equal:
//
//	for i := range n {
//		dst[i] = f(x[i])                    // SiLU, GELU, GELUErf
//		dst[i] = float32(f(gate[i])) * up[i] // SiLUMul, GELUMul
//	}
//
// with silu, geluTanh and geluErf of package kernels as f, whose polynomials
// and order of operations these are.
//
// R0 dst, R1 x or gate, R3 up, R2 elements left; v0 x, v1 to v3 exp's scratch, v4
// the result, v5 to v7 scratch and up; v8 to v19 f's constants, v20 to v31 exp's.
// Tails: one element at a time.

EXP_CONSTANTS

DATA  gelu<>+0(SB)/4, $0x3d922279 // geluCubic
DATA  gelu<>+4(SB)/4, $0x3fcc422a // geluLinear
GLOBL gelu<>(SB), RODATA|NOPTR, $8

#define LOAD_GELU(r) \
	LOAD_EXP(r);            \
	MOVD    $gelu<>(SB), r; \
	VLD1R.P 4(r), [V18.S4]; \
	VLD1R   (r), [V19.S4]

DATA  geluErf<>+0(SB)/4, $0xbceeda60  // geluTail[8]
DATA  geluErf<>+4(SB)/4, $0x3e137baa  // geluTail[7]
DATA  geluErf<>+8(SB)/4, $0xbe82fc3e
DATA  geluErf<>+12(SB)/4, $0x3e232282
DATA  geluErf<>+16(SB)/4, $0xbcbe1d50
DATA  geluErf<>+20(SB)/4, $0x3dd82af5
DATA  geluErf<>+24(SB)/4, $0x3df56511
DATA  geluErf<>+28(SB)/4, $0x3e0f385f
DATA  geluErf<>+32(SB)/4, $0x3e0ef8e3 // geluTail[0]
DATA  geluErf<>+36(SB)/4, $0x3eb33333 // geluTailStep, 0.35
DATA  geluErf<>+40(SB)/4, $0x41800000 // geluTailEnd, 16
DATA  geluErf<>+44(SB)/4, $0xbf000000 // -0.5
GLOBL geluErf<>(SB), RODATA|NOPTR, $48

#define LOAD_GELU_ERF(r) \
	LOAD_EXP(r);               \
	MOVD    $geluErf<>(SB), r; \
	VLD1R.P 4(r), [V8.S4];     \
	VLD1R.P 4(r), [V9.S4];     \
	VLD1R.P 4(r), [V10.S4];    \
	VLD1R.P 4(r), [V11.S4];    \
	VLD1R.P 4(r), [V12.S4];    \
	VLD1R.P 4(r), [V13.S4];    \
	VLD1R.P 4(r), [V14.S4];    \
	VLD1R.P 4(r), [V15.S4];    \
	VLD1R.P 4(r), [V16.S4];    \
	VLD1R.P 4(r), [V17.S4];    \
	VLD1R.P 4(r), [V18.S4];    \
	VLD1R   (r), [V19.S4]

// SILU: v4 = v0/(1 + exp(-v0)).
#define SILU \
	FNEG_4S(5, 0);      \
	EXP(4, 5, 1, 2, 3); \
	FADD_4S(4, 4, ONE); \
	FDIV_4S(4, 0, 4)

// GELU: v4 = v0/(1 + exp(-v0*w)), w = fma(geluCubic, v0*v0, geluLinear).
#define GELU \
	FMUL_4S(6, 0, 0);   \
	FMA(5, 18, 6, 19);  \ // w
	FMUL_4S(5, 0, 5);   \
	FNEG_4S(5, 5);      \
	EXP(4, 5, 1, 2, 3); \
	FADD_4S(4, 4, ONE); \
	FDIV_4S(4, 0, 4)

// GELU_ERF: v4 = fma(-t, q, max(v0, 0)), t = min(|v0|, 16),
// s = 1/fma(0.35, t, 1), q = (G(s)*s)*exp(t*t*-0.5). A NaN stays one through FMIN
// and FMAX.
#define GELU_ERF \
	FABS_4S(5, 0);               \
	FMIN_4S(5, 5, 18);           \ // t
	FMUL_4S(6, 5, 5);            \
	FMUL_4S(6, 6, 19);           \
	EXP_UPTO_MAX(4, 6, 1, 2, 3); \
	FMA(6, 17, 5, ONE);          \
	FDIV_4S(6, ONE, 6);          \ // s
	FMA(1, 8, 6, 9);             \ // g = fma(g, s, geluTail[i])
	FMA(2, 1, 6, 10);            \
	FMA(1, 2, 6, 11);            \
	FMA(2, 1, 6, 12);            \
	FMA(1, 2, 6, 13);            \
	FMA(2, 1, 6, 14);            \
	FMA(1, 2, 6, 15);            \
	FMA(2, 1, 6, 16);            \
	FMUL_4S(2, 2, 6);            \
	FMUL_4S(2, 2, 4);            \ // q
	MOVI_2D(4, 0);               \
	FMAX_4S(4, 4, 0);            \ // max(0, x)
	FMLS_4S(4, 5, 2)

// func SiLUNEON(dst, x *float32, n int)
TEXT ·SiLUNEON(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R2
	LOAD_EXP(R4)

loop:
	CMP     $4, R2
	BLT     tail
	VLD1.P  16(R1), [V0.S4]
	SILU
	VST1.P  [V4.S4], 16(R0)
	SUB     $4, R2
	B       loop

tail:
	CBZ     R2, done
	FMOVS.P 4(R1), F0
	SILU
	FMOVS.P F4, 4(R0)
	SUB     $1, R2
	B       tail

done:
	RET

// func SiLUMulNEON(dst, gate, up *float32, n int)
TEXT ·SiLUMulNEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD gate+8(FP), R1
	MOVD up+16(FP), R3
	MOVD n+24(FP), R2
	LOAD_EXP(R4)

loop:
	CMP     $4, R2
	BLT     tail
	VLD1.P  16(R1), [V0.S4]
	SILU
	VLD1.P  16(R3), [V5.S4]
	FMUL_4S(4, 4, 5)
	VST1.P  [V4.S4], 16(R0)
	SUB     $4, R2
	B       loop

tail:
	CBZ     R2, done
	FMOVS.P 4(R1), F0
	SILU
	FMOVS.P 4(R3), F5
	FMUL_4S(4, 4, 5)
	FMOVS.P F4, 4(R0)
	SUB     $1, R2
	B       tail

done:
	RET

// func GELUNEON(dst, x *float32, n int)
TEXT ·GELUNEON(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R2
	LOAD_GELU(R4)

loop:
	CMP     $4, R2
	BLT     tail
	VLD1.P  16(R1), [V0.S4]
	GELU
	VST1.P  [V4.S4], 16(R0)
	SUB     $4, R2
	B       loop

tail:
	CBZ     R2, done
	FMOVS.P 4(R1), F0
	GELU
	FMOVS.P F4, 4(R0)
	SUB     $1, R2
	B       tail

done:
	RET

// func GELUMulNEON(dst, gate, up *float32, n int)
TEXT ·GELUMulNEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD gate+8(FP), R1
	MOVD up+16(FP), R3
	MOVD n+24(FP), R2
	LOAD_GELU(R4)

loop:
	CMP     $4, R2
	BLT     tail
	VLD1.P  16(R1), [V0.S4]
	GELU
	VLD1.P  16(R3), [V5.S4]
	FMUL_4S(4, 4, 5)
	VST1.P  [V4.S4], 16(R0)
	SUB     $4, R2
	B       loop

tail:
	CBZ     R2, done
	FMOVS.P 4(R1), F0
	GELU
	FMOVS.P 4(R3), F5
	FMUL_4S(4, 4, 5)
	FMOVS.P F4, 4(R0)
	SUB     $1, R2
	B       tail

done:
	RET

// func GELUErfNEON(dst, x *float32, n int)
TEXT ·GELUErfNEON(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R2
	LOAD_GELU_ERF(R4)

loop:
	CMP     $4, R2
	BLT     tail
	VLD1.P  16(R1), [V0.S4]
	GELU_ERF
	VST1.P  [V4.S4], 16(R0)
	SUB     $4, R2
	B       loop

tail:
	CBZ     R2, done
	FMOVS.P 4(R1), F0
	GELU_ERF
	FMOVS.P F4, 4(R0)
	SUB     $1, R2
	B       tail

done:
	RET
