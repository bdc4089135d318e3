//go:build amd64 && !purego

#include "textflag.h"
#include "math_avx2_amd64.h"

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
// DI dst, SI x or gate, BX up, CX elements left; Y0 x, Y1 to Y3 exp's scratch,
// Y4 the result, Y5 to Y7 scratch, Y15 the tail's mask. Tails: masked loads and
// stores, which touch no other memory.

EXP_CONSTANTS
TAIL_MASK
VECTOR(sign, 0x80000000)
VECTOR(geluLinear, 0x3fcc422a)
VECTOR(geluCubic, 0x3d922279)

// SILU: Y4 = Y0/(1 + exp(-Y0)).
#define SILU \
	VXORPS sign<>(SB), Y0, Y4; \
	EXP(Y4, Y1, Y2, Y3);       \
	VADDPS one<>(SB), Y3, Y3;  \
	VDIVPS Y3, Y0, Y4

// GELU: Y4 = Y0/(1 + exp(-Y0*w)), w = fma(geluCubic, Y0*Y0, geluLinear).
#define GELU \
	VMULPS      Y0, Y0, Y5;                \
	VMOVUPS     geluCubic<>(SB), Y4;       \
	VFMADD213PS geluLinear<>(SB), Y5, Y4;  \
	VMULPS      Y0, Y4, Y4;                \
	VXORPS      sign<>(SB), Y4, Y4;        \
	EXP(Y4, Y1, Y2, Y3);                   \
	VADDPS      one<>(SB), Y3, Y3;         \
	VDIVPS      Y3, Y0, Y4

VECTOR(geluTailStep, 0x3eb33333) // 0.35
VECTOR(geluTailEnd, 0x41800000)  // 16
VECTOR(minusHalf, 0xbf000000)
VECTOR(geluTail0, 0x3e0ef8e3)
VECTOR(geluTail1, 0x3e0f385f)
VECTOR(geluTail2, 0x3df56511)
VECTOR(geluTail3, 0x3dd82af5)
VECTOR(geluTail4, 0xbcbe1d50)
VECTOR(geluTail5, 0x3e232282)
VECTOR(geluTail6, 0xbe82fc3e)
VECTOR(geluTail7, 0x3e137baa)
VECTOR(geluTail8, 0xbceeda60)

// GELU_ERF: Y4 = fma(-t, q, max(Y0, 0)), t = min(|Y0|, 16),
// s = 1/fma(0.35, t, 1), q = (G(s)*s)*exp(t*t*-0.5). A NaN stays one: VMINPS
// and VMAXPS take their second source, the first in Go's order.
#define GELU_ERF \
	VMOVUPS      sign<>(SB), Y5;             \
	VANDNPS      Y0, Y5, Y5;                 \ // |x|
	VMOVUPS      geluTailEnd<>(SB), Y6;      \
	VMINPS       Y5, Y6, Y5;                 \ // t
	VMOVUPS      geluTailStep<>(SB), Y6;     \
	VFMADD213PS  one<>(SB), Y5, Y6;          \
	VMOVUPS      one<>(SB), Y7;              \
	VDIVPS       Y6, Y7, Y6;                 \ // s
	VMULPS       Y5, Y5, Y4;                 \
	VMULPS       minusHalf<>(SB), Y4, Y4;    \
	EXP_UPTO_MAX(Y4, Y1, Y2, Y3);            \
	VMOVUPS      geluTail8<>(SB), Y7;        \
	VFMADD213PS  geluTail7<>(SB), Y6, Y7;    \ // g = fma(g, s, geluTail[i])
	VFMADD213PS  geluTail6<>(SB), Y6, Y7;    \
	VFMADD213PS  geluTail5<>(SB), Y6, Y7;    \
	VFMADD213PS  geluTail4<>(SB), Y6, Y7;    \
	VFMADD213PS  geluTail3<>(SB), Y6, Y7;    \
	VFMADD213PS  geluTail2<>(SB), Y6, Y7;    \
	VFMADD213PS  geluTail1<>(SB), Y6, Y7;    \
	VFMADD213PS  geluTail0<>(SB), Y6, Y7;    \
	VMULPS       Y6, Y7, Y7;                 \
	VMULPS       Y3, Y7, Y7;                 \ // q
	VXORPS       Y6, Y6, Y6;                 \
	VMAXPS       Y0, Y6, Y4;                 \ // max(0, x)
	VADDPS       Y6, Y4, Y4;                 \ // never -0
	VFNMADD231PS Y7, Y5, Y4

