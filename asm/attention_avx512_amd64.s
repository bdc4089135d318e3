//go:build amd64 && !purego

#include "textflag.h"
#include "math_avx512_amd64.h"

EXP_CONSTANTS
CONSTANT(minusInfinity, 0xff800000)

// func ExpSumAVX512(s *float32, blocks int) (m, l float32)
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
// a score that is one does not become the maximum, but e does and so l. Two
// blocks at a time, whose sums still go to the lanes one after the other.
//
// DI s, SI the same running, CX blocks, DX those left; Z16, Z17 maxima, then Z16
// m; Z18 lanes; Z0 to Z7 scratch of two blocks, Z21 to Z31 constants, K1, K2
// scratch. Tails: none, the caller fills a block with -Inf, whose exp is +0; an
// odd block is done alone.
TEXT ·ExpSumAVX512(SB), NOSPLIT, $0-24
	MOVQ         s+0(FP), DI
	MOVQ         blocks+8(FP), CX
	MOVQ         DI, SI
	MOVQ         CX, DX
	VBROADCASTSS minusInfinity<>(SB), Z16
	VMOVAPS      Z16, Z17
	SUBQ         $2, DX
	JLT          maxOdd

max2:
	VMOVUPS (SI), Z0
	VMOVUPS 64(SI), Z1
	VMAXPS  Z16, Z0, Z16 // m = s > m ? s : m
	VMAXPS  Z17, Z1, Z17
	ADDQ    $128, SI
	SUBQ    $2, DX
	JGE     max2

maxOdd:
	TESTQ   $1, CX
	JEQ     maximum
	VMOVUPS (SI), Z0
	VMAXPS  Z16, Z0, Z16

maximum:
	VMAXPS        Z16, Z17, Z0
	VEXTRACTF64X4 $1, Z0, Y1
	VMAXPS        Y0, Y1, Y0
	VEXTRACTF128  $1, Y0, X1
	VMAXPS        X0, X1, X0
	VPERMILPS     $0x0e, X0, X1
	VMAXPS        X0, X1, X0
	VPERMILPS     $0x01, X0, X1
	VMAXSS        X0, X1, X0
	VMOVSS        X0, m+16(FP)
	VBROADCASTSS  X0, Z16
	VPXORD        Z18, Z18, Z18
	EXP_LOAD
	SUBQ          $2, CX
	JLT           expOdd

exp2:
	VMOVUPS (DI), Z0
	VMOVUPS 64(DI), Z1
	VSUBPS  Z16, Z0, Z0
	VSUBPS  Z16, Z1, Z1
	EXP(Z0, Z2, Z4, Z6, K1)
	EXP(Z1, Z3, Z5, Z7, K2)
	VMOVUPS Z6, (DI)
	VMOVUPS Z7, 64(DI)
	VADDPS  Z6, Z18, Z18
	VADDPS  Z7, Z18, Z18
	ADDQ    $128, DI
	SUBQ    $2, CX
	JGE     exp2

expOdd:
	TESTQ   $1, CX
	JEQ     sum
	VMOVUPS (DI), Z0
	VSUBPS  Z16, Z0, Z0
	EXP(Z0, Z2, Z4, Z6, K1)
	VMOVUPS Z6, (DI)
	VADDPS  Z6, Z18, Z18

sum:
	VMOVAPS Z18, Z0
	SUM16(Z0, Y0, X0, Y1, X1)
	VMOVSS  X0, l+20(FP)
	VZEROUPPER
	RET

// func MergeAVX512(acc, o *float32, n int, a, b float32)
//
//	for i := range n {
//		acc[i] = FMA32(o[i], b, float32(acc[i]*a))
//	}
//
// DI acc, SI o, CX elements left, Z2 a, Z3 b, K7 the tail's mask. Tails: masked
// loads and stores, which touch no other memory.
TEXT ·MergeAVX512(SB), NOSPLIT, $0-32
	MOVQ         acc+0(FP), DI
	MOVQ         o+8(FP), SI
	MOVQ         n+16(FP), CX
	VBROADCASTSS a+24(FP), Z2
	VBROADCASTSS b+28(FP), Z3

loop:
	CMPQ        CX, $16
	JLT         tail
	VMULPS      (DI), Z2, Z0
	VFMADD231PS (SI), Z3, Z0
	VMOVUPS     Z0, (DI)
	ADDQ        $64, SI
	ADDQ        $64, DI
	SUBQ        $16, CX
	JMP         loop

tail:
	TESTQ       CX, CX
	JEQ         done
	LOAD_TAIL_MASK(AX, K7)
	VMOVUPS.Z   (DI), K7, Z0
	VMOVUPS.Z   (SI), K7, Z1
	VMULPS      Z2, Z0, Z0
	VFMADD231PS Z1, Z3, Z0
	VMOVUPS     Z0, K7, (DI)

done:
	VZEROUPPER
	RET
