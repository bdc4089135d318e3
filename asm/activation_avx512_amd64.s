//go:build amd64 && !purego

#include "textflag.h"
#include "math_avx512_amd64.h"

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
// DI dst, SI x or gate, BX up, CX elements left; Z0 x, Z1 to Z3 and K1 exp's
// scratch, Z4 the result, Z5 to Z7 scratch, K7 the tail's mask; Z21 to Z31 exp's
// constants, from Z8 on the function's own. Tails: masked loads and stores,
// which touch no other memory.

EXP_CONSTANTS
CONSTANT(sign, 0x80000000)
CONSTANT(minusGeluLinear, 0xbfcc422a)
CONSTANT(minusGeluCubic, 0xbd922279)

#define SILU_LOAD \
	EXP_LOAD;                    \
	VBROADCASTSS sign<>(SB), Z8

// SILU: Z4 = Z0/(1 + exp(-Z0)).
#define SILU \
	VPXORD Z8, Z0, Z4;       \
	EXP(Z4, Z1, Z2, Z3, K1); \
	VADDPS Z31, Z3, Z3;      \
	VDIVPS Z3, Z0, Z4

#define GELU_LOAD \
	EXP_LOAD;                               \
	VBROADCASTSS minusGeluLinear<>(SB), Z8; \
	VBROADCASTSS minusGeluCubic<>(SB), Z9

// GELU: Z4 = Z0/(1 + exp(-Z0*w)), -w = fma(-geluCubic, Z0*Z0, -geluLinear).
#define GELU \
	VMULPS      Z0, Z0, Z4;  \
	VFMADD213PS Z8, Z9, Z4;  \
	VMULPS      Z0, Z4, Z4;  \
	EXP(Z4, Z1, Z2, Z3, K1); \
	VADDPS      Z31, Z3, Z3; \
	VDIVPS      Z3, Z0, Z4

CONSTANT(geluTailStep, 0x3eb33333) // 0.35
CONSTANT(geluTailEnd, 0x41800000)  // 16
CONSTANT(minusHalf, 0xbf000000)
CONSTANT(geluTail0, 0x3e0ef8e3)
CONSTANT(geluTail1, 0x3e0f385f)
CONSTANT(geluTail2, 0x3df56511)
CONSTANT(geluTail3, 0x3dd82af5)
CONSTANT(geluTail4, 0xbcbe1d50)
CONSTANT(geluTail5, 0x3e232282)
CONSTANT(geluTail6, 0xbe82fc3e)
CONSTANT(geluTail7, 0x3e137baa)
CONSTANT(geluTail8, 0xbceeda60)

#define GELU_ERF_LOAD \
	EXP_LOAD;                             \
	VBROADCASTSS sign<>(SB), Z8;          \
	VBROADCASTSS geluTailEnd<>(SB), Z9;   \
	VBROADCASTSS geluTailStep<>(SB), Z10; \
	VBROADCASTSS minusHalf<>(SB), Z11;    \
	VBROADCASTSS geluTail8<>(SB), Z12;    \
	VBROADCASTSS geluTail7<>(SB), Z13;    \
	VBROADCASTSS geluTail6<>(SB), Z14;    \
	VBROADCASTSS geluTail5<>(SB), Z15;    \
	VBROADCASTSS geluTail4<>(SB), Z16;    \
	VBROADCASTSS geluTail3<>(SB), Z17;    \
	VBROADCASTSS geluTail2<>(SB), Z18;    \
	VBROADCASTSS geluTail1<>(SB), Z19;    \
	VBROADCASTSS geluTail0<>(SB), Z20

// GELU_ERF: Z4 = fma(-t, q, max(Z0, 0)), t = min(|Z0|, 16),
// s = 1/fma(0.35, t, 1), q = (G(s)*s)*exp(t*t*-0.5). A NaN stays one: VMINPS
// and VMAXPS take their second source, the first in Go's order.
#define GELU_ERF \
	VPANDND      Z0, Z8, Z5;  \ // |x|
	VMINPS       Z5, Z9, Z5;  \ // t
	VMOVAPS      Z10, Z6;     \
	VFMADD213PS  Z31, Z5, Z6; \
	VDIVPS       Z6, Z31, Z6; \ // s
	VMULPS       Z5, Z5, Z4;  \
	VMULPS       Z11, Z4, Z4; \
	EXP(Z4, Z1, Z2, Z3, K1);  \
	VMOVAPS      Z12, Z7;     \
	VFMADD213PS  Z13, Z6, Z7; \ // g = fma(g, s, geluTail[i])
	VFMADD213PS  Z14, Z6, Z7; \
	VFMADD213PS  Z15, Z6, Z7; \
	VFMADD213PS  Z16, Z6, Z7; \
	VFMADD213PS  Z17, Z6, Z7; \
	VFMADD213PS  Z18, Z6, Z7; \
	VFMADD213PS  Z19, Z6, Z7; \
	VFMADD213PS  Z20, Z6, Z7; \
	VMULPS       Z6, Z7, Z7;  \
	VMULPS       Z3, Z7, Z7;  \ // q
	VPXORD       Z6, Z6, Z6;  \
	VMAXPS       Z0, Z6, Z4;  \ // max(0, x)
	VADDPS       Z6, Z4, Z4;  \ // never -0
	VFNMADD231PS Z7, Z5, Z4

