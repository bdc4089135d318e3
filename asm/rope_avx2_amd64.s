//go:build amd64 && !purego

#include "textflag.h"
#include "math_avx2_amd64.h"

// Rotary embeddings. For every pair (x0, x1):
//
//	y0 = FMA32(-x1, sin, float32(x0*cos))
//	y1 = FMA32(x1, cos, float32(x0*sin))
//
// Tails: masked loads and stores, which touch no other memory.

TAIL_MASK
VECTOR(sign, 0x80000000)

// ROTATE4: Y0, four pairs x0 x1 x0 x1 …, rotated by the cosines X1 and the
// sines X2. Y3 to Y6 are scratch.
#define ROTATE4 \
	VUNPCKLPS   X2, X1, X3;        \ // cos sin of pairs 0, 1
	VUNPCKHPS   X2, X1, X4;        \ // and of 2, 3
	VINSERTF128 $1, X4, Y3, Y3;    \
	VXORPS      sign<>(SB), X2, X2; \
	VUNPCKLPS   X1, X2, X4;        \ // -sin cos
	VUNPCKHPS   X1, X2, X5;        \
	VINSERTF128 $1, X5, Y4, Y4;    \
	VMOVSLDUP   Y0, Y5;            \ // x0 x0
	VMOVSHDUP   Y0, Y6;            \ // x1 x1
	VMULPS      Y3, Y5, Y0;        \ // x0*cos x0*sin
	VFMADD231PS Y4, Y6, Y0           // + x1*-sin, + x1*cos

// func RoPEAdjacentAVX2(x, cos, sin *float32, n int)
//
// The pairs are (x[2i], x[2i+1]). DI x, SI cos, BX sin, CX pairs left; X14 the
// tail's mask for the angles, Y15 the one for x.
TEXT ·RoPEAdjacentAVX2(SB), NOSPLIT, $0-32
	MOVQ x+0(FP), DI
	MOVQ cos+8(FP), SI
	MOVQ sin+16(FP), BX
	MOVQ n+24(FP), CX

loop:
	CMPQ    CX, $4
	JLT     tail
	VMOVUPS (DI), Y0
	VMOVUPS (SI), X1
	VMOVUPS (BX), X2
	ROTATE4
	VMOVUPS Y0, (DI)
	ADDQ    $32, DI
	ADDQ    $16, SI
	ADDQ    $16, BX
	SUBQ    $4, CX
	JMP     loop

tail:
	TESTQ      CX, CX
	JEQ        done
	LOAD_TAIL_MASK(CX, AX, X14)
	SUBQ       CX, AX           // 2n of x
	VMOVDQU    (AX), Y15
	VMASKMOVPS (DI), Y15, Y0
	VMASKMOVPS (SI), X14, X1
	VMASKMOVPS (BX), X14, X2
	ROTATE4
	VMASKMOVPS Y0, Y15, (DI)

done:
	VZEROUPPER
	RET

// ROTATE8: eight pairs x0 in Y0 and x1 in Y1, cos in Y2, sin in Y3, into Y4 and
// Y5.
#define ROTATE8 \
	VMULPS       Y2, Y0, Y4; \
	VFNMADD231PS Y3, Y1, Y4; \ // fma(-x1, sin, x0*cos)
	VMULPS       Y3, Y0, Y5; \
	VFMADD231PS  Y2, Y1, Y5    // fma(x1, cos, x0*sin)

// func RoPEHalvesAVX2(x, cos, sin *float32, n int)
//
// The pairs are (x[i], x[i+n]). DI x, R8 the second half, SI cos, BX sin, CX
// pairs left, Y15 the tail's mask.
TEXT ·RoPEHalvesAVX2(SB), NOSPLIT, $0-32
	MOVQ x+0(FP), DI
	MOVQ cos+8(FP), SI
	MOVQ sin+16(FP), BX
	MOVQ n+24(FP), CX
	LEAQ (DI)(CX*4), R8

loop:
	CMPQ    CX, $8
	JLT     tail
	VMOVUPS (DI), Y0
	VMOVUPS (R8), Y1
	VMOVUPS (SI), Y2
	VMOVUPS (BX), Y3
	ROTATE8
	VMOVUPS Y4, (DI)
	VMOVUPS Y5, (R8)
	ADDQ    $32, DI
	ADDQ    $32, R8
	ADDQ    $32, SI
	ADDQ    $32, BX
	SUBQ    $8, CX
	JMP     loop

tail:
	TESTQ      CX, CX
	JEQ        done
	LOAD_TAIL_MASK(CX, AX, Y15)
	VMASKMOVPS (DI), Y15, Y0
	VMASKMOVPS (R8), Y15, Y1
	VMASKMOVPS (SI), Y15, Y2
	VMASKMOVPS (BX), Y15, Y3
	ROTATE8
	VMASKMOVPS Y4, Y15, (DI)
	VMASKMOVPS Y5, Y15, (R8)

done:
	VZEROUPPER
	RET
