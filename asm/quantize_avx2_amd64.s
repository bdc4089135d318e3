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

// func QuantizeAVX2(dst *byte, stride int, x *float32, blocks int, levels float32, wide bool)
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
// infinity and one integer maximum finds it. A record's layout:
//
//	int8 q[32], 32 bytes; if wide int16 q[32], every four in the order 0, 2, 1, 3
//	float32 d, float32 s, int32 -8·N, -16·N, -128·N, H0, H1, and H0 and H1 once
//	more as int16, zeros if wide
//
// DI record, R11 what follows its codes, R8 stride, SI x, CX blocks left, DX bytes
// of codes; X15 levels, Y14 the order of packed dwords; Y0 to Y3 x, then q; Y4 to
// Y9 scratch; X10 d, Y11 inv; AX H0, BX H1.
// Tails: none, x is whole blocks.
TEXT ·QuantizeAVX2(SB), NOSPLIT, $0-37
	MOVQ    dst+0(FP), DI
	MOVQ    stride+8(FP), R8
	MOVQ    x+16(FP), SI
	MOVQ    blocks+24(FP), CX
	VMOVSS  levels+32(FP), X15
	MOVBLZX wide+36(FP), DX
	INCL    DX
	SHLL    $5, DX               // bytes of codes
	VMOVDQU unpack<>(SB), Y14
	VMOVDQU magnitude<>(SB), Y13

block:
	TESTQ        CX, CX
	JEQ          done
	LEAQ         (DI)(DX*1), R11
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
	VDIVSS       X15, X4, X10         // d = amax/levels
	VDIVSS       X4, X15, X11
	VBROADCASTSS X11, Y11             // inv = levels/amax
	VMULPS       Y11, Y0, Y0
	VMULPS       Y11, Y1, Y1
	VMULPS       Y11, Y2, Y2
	VMULPS       Y11, Y3, Y3
	VCVTPS2DQ    Y0, Y0               // q[0:8], to nearest even
	VCVTPS2DQ    Y1, Y1
	VCVTPS2DQ    Y2, Y2
	VCVTPS2DQ    Y3, Y3
	VPADDD       Y1, Y0, Y4           // sums of the first half
	VPADDD       Y3, Y2, Y5           // and of the second
	VPHADDD      Y5, Y4, Y4
	VEXTRACTI128 $1, Y4, X5
	VPADDD       X5, X4, X4           // H0 in two lanes, H1 in two
	VPHADDD      X4, X4, X4           // H0 H1
	VMOVD        X4, AX
	VPEXTRD      $1, X4, BX
	LEAL         (AX)(BX*1), R9       // N
	VXORPS       X6, X6, X6
	VCVTSI2SSL   R9, X6, X6
	VMULSS       X6, X10, X6          // s
	VMOVSS       X10, (R11)
	VMOVSS       X6, 4(R11)
	NEGL         R9
	SHLL         $3, R9
	MOVL         R9, 8(R11)           // -8·N
	ADDL         R9, R9
	MOVL         R9, 12(R11)
	SHLL         $3, R9
	MOVL         R9, 16(R11)
	MOVL         AX, 20(R11)
	MOVL         BX, 24(R11)
	CMPL         DX, $32
	JNE          words
	MOVW         AX, 28(R11)
	MOVW         BX, 30(R11)
	VPACKSSDW    Y1, Y0, Y8
	VPACKSSDW    Y3, Y2, Y9
	VPACKSSWB    Y9, Y8, Y8
	VPERMD       Y8, Y14, Y8          // int8 q in order
	VMOVDQU      Y8, (DI)
	JMP          next

words:
	MOVL      $0, 28(R11)
	VPSHUFD   $0xd8, Y0, Y0 // 0 2 1 3
	VPSHUFD   $0xd8, Y1, Y1
	VPSHUFD   $0xd8, Y2, Y2
	VPSHUFD   $0xd8, Y3, Y3
	VPACKSSDW Y1, Y0, Y0
	VPACKSSDW Y3, Y2, Y2
	VPERMQ    $0xd8, Y0, Y0 // int16 q[0:16]
	VPERMQ    $0xd8, Y2, Y2
	VMOVDQU   Y0, (DI)
	VMOVDQU   Y2, 32(DI)

next:
	ADDQ $128, SI
	ADDQ R8, DI
	DECQ CX
	JMP  block

notFinite:
	VPCMPEQD X4, X4, X4
	VPSLLD   $23, X4, X4
	VPSRLD   $1, X4, X4  // 0x7fc00000, a NaN
	VPXOR    X0, X0, X0
	VMOVQ    X4, X4      // d s 0 0
	JMP      empty

zero:
	VPXOR X0, X0, X0
	VPXOR X4, X4, X4

empty:
	VMOVDQU Y0, (DI)
	VMOVDQU Y0, -32(R11)
	VMOVDQU Y0, (R11)
	VMOVDQU X4, (R11)
	JMP     next

done:
	VZEROUPPER
	RET
