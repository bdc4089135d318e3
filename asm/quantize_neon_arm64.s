//go:build arm64 && !purego

#include "textflag.h"

// func QuantizeNEON(dst *byte, stride int, x *float32, blocks int, levels float32, two bool)
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
//	then:     float32 d, s, int32 -8N, -16N, -32·H0, -32·H1, -4·H0, -4·H1
//
// R0 record, R1 stride, R2 x, R3 blocks left, R4 two, R5 amax, R6 the largest
// finite number, R7 2**-64, R8 H0, R9 H1, R10 N, R11 the fields, R12 to R17
// scratch; v16 levels, v17 and v18 constants; v0 to v7 x, then q; v19 to v26
// scratch; v27 d, v28 inv, v29 s. Tails: none, x is whole blocks.
TEXT ·QuantizeNEON(SB), NOSPLIT, $0-37
	MOVD  dst+0(FP), R0
	MOVD  stride+8(FP), R1
	MOVD  x+16(FP), R2
	MOVD  blocks+24(FP), R3
	FMOVS levels+32(FP), F16
	MOVBU two+36(FP), R4
	MOVW  $0x7f7fffff, R6
	MOVW  $0x1f800000, R7
	WORD $0x4f028411 // movi v17.8h, #0x40
	WORD $0x4f0387f2 // movi v18.8h, #0x7f

block:
	CBZ    R3, done
	VLD1.P 64(R2), [V0.S4, V1.S4, V2.S4, V3.S4]
	VLD1.P 64(R2), [V4.S4, V5.S4, V6.S4, V7.S4]
	VSHL   $1, V0.S4, V19.S4                    // 2·|x|, as bits
	VSHL   $1, V1.S4, V20.S4
	VSHL   $1, V2.S4, V21.S4
	VSHL   $1, V3.S4, V22.S4
	VSHL   $1, V4.S4, V23.S4
	VSHL   $1, V5.S4, V24.S4
	VSHL   $1, V6.S4, V25.S4
	VSHL   $1, V7.S4, V26.S4
	WORD $0x6eb46673 // umax v19.4s, v19.4s, v20.4s
	WORD $0x6eb666b5 // umax v21.4s, v21.4s, v22.4s
	WORD $0x6eb866f7 // umax v23.4s, v23.4s, v24.4s
	WORD $0x6eba6739 // umax v25.4s, v25.4s, v26.4s
	WORD $0x6eb56673 // umax v19.4s, v19.4s, v21.4s
	WORD $0x6eb966f7 // umax v23.4s, v23.4s, v25.4s
	WORD $0x6eb76673 // umax v19.4s, v19.4s, v23.4s
	WORD $0x6eb0aa73 // umaxv s19, v19.4s
	FMOVS  F19, R5
	LSRW   $1, R5, R5                           // amax
	CMPW   R6, R5
	BHI    notFinite
	CMPW   R7, R5
	BLO    zero
	FMOVS  R5, F19
	FDIVS  F16, F19, F27                        // d = amax/levels
	FDIVS  F19, F16, F28                        // inv = levels/amax
	WORD $0x4f9c9000 // fmul v0.4s, v0.4s, v28.s[0]
	WORD $0x4f9c9021 // fmul v1.4s, v1.4s, v28.s[0]
	WORD $0x4f9c9042 // fmul v2.4s, v2.4s, v28.s[0]
	WORD $0x4f9c9063 // fmul v3.4s, v3.4s, v28.s[0]
	WORD $0x4f9c9084 // fmul v4.4s, v4.4s, v28.s[0]
	WORD $0x4f9c90a5 // fmul v5.4s, v5.4s, v28.s[0]
	WORD $0x4f9c90c6 // fmul v6.4s, v6.4s, v28.s[0]
	WORD $0x4f9c90e7 // fmul v7.4s, v7.4s, v28.s[0]
	WORD $0x4e21a800 // fcvtns v0.4s, v0.4s             ; q, to nearest even
	WORD $0x4e21a821 // fcvtns v1.4s, v1.4s
	WORD $0x4e21a842 // fcvtns v2.4s, v2.4s
	WORD $0x4e21a863 // fcvtns v3.4s, v3.4s
	WORD $0x4e21a884 // fcvtns v4.4s, v4.4s
	WORD $0x4e21a8a5 // fcvtns v5.4s, v5.4s
	WORD $0x4e21a8c6 // fcvtns v6.4s, v6.4s
	WORD $0x4e21a8e7 // fcvtns v7.4s, v7.4s
	VADD   V0.S4, V1.S4, V19.S4
	VADD   V2.S4, V3.S4, V20.S4
	VADD   V4.S4, V5.S4, V21.S4
	VADD   V6.S4, V7.S4, V22.S4
	VADD   V19.S4, V20.S4, V19.S4
	VADD   V21.S4, V22.S4, V21.S4
	VADDV  V19.S4, V19
	VADDV  V21.S4, V21
	FMOVS  F19, R8                              // H0
	FMOVS  F21, R9                              // H1
	ADDW   R8, R9, R10                          // N
	SCVTFWS R10, F29
	FMULS  F27, F29, F29                        // s = d·N
	VUZP1  V1.H8, V0.H8, V0.H8                  // q as int16
	VUZP1  V3.H8, V2.H8, V1.H8
	VUZP1  V5.H8, V4.H8, V2.H8
	VUZP1  V7.H8, V6.H8, V3.H8
	CBNZ   R4, two
	VUZP1  V1.B16, V0.B16, V0.B16               // as int8
	VUZP1  V3.B16, V2.B16, V1.B16
	VST1   [V0.B16, V1.B16], (R0)
	ADD    $32, R0, R11

