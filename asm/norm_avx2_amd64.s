//go:build amd64 && !purego

#include "textflag.h"
#include "math_avx2_amd64.h"

// Norms, sums and products of vectors. Reductions run in 16 virtual lanes,
// element i in lane i mod 16: Y0 holds lanes 0 to 7 and Y1 lanes 8 to 15. Tails:
// masked loads give zeros, which change no lane (FMA(0, 0, l) = l + 0 = l).

TAIL_MASK
VECTOR(one, 0x3f800000)

// INVERSE_ROOT: y = 1/sqrt(x/n + eps) in all lanes; x and t are X registers, CX
// is n. It reads eps and writes t.
#define INVERSE_ROOT(x, t, y, eps) \
	VXORPS       t, t, t;          \
	VCVTSI2SSQ   CX, t, t;         \
	VDIVSS       t, x, x;          \ // mean
	VADDSS       eps, x, x;        \
	VSQRTSS      x, x, x;          \
	VMOVSS       one<>(SB), t;     \
	VDIVSS       x, t, x;          \
	VBROADCASTSS x, y

// func RMSNormAVX2(dst, x, w *float32, n int, eps float32)
//
//	for i := range n {
//		lane[i%16] = FMA32(x[i], x[i], lane[i%16])
//	}
//	r := 1 / sqrt(sum(lane)/n + eps)
//	for i := range n {
//		dst[i] = float32(x[i]*r) * w[i]
//	}
//
// DI dst, SI x, BX w, CX n, DX elements left, R8 running x; Y0, Y1 lanes, then
// Y0 r; Y2, Y3 elements; Y14, Y15 masks.
TEXT ·RMSNormAVX2(SB), NOSPLIT, $0-36
	MOVQ   dst+0(FP), DI
	MOVQ   x+8(FP), SI
	MOVQ   w+16(FP), BX
	MOVQ   n+24(FP), CX
	MOVQ   SI, R8
	MOVQ   CX, DX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1

squares:
	CMPQ        DX, $16
	JLT         squaresTail
	VMOVUPS     (R8), Y2
	VMOVUPS     32(R8), Y3
	VFMADD231PS Y2, Y2, Y0 // lane = fma(x, x, lane)
	VFMADD231PS Y3, Y3, Y1
	ADDQ        $64, R8
	SUBQ        $16, DX
	JMP         squares

squaresTail:
	TESTQ       DX, DX
	JEQ         mean
	LOAD_TAIL_MASK(DX, AX, Y14)
	VMOVDQU     32(AX), Y15
	VMASKMOVPS  (R8), Y14, Y2
	VMASKMOVPS  32(R8), Y15, Y3
	VFMADD231PS Y2, Y2, Y0
	VFMADD231PS Y3, Y3, Y1

mean:
	SUM16(Y0, Y1, X0, X1)
	INVERSE_ROOT(X0, X1, Y0, eps+32(FP))

apply:
	CMPQ    CX, $8
	JLT     applyTail
	VMULPS  (SI), Y0, Y2 // x*r
	VMULPS  (BX), Y2, Y2 // x*r*w
	VMOVUPS Y2, (DI)
	ADDQ    $32, SI
	ADDQ    $32, BX
	ADDQ    $32, DI
	SUBQ    $8, CX
	JMP     apply

applyTail:
	TESTQ      CX, CX
	JEQ        done
	LOAD_TAIL_MASK(CX, AX, Y15)
	VMASKMOVPS (SI), Y15, Y2
	VMULPS     Y2, Y0, Y2
	VMASKMOVPS (BX), Y15, Y3
	VMULPS     Y3, Y2, Y2
	VMASKMOVPS Y2, Y15, (DI)

done:
	VZEROUPPER
	RET

// func LayerNormAVX2(dst, x, w, b *float32, n int, eps float32)
//
//	mean := sum(x) / n
//	for i := range n {
//		lane[i%16] = FMA32(x[i]-mean, x[i]-mean, lane[i%16])
//	}
//	r := 1 / sqrt(sum(lane)/n + eps)
//	for i := range n {
//		dst[i] = float32(float32((x[i]-mean)*r)*w[i]) + b[i] // b if not nil
//	}
//
// DI dst, SI x, BX w, R9 b, CX n, DX elements left, R8 running x; Y0, Y1 lanes,
// then Y0 r; Y4 mean; Y2, Y3 elements; Y14, Y15 masks.
TEXT ·LayerNormAVX2(SB), NOSPLIT, $0-44
	MOVQ   dst+0(FP), DI
	MOVQ   x+8(FP), SI
	MOVQ   w+16(FP), BX
	MOVQ   b+24(FP), R9
	MOVQ   n+32(FP), CX
	MOVQ   SI, R8
	MOVQ   CX, DX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1

sums:
	CMPQ   DX, $16
	JLT    sumsTail
	VADDPS (R8), Y0, Y0
	VADDPS 32(R8), Y1, Y1
	ADDQ   $64, R8
	SUBQ   $16, DX
	JMP    sums

