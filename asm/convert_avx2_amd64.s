//go:build amd64 && !purego

#include "textflag.h"

// Conversions between single and half precision, to nearest even. DI dst, SI
// src, CX elements left. Tails: one element at a time.

// func ToF16AVX2(dst *uint16, src *float32, n int)
//
//	for i := range n {
//		dst[i] = F32ToF16(src[i])
//	}
TEXT ·ToF16AVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX

loop:
	CMPQ      CX, $8
	JLT       tail
	VMOVUPS   (SI), Y0
	VCVTPS2PH $0, Y0, (DI)
	ADDQ      $32, SI
	ADDQ      $16, DI
	SUBQ      $8, CX
	JMP       loop

tail:
	TESTQ     CX, CX
	JEQ       done
	VMOVSS    (SI), X0
	VCVTPS2PH $0, X0, X0
	VPEXTRW   $0, X0, (DI)
	ADDQ      $4, SI
	ADDQ      $2, DI
	DECQ      CX
	JMP       tail

done:
	VZEROUPPER
	RET

// func FromF16AVX2(dst *float32, src *uint16, n int)
//
//	for i := range n {
//		dst[i] = F16ToF32(src[i])
//	}
TEXT ·FromF16AVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX

loop:
	CMPQ      CX, $8
	JLT       tail
	VCVTPH2PS (SI), Y0
	VMOVUPS   Y0, (DI)
	ADDQ      $16, SI
	ADDQ      $32, DI
	SUBQ      $8, CX
	JMP       loop

tail:
	TESTQ     CX, CX
	JEQ       done
	MOVWLZX   (SI), AX
	VMOVD     AX, X0
	VCVTPH2PS X0, X0
	VMOVSS    X0, (DI)
	ADDQ      $2, SI
	ADDQ      $4, DI
	DECQ      CX
	JMP       tail

done:
	VZEROUPPER
	RET
