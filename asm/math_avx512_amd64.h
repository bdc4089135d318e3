// Constants and macros shared by the AVX-512 routines. Constants belong to the
// file that includes them; a vector is 16 floats, the 16 virtual lanes of a
// reduction.

// CONSTANT makes a float of its bits.
#define CONSTANT(name, bits) \
	DATA  name<>+0(SB)/4, $bits; \
	GLOBL name<>(SB), RODATA|NOPTR, $4

// EXP_CONSTANTS are exp32's, see package kernels, and EXP's limit of n.
#define EXP_CONSTANTS \
	CONSTANT(expMin, 0xc2aeac4f);   \ // -0x1.5d589ep6
	CONSTANT(expMaxN, 0x43010000);  \ //  129
	CONSTANT(expLog2E, 0x3fb8aa3b); \ //  0x1.715476p0
	CONSTANT(expLn2Hi, 0x3f317200); \ //  0x1.62e4p-1
	CONSTANT(expLn2Lo, 0x35bfbe8e); \ //  0x1.7f7d1cp-20
	CONSTANT(expC2, 0x3efffffe);    \
	CONSTANT(expC3, 0x3e2aaa49);    \
	CONSTANT(expC4, 0x3d2aac79);    \
	CONSTANT(expC5, 0x3c091d10);    \
	CONSTANT(expC6, 0x3ab511e7);    \
	CONSTANT(one, 0x3f800000)

// EXP_LOAD puts the constants of EXP into Z21 to Z31; Z31 is 1.
#define EXP_LOAD \
	VBROADCASTSS expMaxN<>(SB), Z21;  \
	VBROADCASTSS expMin<>(SB), Z22;   \
	VBROADCASTSS expLog2E<>(SB), Z23; \
	VBROADCASTSS expLn2Hi<>(SB), Z24; \
	VBROADCASTSS expLn2Lo<>(SB), Z25; \
	VBROADCASTSS expC6<>(SB), Z26;    \
	VBROADCASTSS expC5<>(SB), Z27;    \
	VBROADCASTSS expC4<>(SB), Z28;    \
	VBROADCASTSS expC3<>(SB), Z29;    \
	VBROADCASTSS expC2<>(SB), Z30;    \
	VBROADCASTSS one<>(SB), Z31

// EXP: p = exp32(x); n, r and the mask k are scratch. VSCALEFPS multiplies by
// 2**n: where the result is a normal number that is what adding n to p's
// exponent gives. Above expMax n is 128 and p ≥ 1, or n is 129 (no infinity,
// lest r be a NaN) and p > ½: the product is +Inf. A NaN x makes r and p one.
#define EXP(x, n, r, p, k) \
	VMULPS       Z23, x, n;     \ // n = x*log2(e)
	VRNDSCALEPS  $8, n, n;      \ // n = roundToEven(n)
	VMINPS       Z21, n, n;     \ // n = min(n, 129)
	VMOVAPS      x, r;          \
	VFNMADD231PS Z24, n, r;     \ // r = fma(-n, ln2Hi, x)
	VFNMADD231PS Z25, n, r;     \ // r = fma(-n, ln2Lo, r)
	VMOVAPS      Z26, p;        \
	VFMADD213PS  Z27, r, p;     \ // p = fma(c6, r, c5)
	VFMADD213PS  Z28, r, p;     \ // p = fma(p, r, c4)
	VFMADD213PS  Z29, r, p;     \
	VFMADD213PS  Z30, r, p;     \
	VFMADD213PS  Z31, r, p;     \
	VFMADD213PS  Z31, r, p;     \
	VCMPPS       $5, Z22, x, k; \ // k = !(x < expMin)
	VSCALEFPS.Z  n, p, k, p       // p *= 2**n, +0 where not k

// LOAD_TAIL_MASK: the mask k = the lower CX lanes, CX < 16; a is scratch.
#define LOAD_TAIL_MASK(a, k) \
	MOVL  $1, a; \
	SHLL  CX, a; \
	DECL  a;     \
	KMOVW a, k

// SUM16: lane 0 of x = the sum over the 16 virtual lanes z, whose lower parts y
// and x are; yb and xb are one register's, scratch.
#define SUM16(z, y, x, yb, xb) \
	VEXTRACTF64X4 $1, z, yb;     \
	VADDPS        yb, y, y;      \ // j and j+8
	VEXTRACTF128  $1, y, xb;     \
	VADDPS        xb, x, x;      \ // j and j+4
	VPERMILPS     $0x0e, x, xb;  \
	VADDPS        xb, x, x;      \ // j and j+2
	VPERMILPS     $0x01, x, xb;  \
	VADDSS        xb, x, x         // j and j+1
