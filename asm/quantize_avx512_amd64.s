//go:build amd64 && !purego

#include "textflag.h"

// What [N N N N H0 H1 H0 H1] is multiplied with; the places of d and s and of the
// halves' pairs are filled later.
DATA  factors<>+0(SB)/8, $0x0000000000000000
DATA  factors<>+8(SB)/8, $0xffffff80fffffff8  // -8, -128
DATA  factors<>+16(SB)/8, $0xffffffe0ffffffe0 // -32, -32
DATA  factors<>+24(SB)/8, $0x0000000000000000
GLOBL factors<>(SB), RODATA|NOPTR, $32

// func QuantizeAVX512(dst *byte, stride int, x *float32, blocks int, levels float32, two bool)
//
//	for i := range blocks {
//		amax := max(|x[0]|, …, |x[31]|)
//		switch {
//		case amax is not finite: record{d: NaN, s: NaN}
//		case amax < 2**-64:      record{}
//		default:
//			d, inv := amax/levels, levels/amax
//			q[k] = roundToEven(x[k] * inv)
//			H0, H1 = Σ q[:16], Σ q[16:]; N = H0 + H1; s = d * float32(N)
//		}
//		x = x[32:]
//	}
//
// Algebra: magnitudes compare as their bits do, so that a NaN is larger than
// infinity and one integer maximum finds it. With t = q + 64, lo = (t & 127) - 64
// and hi = t >> 7, so that q = 128·hi + lo. A record's layout:
//
//	one byte: int8 q[32]            two bytes: int8 hi[32], lo[32]
//	then:     float32 d, s, int32 -8N, -128N, -32·H0, -32·H1,
//	          int16 H0, H1, 0, 0    or lo of H0, of H1, hi of H0, of H1
//
// DI record, R8 stride, SI x, CX blocks left, DX two; X15 levels, Y14 factors,
// Z13 and Z12, Z11 constants; Z0, Z1 x, then q; Z2 to Z5 scratch; X6 d, Z7 inv.
// Tails: none, x is whole blocks.
TEXT ·QuantizeAVX512(SB), NOSPLIT, $0-37
	MOVQ         dst+0(FP), DI
	MOVQ         stride+8(FP), R8
	MOVQ         x+16(FP), SI
	MOVQ         blocks+24(FP), CX
	VMOVSS       levels+32(FP), X15
	MOVBLZX      two+36(FP), DX
	VMOVDQU      factors<>(SB), Y14
	MOVL         $0x7fffffff, AX
	VPBROADCASTD AX, Z13             // magnitude
	MOVL         $64, AX
	VPBROADCASTD AX, Z12
	MOVL         $127, AX
	VPBROADCASTD AX, Z11

block:
	TESTQ         CX, CX
	JEQ           done
	VMOVUPS       (SI), Z0
	VMOVUPS       64(SI), Z1
	VPANDD        Z13, Z0, Z2          // |x|
	VPANDD        Z13, Z1, Z3
	VPMAXSD       Z3, Z2, Z2
	VEXTRACTI64X4 $1, Z2, Y3
	VPMAXSD       Y3, Y2, Y2
	VEXTRACTI128  $1, Y2, X3
	VPMAXSD       X3, X2, X2
	VPSHUFD       $0x0e, X2, X3
	VPMAXSD       X3, X2, X2
	VPSHUFD       $0x01, X2, X3
	VPMAXSD       X3, X2, X2           // amax
	VMOVD         X2, AX
	CMPL          AX, $0x7f7fffff
	JHI           notFinite
	CMPL          AX, $0x1f800000      // 2**-64
	JLO           zero
	VDIVSS        X15, X2, X6          // d = amax/levels
	VDIVSS        X2, X15, X7
	VBROADCASTSS  X7, Z7               // inv = levels/amax
	VMULPS        Z7, Z0, Z0
	VMULPS        Z7, Z1, Z1
	VCVTPS2DQ     Z0, Z0               // q[:16], to nearest even
	VCVTPS2DQ     Z1, Z1               // q[16:]
	VEXTRACTI64X4 $1, Z0, Y2
	VEXTRACTI64X4 $1, Z1, Y3
	VPADDD        Y0, Y2, Y2
	VPADDD        Y1, Y3, Y3
	VPHADDD       Y3, Y2, Y2
	VEXTRACTI128  $1, Y2, X3
	VPADDD        X3, X2, X2
	VPHADDD       X2, X2, X2           // H0 H1 H0 H1
	VPHADDD       X2, X2, X3           // N N N N
	VCVTDQ2PS     X3, X4
	VMULSS        X4, X6, X4           // s
	VUNPCKLPS     X4, X6, X4           // d s
	VINSERTI128   $1, X2, Y3, Y3
	VPMULLD       Y14, Y3, Y3
	VPBLENDD      $3, Y4, Y3, Y3
	TESTL         DX, DX
	JNE           two
	VPXOR         X5, X5, X5
	VPACKSSDW     X2, X2, X2
	VPUNPCKLDQ    X5, X2, X2           // H0 H1 0 0
	VPBROADCASTQ  X2, Y2
	VPBLENDD      $0xc0, Y2, Y3, Y3
	VPMOVDB       Z0, (DI)
	VPMOVDB       Z1, 16(DI)
	VMOVDQU       Y3, 32(DI)

next:
	ADDQ $128, SI
	ADDQ R8, DI
	DECQ CX
	JMP  block

two:
	VPADDD       X12, X2, X2 // H0, H1 as t
	VPSRAD       $7, X2, X5
	VPAND        X11, X2, X2
	VPSUBD       X12, X2, X2
	VPACKSSDW    X2, X2, X2
	VPACKSSDW    X5, X5, X5
	VPUNPCKLDQ   X5, X2, X2
	VPBROADCASTQ X2, Y2
	VPBLENDD     $0xc0, Y2, Y3, Y3
	VPADDD       Z12, Z0, Z0 // t
	VPADDD       Z12, Z1, Z1
	VPSRAD       $7, Z0, Z4  // hi
	VPSRAD       $7, Z1, Z5
	VPMOVDB      Z4, (DI)
	VPMOVDB      Z5, 16(DI)
	VPANDD       Z11, Z0, Z0
	VPANDD       Z11, Z1, Z1
	VPSUBD       Z12, Z0, Z0 // lo
	VPSUBD       Z12, Z1, Z1
	VPMOVDB      Z0, 32(DI)
	VPMOVDB      Z1, 48(DI)
	VMOVDQU      Y3, 64(DI)
	JMP          next

notFinite:
	VPCMPEQD X4, X4, X4
	VPSLLD   $23, X4, X4
	VPSRLD   $1, X4, X4  // 0x7fc00000, a NaN
	VMOVQ    X4, X4      // d s 0 0
	JMP      empty

zero:
	VPXOR X4, X4, X4

empty:
	VPXOR   X2, X2, X2
	VMOVDQU Y2, (DI)
	TESTL   DX, DX
	JNE     emptyTwo
	VMOVDQU Y4, 32(DI)
	JMP     next

emptyTwo:
	VMOVDQU Y2, 32(DI)
	VMOVDQU Y4, 64(DI)
	JMP     next

done:
	VZEROUPPER
	RET
