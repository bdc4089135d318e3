//go:build amd64 && !purego

#include "textflag.h"
#include "math_avx2_amd64.h"

VECTOR(magnitude, 0x7fffffff)

// The order in which VPACKSSDW and VPACKSSWB leave dwords, undone.
DATA  unpack<>+0(SB)/8, $0x0000000400000000
DATA  unpack<>+8(SB)/8, $0x0000000500000001
DATA  unpack<>+16(SB)/8, $0x0000000600000002
DATA  unpack<>+24(SB)/8, $0x0000000700000003
GLOBL unpack<>(SB), RODATA|NOPTR, $32

DATA  levels<>+0(SB)/4, $0x42fe0000
GLOBL levels<>(SB), RODATA|NOPTR, $4

// func StoreQ8AVX2(codes *byte, group, block int, scales *byte, scaleStep int, x *float32, blocks int, flip byte)
//
//	for i := range blocks {
//		amax := max(|x[0]|, …, |x[31]|)
//		d, inv := amax/127, 127/amax
//		switch {
//		case amax is not finite: d, q = NaN, 0
//		case amax < 2**-64:      d, q = 0, 0
//		default:                 q[k] = roundToEven(x[k] * inv)
//		}
//		for k := range 32 {
//			codes[i*block+k/4*group+k%4] = q[k] ^ flip
//		}
//		scales[i*scaleStep:] = F32ToF16(d)
//		x = x[32:]
//	}
//
// Algebra: magnitudes compare as their bits do, so that a NaN is larger than
// infinity and one integer maximum finds it.
//
// DI codes, R8 group, R9 block, R10 scales, R11 scaleStep, SI x, CX blocks left;
// R12, R13, BX groups of the block; X15 127, Y14 the order of packed dwords, Y13
// the mask of magnitudes, Y12 flip; Y0 to Y3 x, then q; Y4 to Y7 scratch; X10 d,
// Y11 inv. Tails: none, x is whole blocks.
TEXT ·StoreQ8AVX2(SB), NOSPLIT, $0-57
	MOVQ         codes+0(FP), DI
	MOVQ         group+8(FP), R8
	MOVQ         block+16(FP), R9
	MOVQ         scales+24(FP), R10
	MOVQ         scaleStep+32(FP), R11
	MOVQ         x+40(FP), SI
	MOVQ         blocks+48(FP), CX
	VPBROADCASTB flip+56(FP), Y12
	VMOVSS       levels<>(SB), X15
	VMOVDQU      unpack<>(SB), Y14
	VMOVDQU      magnitude<>(SB), Y13

block:
	TESTQ        CX, CX
	JEQ          done
	VMOVUPS      (SI), Y0
	VMOVUPS      32(SI), Y1
	VMOVUPS      64(SI), Y2
	VMOVUPS      96(SI), Y3
	VPAND        Y13, Y0, Y4          // |x|
	VPAND        Y13, Y1, Y5
	VPAND        Y13, Y2, Y6
	VPAND        Y13, Y3, Y7
	VPMAXSD      Y5, Y4, Y4
	VPMAXSD      Y7, Y6, Y6
	VPMAXSD      Y6, Y4, Y4
	VEXTRACTI128 $1, Y4, X5
	VPMAXSD      X5, X4, X4
	VPSHUFD      $0x0e, X4, X5
	VPMAXSD      X5, X4, X4
	VPSHUFD      $0x01, X4, X5
	VPMAXSD      X5, X4, X4           // amax
	VMOVD        X4, AX
	CMPL         AX, $0x7f7fffff
	JHI          notFinite
	CMPL         AX, $0x1f800000      // 2**-64
	JLO          zero
	VDIVSS       X15, X4, X10         // d = amax/127
	VDIVSS       X4, X15, X11
	VBROADCASTSS X11, Y11             // inv = 127/amax
	VMULPS       Y11, Y0, Y0
	VMULPS       Y11, Y1, Y1
	VMULPS       Y11, Y2, Y2
	VMULPS       Y11, Y3, Y3
	VCVTPS2DQ    Y0, Y0               // q[0:8], to nearest even
	VCVTPS2DQ    Y1, Y1
	VCVTPS2DQ    Y2, Y2
	VCVTPS2DQ    Y3, Y3
	VPACKSSDW    Y1, Y0, Y0
	VPACKSSDW    Y3, Y2, Y2
	VPACKSSWB    Y2, Y0, Y0
	VPERMD       Y0, Y14, Y0          // q in order

store:
	VPXOR        Y12, Y0, Y0
	VCVTPS2PH    $0, X10, X10
	VPEXTRW      $0, X10, (R10)
	LEAQ         (DI)(R8*2), R12        // the third group
	LEAQ         (DI)(R8*4), BX         // the fifth
	LEAQ         (R12)(R8*4), R13       // the seventh
	VEXTRACTI128 $1, Y0, X1
	VMOVD        X0, (DI)
	VPEXTRD      $1, X0, (DI)(R8*1)
	VPEXTRD      $2, X0, (R12)
	VPEXTRD      $3, X0, (R12)(R8*1)
	VMOVD        X1, (BX)
	VPEXTRD      $1, X1, (BX)(R8*1)
	VPEXTRD      $2, X1, (R13)
	VPEXTRD      $3, X1, (R13)(R8*1)
	ADDQ         $128, SI
	ADDQ         R9, DI
	ADDQ         R11, R10
	DECQ         CX
	JMP          block

notFinite:
	VPCMPEQD X10, X10, X10
	VPSLLD   $23, X10, X10
	VPSRLD   $1, X10, X10  // 0x7fc00000, a NaN
	VPXOR    Y0, Y0, Y0
	JMP      store

zero:
	VPXOR X10, X10, X10
	VPXOR Y0, Y0, Y0
	JMP   store

done:
	VZEROUPPER
	RET

// func MulF16AVX2(w, e *float32, d *byte, n int)
//
//	for i := range n {
//		w[i] = e[i] * F16ToF32(d[i])
//	}
//
// DI w, SI e, BX d, CX elements left. Tails: one element at a time.
TEXT ·MulF16AVX2(SB), NOSPLIT, $0-32
	MOVQ w+0(FP), DI
	MOVQ e+8(FP), SI
	MOVQ d+16(FP), BX
	MOVQ n+24(FP), CX

loop:
	CMPQ      CX, $8
	JLT       tail
	VCVTPH2PS (BX), Y0
	VMULPS    (SI), Y0, Y0
	VMOVUPS   Y0, (DI)
	ADDQ      $16, BX
	ADDQ      $32, SI
	ADDQ      $32, DI
	SUBQ      $8, CX
	JMP       loop

tail:
	TESTQ     CX, CX
	JEQ       done
	MOVWLZX   (BX), AX
	VMOVD     AX, X0
	VCVTPH2PS X0, X0
	VMULSS    (SI), X0, X0
	VMOVSS    X0, (DI)
	ADDQ      $2, BX
	ADDQ      $4, SI
	ADDQ      $4, DI
	DECQ      CX
	JMP       tail

done:
	VZEROUPPER
	RET

// func PrefetchAVX2(p *byte, n int)
//
// DI the line to prefetch, CX bytes left. Tails: whole lines.
TEXT ·PrefetchAVX2(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), DI
	MOVQ n+8(FP), CX

line:
	CMPQ       CX, $0
	JLE        done
	PREFETCHT0 (DI)
	ADDQ       $64, DI
	SUBQ       $64, CX
	JMP        line

done:
	RET