fields:
	NEGW  R10, R10
	NEGW  R8, R8
	NEGW  R9, R9
	FMOVS F27, (R11)
	FMOVS F29, 4(R11)
	LSLW  $3, R10, R12
	LSLW  $4, R10, R13
	STPW  (R12, R13), 8(R11)
	LSLW  $5, R8, R14
	LSLW  $5, R9, R15
	STPW  (R14, R15), 16(R11)
	LSLW  $2, R8, R16
	LSLW  $2, R9, R17
	STPW  (R16, R17), 24(R11)

next:
	ADD R1, R0
	SUB $1, R3
	B   block

two:
	VADD  V17.H8, V0.H8, V0.H8      // t
	VADD  V17.H8, V1.H8, V1.H8
	VADD  V17.H8, V2.H8, V2.H8
	VADD  V17.H8, V3.H8, V3.H8
	WORD $0x4f190413 // sshr v19.8h, v0.8h, #7          ; hi
	WORD $0x4f190434 // sshr v20.8h, v1.8h, #7
	WORD $0x4f190455 // sshr v21.8h, v2.8h, #7
	WORD $0x4f190476 // sshr v22.8h, v3.8h, #7
	VUZP1 V20.B16, V19.B16, V19.B16
	VUZP1 V22.B16, V21.B16, V20.B16
	VST1  [V19.B16, V20.B16], (R0)
	VAND  V18.B16, V0.B16, V0.B16
	VAND  V18.B16, V1.B16, V1.B16
	VAND  V18.B16, V2.B16, V2.B16
	VAND  V18.B16, V3.B16, V3.B16
	VSUB  V17.H8, V0.H8, V0.H8      // lo
	VSUB  V17.H8, V1.H8, V1.H8
	VSUB  V17.H8, V2.H8, V2.H8
	VSUB  V17.H8, V3.H8, V3.H8
	VUZP1 V1.B16, V0.B16, V0.B16
	VUZP1 V3.B16, V2.B16, V1.B16
	ADD   $32, R0, R11
	VST1  [V0.B16, V1.B16], (R11)
	ADD   $64, R0, R11
	B     fields

notFinite:
	MOVW $0x7fc00000, R12 // a NaN
	B    empty

zero:
	MOVW ZR, R12

empty:
	ADD  $32, R0, R11
	STP  (ZR, ZR), (R0)
	STP  (ZR, ZR), 16(R0)
	CBZ  R4, emptyFields
	STP  (ZR, ZR), (R11)
	STP  (ZR, ZR), 16(R11)
	ADD  $32, R11

emptyFields:
	STPW (R12, R12), (R11)
	STP  (ZR, ZR), 8(R11)
	MOVD ZR, 24(R11)
	B    next

done:
	RET
