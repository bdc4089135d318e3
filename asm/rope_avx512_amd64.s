//go:build amd64 && !purego

#include "textflag.h"
#include "math_avx512_amd64.h"

// Where cos sin of each pair lie in eight cosines and, behind them, eight sines,
// a byte each.
DATA  pairs<>+0(SB)/8, $0x0b030a0209010800
DATA  pairs<>+8(SB)/8, $0x0f070e060d050c04
GLOBL pairs<>(SB), RODATA|NOPTR, $16

// The sign of what x1 is multiplied with.
DATA  signs<>+0(SB)/8, $0x0000000080000000
GLOBL signs<>(SB), RODATA|NOPTR, $8

// ROTATE8: Z0, eight pairs x0 x1 x0 x1 …, rotated by Z1, the cosines and, behind
// them, the sines; Z14 is pairs and Z13 signs. Z2 to Z4 are scratch.
#define ROTATE8 \
	VPERMPS     Z1, Z14, Z2;     \ // cos sin
	VPERMILPS   $0xb1, Z2, Z3;   \
	VPXORD      Z13, Z3, Z3;     \ // -sin cos
	VMOVSHDUP   Z0, Z4;          \ // x1 x1
	VMOVSLDUP   Z0, Z0;          \ // x0 x0
	VMULPS      Z2, Z0, Z0;      \ // x0*cos x0*sin
	VFMADD231PS Z3, Z4, Z0         // + x1*-sin, + x1*cos

// func RoPEAdjacentAVX512(x, cos, sin *float32, n int)
//
//	for i := range n {
//		x0, x1 := x[2*i], x[2*i+1]
//		x[2*i] = FMA32(-x1, sin[i], float32(x0*cos[i]))
//		x[2*i+1] = FMA32(x1, cos[i], float32(x0*sin[i]))
//	}
//
// DI x, SI cos, BX sin, CX pairs left; K6 the tail's mask for the angles, K7 the
// one for x. Tails: masked loads and stores, which touch no other memory.
TEXT ·RoPEAdjacentAVX512(SB), NOSPLIT, $0-32
	MOVQ         x+0(FP), DI
	MOVQ         cos+8(FP), SI
	MOVQ         sin+16(FP), BX
	MOVQ         n+24(FP), CX
	VPMOVZXBD    pairs<>(SB), Z14
	VPBROADCASTQ signs<>(SB), Z13

loop:
	CMPQ         CX, $8
	JLT          tail
	VMOVUPS      (DI), Z0
	VMOVUPS      (SI), Y1
	VINSERTF64X4 $1, (BX), Z1, Z1
	ROTATE8
	VMOVUPS      Z0, (DI)
	ADDQ         $64, DI
	ADDQ         $32, SI
	ADDQ         $32, BX
	SUBQ         $8, CX
	JMP          loop

tail:
	TESTQ        CX, CX
	JEQ          done
	LOAD_TAIL_MASK(AX, K6)
	ADDQ         CX, CX          // 2n of x
	LOAD_TAIL_MASK(AX, K7)
	VMOVUPS.Z    (DI), K7, Z0
	VMOVUPS.Z    (SI), K6, Y1
	VMOVUPS.Z    (BX), K6, Y2
	VINSERTF64X4 $1, Y2, Z1, Z1
	ROTATE8
	VMOVUPS      Z0, K7, (DI)

done:
	VZEROUPPER
	RET