sumsTail:
	TESTQ      DX, DX
	JEQ        mean
	LOAD_TAIL_MASK(DX, AX, Y14)
	VMOVDQU    32(AX), Y15
	VMASKMOVPS (R8), Y14, Y2
	VMASKMOVPS 32(R8), Y15, Y3
	VADDPS     Y2, Y0, Y0
	VADDPS     Y3, Y1, Y1

mean:
	SUM16(Y0, Y1, X0, X1)
	VXORPS       X1, X1, X1
	VCVTSI2SSQ   CX, X1, X1
	VDIVSS       X1, X0, X0
	VBROADCASTSS X0, Y4     // mean
	MOVQ         SI, R8
	MOVQ         CX, DX
	VXORPS       Y0, Y0, Y0
	VXORPS       Y1, Y1, Y1

squares:
	CMPQ        DX, $16
	JLT         squaresTail
	VMOVUPS     (R8), Y2
	VMOVUPS     32(R8), Y3
	VSUBPS      Y4, Y2, Y2 // d = x - mean
	VSUBPS      Y4, Y3, Y3
	VFMADD231PS Y2, Y2, Y0 // lane = fma(d, d, lane)
	VFMADD231PS Y3, Y3, Y1
	ADDQ        $64, R8
	SUBQ        $16, DX
	JMP         squares

squaresTail:
	TESTQ       DX, DX
	JEQ         root
	LOAD_TAIL_MASK(DX, AX, Y14)
	VMOVDQU     32(AX), Y15
	VMASKMOVPS  (R8), Y14, Y2
	VMASKMOVPS  32(R8), Y15, Y3
	VSUBPS      Y4, Y2, Y2
	VSUBPS      Y4, Y3, Y3
	VANDPS      Y14, Y2, Y2 // +0 past the end
	VANDPS      Y15, Y3, Y3
	VFMADD231PS Y2, Y2, Y0
	VFMADD231PS Y3, Y3, Y1

root:
	SUM16(Y0, Y1, X0, X1)
	INVERSE_ROOT(X0, X1, Y0, eps+40(FP))

apply:
	CMPQ    CX, $8
	JLT     applyTail
	VMOVUPS (SI), Y2
	VSUBPS  Y4, Y2, Y2
	VMULPS  Y0, Y2, Y2   // d*r
	VMULPS  (BX), Y2, Y2 // d*r*w
	TESTQ   R9, R9
	JEQ     store
	VADDPS  (R9), Y2, Y2 // + b
	ADDQ    $32, R9

store:
	VMOVUPS Y2, (DI)
	ADDQ    $32, SI
	ADDQ    $32, BX
	ADDQ    $32, DI
	SUBQ    $8, CX
	JMP     apply

applyTail:
	TESTQ      CX, CX
	JEQ        done
	LOAD_TAIL_MASK(CX, AX, Y15)
	VMASKMOVPS (SI), Y15, Y2
	VSUBPS     Y4, Y2, Y2
	VMULPS     Y0, Y2, Y2
	VMASKMOVPS (BX), Y15, Y3
	VMULPS     Y3, Y2, Y2
	TESTQ      R9, R9
	JEQ        storeTail
	VMASKMOVPS (R9), Y15, Y3
	VADDPS     Y3, Y2, Y2

storeTail:
	VMASKMOVPS Y2, Y15, (DI)

done:
	VZEROUPPER
	RET

// func AddAVX2(dst, x *float32, n int)
//
//	for i := range n {
//		dst[i] += x[i]
//	}
//
// DI dst, SI x, CX elements left, Y15 the tail's mask.
TEXT ·AddAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX

loop:
	CMPQ    CX, $8
	JLT     tail
	VMOVUPS (DI), Y0
	VADDPS  (SI), Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JMP     loop

tail:
	TESTQ      CX, CX
	JEQ        done
	LOAD_TAIL_MASK(CX, AX, Y15)
	VMASKMOVPS (DI), Y15, Y0
	VMASKMOVPS (SI), Y15, Y1
	VADDPS     Y1, Y0, Y0
	VMASKMOVPS Y0, Y15, (DI)

done:
	VZEROUPPER
	RET

// func ScaleAVX2(dst *float32, n int, f float32)
//
//	for i := range n {
//		dst[i] *= f
//	}
//
// DI dst, CX elements left, Y1 f, Y15 the tail's mask.
TEXT ·ScaleAVX2(SB), NOSPLIT, $0-20
	MOVQ         dst+0(FP), DI
	MOVQ         n+8(FP), CX
	VBROADCASTSS f+16(FP), Y1

loop:
	CMPQ    CX, $8
	JLT     tail
	VMULPS  (DI), Y1, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, DI
	SUBQ    $8, CX
	JMP     loop

tail:
	TESTQ      CX, CX
	JEQ        done
	LOAD_TAIL_MASK(CX, AX, Y15)
	VMASKMOVPS (DI), Y15, Y0
	VMULPS     Y0, Y1, Y0
	VMASKMOVPS Y0, Y15, (DI)

done:
	VZEROUPPER
	RET
