//go:build amd64 && !purego

#include "textflag.h"
#include "math_avx2_amd64.h"

EXP_CONSTANTS
TAIL_MASK
VECTOR(minusInfinity, 0xff800000)

// func ExpSumAVX2(s *float32, blocks int) (m, l float32)
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
// VMAXPS takes its second source, the first in Go's order, where one is a NaN:
// a score that is one does not become the maximum, but e does and so l. As
// s - m ≤ 0 or is a NaN, exp needs no upper limit.
//
// DI s, CX blocks; Y8, Y9 maxima, then Y8 m; Y10, Y11 lanes; Y0 to Y7 scratch of
// two vectors. Tails: none, the caller fills a block with -Inf, whose exp is +0.
TEXT ·ExpSumAVX2(SB), NOSPLIT, $0-24
	MOVQ    s+0(FP), DI
	MOVQ    blocks+8(FP), CX
	MOVQ    DI, SI
	MOVQ    CX, DX
	VMOVUPS minusInfinity<>(SB), Y8
	VMOVAPS Y8, Y9

max:
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	VMAXPS  Y8, Y0, Y8  // m = s > m ? s : m
	VMAXPS  Y9, Y1, Y9
	ADDQ    $64, SI
	DECQ    DX
	JNE     max

	VMAXPS       Y8, Y9, Y8
	VEXTRACTF128 $1, Y8, X9
	VMAXPS       X8, X9, X8
	VPERMILPS    $0x0e, X8, X9
	VMAXPS       X8, X9, X8
	VPERMILPS    $0x01, X8, X9
	VMAXSS       X8, X9, X8
	VMOVSS       X8, m+16(FP)
	VBROADCASTSS X8, Y8
	VXORPS       Y10, Y10, Y10
	VXORPS       Y11, Y11, Y11

exp:
	VMOVUPS (DI), Y0
	VMOVUPS 32(DI), Y1
	VSUBPS  Y8, Y0, Y0
	VSUBPS  Y8, Y1, Y1
	EXP_UPTO_MAX(Y0, Y2, Y4, Y6)
	EXP_UPTO_MAX(Y1, Y3, Y5, Y7)
	VMOVUPS Y6, (DI)
	VMOVUPS Y7, 32(DI)
	VADDPS  Y6, Y10, Y10
	VADDPS  Y7, Y11, Y11
	ADDQ    $64, DI
	DECQ    CX
	JNE     exp

	SUM16(Y10, Y11, X10, X11)
	VMOVSS X10, l+20(FP)
	VZEROUPPER
	RET

// func MergeAVX2(acc, o *float32, n int, a, b float32)
//
//	for i := range n {
//		acc[i] = FMA32(o[i], b, float32(acc[i]*a))
//	}
//
// DI acc, SI o, CX elements left, Y2 a, Y3 b, Y15 the tail's mask.
TEXT ·MergeAVX2(SB), NOSPLIT, $0-32
	MOVQ         acc+0(FP), DI
	MOVQ         o+8(FP), SI
	MOVQ         n+16(FP), CX
	VBROADCASTSS a+24(FP), Y2
	VBROADCASTSS b+28(FP), Y3

loop:
	CMPQ        CX, $8
	JLT         tail
	VMULPS      (DI), Y2, Y0
	VFMADD231PS (SI), Y3, Y0
	VMOVUPS     Y0, (DI)
	ADDQ        $32, SI
	ADDQ        $32, DI
	SUBQ        $8, CX
	JMP         loop

tail:
	TESTQ       CX, CX
	JEQ         done
	LOAD_TAIL_MASK(CX, AX, Y15)
	VMASKMOVPS  (DI), Y15, Y0
	VMASKMOVPS  (SI), Y15, Y1
	VMULPS      Y2, Y0, Y0
	VFMADD231PS Y1, Y3, Y0
	VMASKMOVPS  Y0, Y15, (DI)

done:
	VZEROUPPER
	RET

// func StoreK16AVX2(k *uint16, x *float32, n int)
//
//	for c := range n {
//		k[16*c] = F32ToF16(x[c])
//	}
//
// DI k, SI x, CX elements left. Tails: one element at a time.
TEXT ·StoreK16AVX2(SB), NOSPLIT, $0-24
	MOVQ k+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX

loop:
	CMPQ      CX, $8
	JLT       tail
	VMOVUPS   (SI), Y0
	VCVTPS2PH $0, Y0, X0
	VPEXTRW   $0, X0, (DI)
	VPEXTRW   $1, X0, 32(DI)
	VPEXTRW   $2, X0, 64(DI)
	VPEXTRW   $3, X0, 96(DI)
	VPEXTRW   $4, X0, 128(DI)
	VPEXTRW   $5, X0, 160(DI)
	VPEXTRW   $6, X0, 192(DI)
	VPEXTRW   $7, X0, 224(DI)
	ADDQ      $32, SI
	ADDQ      $256, DI
	SUBQ      $8, CX
	JMP       loop

tail:
	TESTQ     CX, CX
	JEQ       done
	VMOVSS    (SI), X0
	VCVTPS2PH $0, X0, X0
	VPEXTRW   $0, X0, (DI)
	ADDQ      $4, SI
	ADDQ      $32, DI
	DECQ      CX
	JMP       tail

done:
	VZEROUPPER
	RET
