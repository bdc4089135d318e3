//go:build amd64 && !purego

#include "textflag.h"

// What [N N N N H0 H1 H0 H1] is multiplied with; the places of d and s and of the
// halves' pairs are filled later.
DATA  factors<>+0(SB)/8, $0x0000000000000000
DATA  factors<>+8(SB)/8, $0xffffff80fffffff8  // -8, -128
DATA  factors<>+16(SB)/8, $0xffffffe0ffffffe0 // -32, -32
DATA  factors<>+24(SB)/8, $0x0000000000000000
GLOBL factors<>(SB), RODATA|NOPTR, $32

// Packing four vectors to bytes leaves their groups of four codes in the order of
// 128-bit parts: where each group lies, a byte an index.
DATA  groups<>+0(SB)/8, $0x0d0905010c080400
DATA  groups<>+8(SB)/8, $0x0f0b07030e0a0602
GLOBL groups<>(SB), RODATA|NOPTR, $16

// PAIR_SCALES: X20 = d and X21 = inv of the two blocks at p, unless it sets a bit
// of K5: one of them is too small or not finite. Z0 to Z3 are scratch.
#define PAIR_SCALES(p) \
	VPANDD        (p), Z13, Z0;      \ // |x|
	VPANDD        64(p), Z13, Z1;    \
	VPANDD        128(p), Z13, Z2;   \
	VPANDD        192(p), Z13, Z3;   \
	VPMAXSD       Z1, Z0, Z0;        \
	VPMAXSD       Z3, Z2, Z2;        \
	VSHUFI64X2    $0x44, Z2, Z0, Z1; \
	VSHUFI64X2    $0xee, Z2, Z0, Z0; \
	VPMAXSD       Z1, Z0, Z0;        \ // a block in each half
	VSHUFI32X4    $0xb1, Z0, Z0, Z1; \
	VPMAXSD       Z1, Z0, Z0;        \
	VPSHUFD       $0x4e, Z0, Z1;     \
	VPMAXSD       Z1, Z0, Z0;        \
	VPSHUFD       $0xb1, Z0, Z1;     \
	VPMAXSD       Z1, Z0, Z0;        \ // amax
	VPSUBD        Z22, Z0, Z1;       \
	VPCMPUD       $6, Z23, Z1, K5;   \
	VEXTRACTI64X4 $1, Z0, Y1;        \
	VPUNPCKLDQ    X1, X0, X0;        \
	VDIVPS        X15, X0, X20;      \ // amax/levels
	VDIVPS        X0, X15, X21         // levels/amax

// PAIR_SUMS: of Z4, two blocks' sums of four codes each, it makes Z6, the sums N,
// and Z7, H0 H1 H0 H1 in the odd 128-bit parts.
#define PAIR_SUMS \
	VPSHUFD    $0x4e, Z4, Z5;     \
	VPADDD     Z5, Z4, Z4;        \
	VPSHUFD    $0xb1, Z4, Z5;     \
	VPADDD     Z5, Z4, Z4;        \ // a part each: H0, H1 and H0, H1
	VSHUFI32X4 $0xb1, Z4, Z4, Z5; \ // H1, H0 and H1, H0
	VPADDD     Z5, Z4, Z6;        \
	VPUNPCKLDQ Z4, Z5, Z7

// PAIR_META: Z6 = what follows two blocks' codes, but for the halves as int16.
#define PAIR_META \
	VCVTDQ2PS Z6, Z9;       \
	VMULPS    Z9, Z10, Z9;  \ // s
	VUNPCKLPS Z9, Z10, Z9;  \
	VMOVDQA32 Z7, K1, Z6;   \ // N N N N H0 H1 H0 H1
	VPMULLD   Z14, Z6, Z6;  \
	VMOVDQA32 Z9, K2, Z6      // d s

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
// Two blocks go through together, each in a half of the vectors, where both are
// of the default kind; others, and the last of an odd number, alone. While two
// are quantized the scales of the next two are on their way.
//
// DI record, R8 stride, SI x, CX blocks left, DX two; X15 levels, Z14 factors,
// Z13, Z12, Z11 constants. One block: Z0, Z1 x, then q; Z2 to Z5 scratch; X6 d,
// Z7 inv. Two: Z8 and Z9 inv, Z10 d, X20 and X21 the next two's; Z0 to Z3 q, then
// Z0 codes and Z1 the low ones; Z4 to Z9 scratch; Z16 to Z19, Z22, Z23 and K1 to
// K4 constants; R9 the next two. Tails: none, x is whole blocks.
TEXT ·QuantizeAVX512(SB), NOSPLIT, $0-37
	MOVQ            dst+0(FP), DI
	MOVQ            stride+8(FP), R8
	MOVQ            x+16(FP), SI
	MOVQ            blocks+24(FP), CX
	VBROADCASTSS    levels+32(FP), X15
	MOVBLZX         two+36(FP), DX
	VBROADCASTI64X4 factors<>(SB), Z14
	MOVL            $0x7fffffff, AX
	VPBROADCASTD    AX, Z13            // magnitude
	MOVL            $64, AX
	VPBROADCASTD    AX, Z12
	MOVL            $127, AX
	VPBROADCASTD    AX, Z11
	VPMOVZXBD       groups<>(SB), Z16
	MOVL            $1, AX
	VPBROADCASTD    AX, Z18            // the place of the second block's d and inv
	VPXORD          Z17, Z17, Z17
	VINSERTI64X4    $1, Y18, Z17, Z17  // the places of both
	MOVL            $0x01010101, AX
	VPBROADCASTD    AX, Z19
	MOVL            $0x1f800000, AX    // 2**-64
	VPBROADCASTD    AX, Z22
	MOVL            $0x5fffffff, AX    // from there to the largest float
	VPBROADCASTD    AX, Z23
	MOVL            $0xf0f0, AX
	KMOVW           AX, K1             // the half behind d, s, -8N, -128N
	MOVL            $0x0303, AX
	KMOVW           AX, K2             // d, s
	MOVL            $0x4040, AX
	KMOVW           AX, K3             // H0, H1 as int16
	MOVL            $0xc0c0, AX
	KMOVW           AX, K4             // both of them in two bytes

