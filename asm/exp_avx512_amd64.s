//go:build amd64 && !purego

#include "textflag.h"
#include "math_avx512_amd64.h"

EXP_CONSTANTS

// func ExpAVX512(dst, x *float32, n int)
//
//	for i := range n {
//		dst[i] = exp32(x[i])
//	}
//
// DI dst, SI x, CX elements left; Z0 x, Z1 and Z2 scratch, Z3 the result, Z21 to
// Z31 constants, K1 scratch, K7 the tail's mask. Tails: masked loads and stores,
// which touch no other memory.
TEXT ·ExpAVX512(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	EXP_LOAD

loop:
	CMPQ    CX, $16
	JLT     tail
	VMOVUPS (SI), Z0
	EXP(Z0, Z1, Z2, Z3, K1)
	VMOVUPS Z3, (DI)
	ADDQ    $64, SI
	ADDQ    $64, DI
	SUBQ    $16, CX
	JMP     loop

tail:
	TESTQ     CX, CX
	JEQ       done
	LOAD_TAIL_MASK(AX, K7)
	VMOVUPS.Z (SI), K7, Z0
	EXP(Z0, Z1, Z2, Z3, K1)
	VMOVUPS   Z3, K7, (DI)

done:
	VZEROUPPER
	RET