// func SiLUAVX512(dst, x *float32, n int)
TEXT ·SiLUAVX512(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	SILU_LOAD

loop:
	CMPQ    CX, $16
	JLT     tail
	VMOVUPS (SI), Z0
	SILU
	VMOVUPS Z4, (DI)
	ADDQ    $64, SI
	ADDQ    $64, DI
	SUBQ    $16, CX
	JMP     loop

tail:
	TESTQ     CX, CX
	JEQ       done
	LOAD_TAIL_MASK(AX, K7)
	VMOVUPS.Z (SI), K7, Z0
	SILU
	VMOVUPS   Z4, K7, (DI)

done:
	VZEROUPPER
	RET

// func SiLUMulAVX512(dst, gate, up *float32, n int)
TEXT ·SiLUMulAVX512(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ gate+8(FP), SI
	MOVQ up+16(FP), BX
	MOVQ n+24(FP), CX
	SILU_LOAD

loop:
	CMPQ    CX, $16
	JLT     tail
	VMOVUPS (SI), Z0
	SILU
	VMULPS  (BX), Z4, Z4
	VMOVUPS Z4, (DI)
	ADDQ    $64, SI
	ADDQ    $64, BX
	ADDQ    $64, DI
	SUBQ    $16, CX
	JMP     loop

tail:
	TESTQ     CX, CX
	JEQ       done
	LOAD_TAIL_MASK(AX, K7)
	VMOVUPS.Z (SI), K7, Z0
	SILU
	VMOVUPS.Z (BX), K7, Z5
	VMULPS    Z5, Z4, Z4
	VMOVUPS   Z4, K7, (DI)

done:
	VZEROUPPER
	RET

// func GELUAVX512(dst, x *float32, n int)
TEXT ·GELUAVX512(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	GELU_LOAD

loop:
	CMPQ    CX, $16
	JLT     tail
	VMOVUPS (SI), Z0
	GELU
	VMOVUPS Z4, (DI)
	ADDQ    $64, SI
	ADDQ    $64, DI
	SUBQ    $16, CX
	JMP     loop

tail:
	TESTQ     CX, CX
	JEQ       done
	LOAD_TAIL_MASK(AX, K7)
	VMOVUPS.Z (SI), K7, Z0
	GELU
	VMOVUPS   Z4, K7, (DI)

done:
	VZEROUPPER
	RET

// func GELUMulAVX512(dst, gate, up *float32, n int)
TEXT ·GELUMulAVX512(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ gate+8(FP), SI
	MOVQ up+16(FP), BX
	MOVQ n+24(FP), CX
	GELU_LOAD

loop:
	CMPQ    CX, $16
	JLT     tail
	VMOVUPS (SI), Z0
	GELU
	VMULPS  (BX), Z4, Z4
	VMOVUPS Z4, (DI)
	ADDQ    $64, SI
	ADDQ    $64, BX
	ADDQ    $64, DI
	SUBQ    $16, CX
	JMP     loop

tail:
	TESTQ     CX, CX
	JEQ       done
	LOAD_TAIL_MASK(AX, K7)
	VMOVUPS.Z (SI), K7, Z0
	GELU
	VMOVUPS.Z (BX), K7, Z5
	VMULPS    Z5, Z4, Z4
	VMOVUPS   Z4, K7, (DI)

done:
	VZEROUPPER
	RET

// func GELUErfAVX512(dst, x *float32, n int)
TEXT ·GELUErfAVX512(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	GELU_ERF_LOAD

loop:
	CMPQ    CX, $16
	JLT     tail
	VMOVUPS (SI), Z0
	GELU_ERF
	VMOVUPS Z4, (DI)
	ADDQ    $64, SI
	ADDQ    $64, DI
	SUBQ    $16, CX
	JMP     loop

tail:
	TESTQ     CX, CX
	JEQ       done
	LOAD_TAIL_MASK(AX, K7)
	VMOVUPS.Z (SI), K7, Z0
	GELU_ERF
	VMOVUPS   Z4, K7, (DI)

done:
	VZEROUPPER
	RET
