//go:build amd64 && !purego

#include "textflag.h"
#include "math_avx512_amd64.h"

// Conversions between single and half precision, to nearest even. DI dst, SI
// src, CX elements left, K7 the tail's mask. Tails: masked loads and stores,
// which touch no other memory.

// func ToF16AVX512(dst *uint16, src *float32, n int)
//
//	for i := range n {
//		dst[i] = F32ToF16(src[i])
//	}
TEXT ·ToF16AVX512(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX

loop:
	CMPQ      CX, $16
	JLT       tail
	VMOVUPS   (SI), Z0
	VCVTPS2PH $0, Z0, (DI)
	ADDQ      $64, SI
	ADDQ      $32, DI
	SUBQ      $16, CX
	JMP       loop

tail:
	TESTQ     CX, CX
	JEQ       done
	LOAD_TAIL_MASK(AX, K7)
	VMOVUPS.Z (SI), K7, Z0
	VCVTPS2PH $0, Z0, Y0
	VMOVDQU16 Y0, K7, (DI)

done:
	VZEROUPPER
	RET

// func FromF16AVX512(dst *float32, src *uint16, n int)
//
//	for i := range n {
//		dst[i] = F16ToF32(src[i])
//	}
TEXT ·FromF16AVX512(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX

loop:
	CMPQ      CX, $16
	JLT       tail
	VCVTPH2PS (SI), Z0
	VMOVUPS   Z0, (DI)
	ADDQ      $32, SI
	ADDQ      $64, DI
	SUBQ      $16, CX
	JMP       loop

tail:
	TESTQ       CX, CX
	JEQ         done
	LOAD_TAIL_MASK(AX, K7)
	VMOVDQU16.Z (SI), K7, Y0
	VCVTPH2PS   Y0, Z0
	VMOVUPS     Z0, K7, (DI)

done:
	VZEROUPPER
	RET