// func SiLUAVX2(dst, x *float32, n int)
TEXT ·SiLUAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX

loop:
	CMPQ    CX, $8
	JLT     tail
	VMOVUPS (SI), Y0
	SILU
	VMOVUPS Y4, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JMP     loop

tail:
	TESTQ      CX, CX
	JEQ        done
	LOAD_TAIL_MASK(CX, AX, Y15)
	VMASKMOVPS (SI), Y15, Y0
	SILU
	VMASKMOVPS Y4, Y15, (DI)

done:
	VZEROUPPER
	RET

// func SiLUMulAVX2(dst, gate, up *float32, n int)
TEXT ·SiLUMulAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ gate+8(FP), SI
	MOVQ up+16(FP), BX
	MOVQ n+24(FP), CX

loop:
	CMPQ    CX, $8
	JLT     tail
	VMOVUPS (SI), Y0
	SILU
	VMULPS  (BX), Y4, Y4
	VMOVUPS Y4, (DI)
	ADDQ    $32, SI
	ADDQ    $32, BX
	ADDQ    $32, DI
	SUBQ    $8, CX
	JMP     loop

tail:
	TESTQ      CX, CX
	JEQ        done
	LOAD_TAIL_MASK(CX, AX, Y15)
	VMASKMOVPS (SI), Y15, Y0
	SILU
	VMASKMOVPS (BX), Y15, Y5
	VMULPS     Y5, Y4, Y4
	VMASKMOVPS Y4, Y15, (DI)

done:
	VZEROUPPER
	RET

// func GELUAVX2(dst, x *float32, n int)
TEXT ·GELUAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX

loop:
	CMPQ    CX, $8
	JLT     tail
	VMOVUPS (SI), Y0
	GELU
	VMOVUPS Y4, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JMP     loop

tail:
	TESTQ      CX, CX
	JEQ        done
	LOAD_TAIL_MASK(CX, AX, Y15)
	VMASKMOVPS (SI), Y15, Y0
	GELU
	VMASKMOVPS Y4, Y15, (DI)

done:
	VZEROUPPER
	RET

// func GELUMulAVX2(dst, gate, up *float32, n int)
TEXT ·GELUMulAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ gate+8(FP), SI
	MOVQ up+16(FP), BX
	MOVQ n+24(FP), CX

loop:
	CMPQ    CX, $8
	JLT     tail
	VMOVUPS (SI), Y0
	GELU
	VMULPS  (BX), Y4, Y4
	VMOVUPS Y4, (DI)
	ADDQ    $32, SI
	ADDQ    $32, BX
	ADDQ    $32, DI
	SUBQ    $8, CX
	JMP     loop

tail:
	TESTQ      CX, CX
	JEQ        done
	LOAD_TAIL_MASK(CX, AX, Y15)
	VMASKMOVPS (SI), Y15, Y0
	GELU
	VMASKMOVPS (BX), Y15, Y5
	VMULPS     Y5, Y4, Y4
	VMASKMOVPS Y4, Y15, (DI)

done:
	VZEROUPPER
	RET

// func GELUErfAVX2(dst, x *float32, n int)
TEXT ·GELUErfAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX

loop:
	CMPQ    CX, $8
	JLT     tail
	VMOVUPS (SI), Y0
	GELU_ERF
	VMOVUPS Y4, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JMP     loop

tail:
	TESTQ      CX, CX
	JEQ        done
	LOAD_TAIL_MASK(CX, AX, Y15)
	VMASKMOVPS (SI), Y15, Y0
	GELU_ERF
	VMASKMOVPS Y4, Y15, (DI)

done:
	VZEROUPPER
	RET