pair:
	CMPQ CX, $2
	JLT  block
	PAIR_SCALES(SI)

pairAgain:
	KORTESTW     K5, K5
	JNE          block
	VPERMPS      Z20, Z17, Z10 // d
	VBROADCASTSS X21, Z8       // inv
	VPERMPS      Z21, Z18, Z9
	LEAQ         256(SI), R9   // the next two blocks
	CMPQ         CX, $4
	CMOVQLT      SI, R9        // or these, if there are none
	PAIR_SCALES(R9)
	VMULPS       (SI), Z8, Z0
	VMULPS       64(SI), Z8, Z1
	VMULPS       128(SI), Z9, Z2
	VMULPS       192(SI), Z9, Z3
	VCVTPS2DQ    Z0, Z0              // q, to nearest even
	VCVTPS2DQ    Z1, Z1
	VCVTPS2DQ    Z2, Z2
	VCVTPS2DQ    Z3, Z3
	VPXORD       Z4, Z4, Z4
	TESTL        DX, DX
	JNE          pairTwo
	VPACKSSDW    Z1, Z0, Z0
	VPACKSSDW    Z3, Z2, Z2
	VPACKSSWB    Z2, Z0, Z0
	VPERMD       Z0, Z16, Z0         // codes
	VPDPBUSD     Z0, Z19, Z4
	PAIR_SUMS
	VPACKSSDW    Z7, Z7, Z8          // H0 H1 as int16
	PAIR_META
	VMOVDQA32    Z8, K3, Z6
	VINSERTI64X4 $1, Y6, Z0, Z1
	VSHUFI64X2   $0xee, Z6, Z0, Z2
	VMOVDQU32    Z1, (DI)
	VMOVDQU32    Z2, (DI)(R8*1)

nextPair:
	ADDQ $256, SI
	LEAQ (DI)(R8*2), DI
	SUBQ $2, CX
	CMPQ CX, $2
	JGE  pairAgain
	JMP  block

pairTwo:
	VPADDD        Z12, Z0, Z0             // t
	VPADDD        Z12, Z1, Z1
	VPADDD        Z12, Z2, Z2
	VPADDD        Z12, Z3, Z3
	VPSRAD        $7, Z0, Z5              // hi
	VPSRAD        $7, Z1, Z6
	VPSRAD        $7, Z2, Z7
	VPSRAD        $7, Z3, Z8
	VPACKSSDW     Z6, Z5, Z5
	VPACKSSDW     Z8, Z7, Z7
	VPACKSSWB     Z7, Z5, Z5
	VPANDD        Z11, Z0, Z0
	VPANDD        Z11, Z1, Z1
	VPANDD        Z11, Z2, Z2
	VPANDD        Z11, Z3, Z3
	VPSUBD        Z12, Z0, Z0             // lo
	VPSUBD        Z12, Z1, Z1
	VPSUBD        Z12, Z2, Z2
	VPSUBD        Z12, Z3, Z3
	VPACKSSDW     Z1, Z0, Z0
	VPACKSSDW     Z3, Z2, Z2
	VPACKSSWB     Z2, Z0, Z1
	VPERMD        Z1, Z16, Z1             // low codes
	VPERMD        Z5, Z16, Z0             // high codes
	VPDPBUSD      Z0, Z19, Z4
	VPSLLD        $7, Z4, Z4
	VPDPBUSD      Z1, Z19, Z4
	PAIR_SUMS
	VPADDD        Z12, Z7, Z8             // H0, H1 as t
	VPSRAD        $7, Z8, Z3
	VPANDD        Z11, Z8, Z8
	VPSUBD        Z12, Z8, Z8
	VPACKSSDW     Z3, Z8, Z8              // lo lo hi hi, two int16 each
	VPSHUFD       $0xd0, Z8, Z8
	PAIR_META
	VMOVDQA32     Z8, K4, Z6
	VINSERTI64X4  $1, Y1, Z0, Z2
	VSHUFI64X2    $0xee, Z1, Z0, Z3
	VEXTRACTI64X4 $1, Z6, Y7
	VMOVDQU32     Z2, (DI)
	VMOVDQU       Y6, 64(DI)
	VMOVDQU32     Z3, (DI)(R8*1)
	VMOVDQU       Y7, 64(DI)(R8*1)
	JMP           nextPair

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
	JMP  pair

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
