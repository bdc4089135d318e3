//go:build amd64 && !purego

#include "textflag.h"
#include "math_avx2_amd64.h"

EXP_CONSTANTS
TAIL_MASK

// func ExpAVX2(dst, x *float32, n int)
//
//	for i := range n {
//		dst[i] = exp32(x[i])
//	}
//
// DI dst, SI x, CX elements left; Y0 x, Y1 and Y2 scratch, Y3 the result, Y15
// the tail's mask. Tails: masked loads and stores, which touch no other memory.
TEXT ·ExpAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX

loop:
	CMPQ    CX, $8
	JLT     tail
	VMOVUPS (SI), Y0
	EXP(Y0, Y1, Y2, Y3)
	VMOVUPS Y3, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JMP     loop

tail:
	TESTQ      CX, CX
	JEQ        done
	LOAD_TAIL_MASK(CX, AX, Y15)
	VMASKMOVPS (SI), Y15, Y0
	EXP(Y0, Y1, Y2, Y3)
	VMASKMOVPS Y3, Y15, (DI)

done:
	VZEROUPPER
	RET
