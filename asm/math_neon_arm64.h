// Constants and macros shared by the NEON routines. Constants belong to the file
// that includes them; a vector is 4 floats, one element a lane. Operands of macros
// are the numbers of vector registers, destination first.

#include "words_arm64.h"

// EXP_CONSTANTS are exp32's, see package kernels, in the order of LOAD_EXP.
#define EXP_CONSTANTS \
	DATA  exp<>+0(SB)/4, $0x3fb8aa3b;  \ // log2(e)
	DATA  exp<>+4(SB)/4, $0x3f317200;  \ // ln2Hi
	DATA  exp<>+8(SB)/4, $0x35bfbe8e;  \ // ln2Lo
	DATA  exp<>+12(SB)/4, $0x3ab511e7; \ // c6
	DATA  exp<>+16(SB)/4, $0x3c091d10; \ // c5
	DATA  exp<>+20(SB)/4, $0x3d2aac79; \ // c4
	DATA  exp<>+24(SB)/4, $0x3e2aaa49; \ // c3
	DATA  exp<>+28(SB)/4, $0x3efffffe; \ // c2
	DATA  exp<>+32(SB)/4, $0x3f800000; \ // 1
	DATA  exp<>+36(SB)/4, $0xc2aeac4f; \ // expMin, -0x1.5d589ep6
	DATA  exp<>+40(SB)/4, $0x42b17217; \ // expMax, 0x1.62e42ep6
	DATA  exp<>+44(SB)/4, $0x7f800000; \ // +Inf
	GLOBL exp<>(SB), RODATA|NOPTR, $48

// LOAD_EXP puts exp's constants into all lanes of v20 to v31, by way of a general
// register.
#define LOAD_EXP(r) \
	MOVD    $exp<>(SB), r;       \
	VLD1R.P 4(r), [V20.S4];      \
	VLD1R.P 4(r), [V21.S4];      \
	VLD1R.P 4(r), [V22.S4];      \
	VLD1R.P 4(r), [V23.S4];      \
	VLD1R.P 4(r), [V24.S4];      \
	VLD1R.P 4(r), [V25.S4];      \
	VLD1R.P 4(r), [V26.S4];      \
	VLD1R.P 4(r), [V27.S4];      \
	VLD1R.P 4(r), [V28.S4];      \
	VLD1R.P 4(r), [V29.S4];      \
	VLD1R.P 4(r), [V30.S4];      \
	VLD1R.P 4(r), [V31.S4]

// ONE is the register of LOAD_EXP that has 1 in every lane.
#define ONE 28

// MOV copies a register.
#define MOV(d, n) ORR_16B(d, n, n)

// FMA: d = fma(n, m, a).
#define FMA(d, n, m, a) \
	MOV(d, a); \
	FMLA_4S(d, n, m)

// EXP_UPTO_MAX: p = exp32(x) for x ≤ expMax or NaN; n, r and t are scratch.
#define EXP_UPTO_MAX(p, x, n, r, t) \
	FMUL_4S(n, x, 20);  \ // n = x*log2(e)
	FRINTN_4S(n, n);    \ // n = roundToEven(n)
	MOV(r, x);          \
	FMLS_4S(r, n, 21);  \ // r = fma(-n, ln2Hi, x)
	FMLS_4S(r, n, 22);  \ // r = fma(-n, ln2Lo, r)
	FMA(t, 23, r, 24);  \ // t = fma(c6, r, c5)
	FMA(p, t, r, 25);   \ // p = fma(t, r, c4)
	FMA(t, p, r, 26);   \
	FMA(p, t, r, 27);   \
	FMA(t, p, r, ONE);  \
	FMA(p, t, r, ONE);  \
	FCVTNS_4S(n, n);    \
	SHL_4S(n, n, 23);   \
	ADD_4S(p, p, n);    \ // p *= 2**n
	FCMGT_4S(n, 29, x); \ // n = expMin > x
	BIC_16B(p, p, n)      // p = +0 there

// EXP: p = exp32(x) for every x.
#define EXP(p, x, n, r, t) \
	EXP_UPTO_MAX(p, x, n, r, t); \
	FCMGT_4S(n, x, 30);          \ // n = x > expMax
	BIT_16B(p, 31, n)              // p = +Inf there

// SUM16: lane 0 of a = the sum over 16 virtual lanes, 0 to 3 in a, 4 to 7 in b, 8
// to 11 in c, 12 to 15 in d.
#define SUM16(a, b, c, d) \
	FADD_4S(a, a, c); \ // j and j+8
	FADD_4S(b, b, d); \
	FADD_4S(a, a, b); \ // j and j+4
	DUP_2D(b, a, 1);  \
	FADD_4S(a, a, b); \ // j and j+2
	DUP_4S(b, a, 1);  \
	FADD_4S(a, a, b)    // j and j+1
