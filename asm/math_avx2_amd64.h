// Constants and macros shared by the AVX2 routines. Constants belong to the
// file that includes them; a vector is 8 floats, one element a lane.

// VECTOR makes a constant of 8 lanes from its bits.
#define VECTOR(name, bits) \
	DATA  name<>+0(SB)/4, $bits;  \
	DATA  name<>+4(SB)/4, $bits;  \
	DATA  name<>+8(SB)/4, $bits;  \
	DATA  name<>+12(SB)/4, $bits; \
	DATA  name<>+16(SB)/4, $bits; \
	DATA  name<>+20(SB)/4, $bits; \
	DATA  name<>+24(SB)/4, $bits; \
	DATA  name<>+28(SB)/4, $bits; \
	GLOBL name<>(SB), RODATA|NOPTR, $32

// EXP_CONSTANTS are exp32's, see package kernels.
#define EXP_CONSTANTS \
	VECTOR(expMin, 0xc2aeac4f);   \ // -0x1.5d589ep6
	VECTOR(expMax, 0x42b17217);   \ //  0x1.62e42ep6
	VECTOR(expLog2E, 0x3fb8aa3b); \ //  0x1.715476p0
	VECTOR(expLn2Hi, 0x3f317200); \ //  0x1.62e4p-1
	VECTOR(expLn2Lo, 0x35bfbe8e); \ //  0x1.7f7d1cp-20
	VECTOR(expC2, 0x3efffffe);    \
	VECTOR(expC3, 0x3e2aaa49);    \
	VECTOR(expC4, 0x3d2aac79);    \
	VECTOR(expC5, 0x3c091d10);    \
	VECTOR(expC6, 0x3ab511e7);    \
	VECTOR(one, 0x3f800000);      \
	VECTOR(infinity, 0x7f800000)

// EXP_UPTO_MAX: p = exp32(x) for x ≤ expMax or NaN; n and r are scratch.
#define EXP_UPTO_MAX(x, n, r, p) \
	VMULPS       expLog2E<>(SB), x, n; \ // n = x*log2(e)
	VROUNDPS     $8, n, n;             \ // n = roundToEven(n)
	VMOVAPS      x, r;                 \
	VFNMADD231PS expLn2Hi<>(SB), n, r; \ // r = fma(-n, ln2Hi, x)
	VFNMADD231PS expLn2Lo<>(SB), n, r; \ // r = fma(-n, ln2Lo, r)
	VMOVUPS      expC6<>(SB), p;       \
	VFMADD213PS  expC5<>(SB), r, p;    \ // p = fma(c6, r, c5)
	VFMADD213PS  expC4<>(SB), r, p;    \ // p = fma(p, r, c4)
	VFMADD213PS  expC3<>(SB), r, p;    \
	VFMADD213PS  expC2<>(SB), r, p;    \
	VFMADD213PS  one<>(SB), r, p;      \
	VFMADD213PS  one<>(SB), r, p;      \
	VCVTPS2DQ    n, n;                 \
	VPSLLD       $23, n, n;            \
	VPADDD       n, p, p;              \ // p *= 2**n
	VCMPPS       $1, expMin<>(SB), x, n; \ // n = x < expMin
	VANDNPS      p, n, p                 // p = +0 there

// EXP: p = exp32(x) for every x.
#define EXP(x, n, r, p) \
	EXP_UPTO_MAX(x, n, r, p);              \
	VCMPPS    $14, expMax<>(SB), x, n;     \ // n = x > expMax
	VBLENDVPS n, infinity<>(SB), p, p      // p = +Inf there

// TAIL_MASK is 16 lanes of ones, then 16 of zeros: from byte 64-4r on, r ones.
#define TAIL_MASK \
	DATA  tailMask<>+0(SB)/8, $0xffffffffffffffff;  \
	DATA  tailMask<>+8(SB)/8, $0xffffffffffffffff;  \
	DATA  tailMask<>+16(SB)/8, $0xffffffffffffffff; \
	DATA  tailMask<>+24(SB)/8, $0xffffffffffffffff; \
	DATA  tailMask<>+32(SB)/8, $0xffffffffffffffff; \
	DATA  tailMask<>+40(SB)/8, $0xffffffffffffffff; \
	DATA  tailMask<>+48(SB)/8, $0xffffffffffffffff; \
	DATA  tailMask<>+56(SB)/8, $0xffffffffffffffff; \
	GLOBL tailMask<>(SB), RODATA|NOPTR, $128

// LOAD_TAIL_MASK: m = the mask of rest elements, 0 < rest < 8 (16 with the
// vector behind it); a is scratch.
#define LOAD_TAIL_MASK(rest, a, m) \
	LEAQ    tailMask<>+64(SB), a; \
	SHLQ    $2, rest;             \
	SUBQ    rest, a;              \
	VMOVDQU (a), m

// SUM16: lane 0 of xa = the sum over 16 virtual lanes, 0…7 in ya and 8…15 in
// yb; xa and xb are their lower halves.
#define SUM16(ya, yb, xa, xb) \
	VADDPS       yb, ya, ya;     \ // j and j+8
	VEXTRACTF128 $1, ya, xb;     \
	VADDPS       xb, xa, xa;     \ // j and j+4
	VPERMILPS    $0x0e, xa, xb;  \
	VADDPS       xb, xa, xa;     \ // j and j+2
	VPERMILPS    $0x01, xa, xb;  \
	VADDSS       xb, xa, xa        // j and j+1
