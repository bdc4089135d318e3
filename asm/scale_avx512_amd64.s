//go:build amd64 && !purego

#include "textflag.h"
#include "math_avx512_amd64.h"

// func ScaleAVX512(dst *float32, n int, f float32)
//
//	for i := range n {
//		dst[i] *= f
//	}
//
// DI dst, CX elements left, Z1 f, K7 the tail's mask. Tails: masked loads and
// stores, which touch no other memory.
TEXT ·ScaleAVX512(SB), NOSPLIT, $0-20
	MOVQ         dst+0(FP), DI
	MOVQ         n+8(FP), CX
	VBROADCASTSS f+16(FP), Z1

loop:
	CMPQ    CX, $16
	JLT     tail
	VMULPS  (DI), Z1, Z0
	VMOVUPS Z0, (DI)
	ADDQ    $64, DI
	SUBQ    $16, CX
	JMP     loop

tail:
	TESTQ     CX, CX
	JEQ       done
	LOAD_TAIL_MASK(AX, K7)
	VMOVUPS.Z (DI), K7, Z0
	VMULPS    Z0, Z1, Z0
	VMOVUPS   Z0, K7, (DI)

done:
	VZEROUPPER
	RET
