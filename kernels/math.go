package kernels

import "math"

// The functions here give the same bits on every machine: additions,
// multiplications and divisions in a fixed order, where a product is fused with
// a sum only by FMA32.

// Constants of exp32. expC2… are the coefficients of r²…r⁶ of a polynomial
// 1 + r + c₂r² + … for eʳ with the least relative error (4e-9) on |r| ≤ ½·ln 2.
const (
	expMin = -0x1.5d589ep6 // the float32 above ln 2⁻¹²⁶
	expMax = 0x1.62e42ep6  // the float32 below ln of the largest float32

	expLog2E = 0x1.715476p0
	expLn2Hi = 0x1.62e4p-1 // few bits: n·expLn2Hi is exact
	expLn2Lo = 0x1.7f7d1cp-20

	expC2 = 0.4999999403953552
	expC3 = 0.1666652113199234
	expC4 = 0.04166838899254799
	expC5 = 0.00836874544620514
	expC6 = 0.0013814539415761828
)

// exp32 is eˣ with a relative error below 1.2e-7; it is +0 below ln 2⁻¹²⁶ and
// +Inf where eˣ is larger than any float32. With n = x·log₂e rounded to even it
// is 2ⁿ·p(r), where r = x − n·ln 2 in two steps; n is added to p's exponent.
func exp32(x float32) float32 {
	switch {
	case x < expMin:
		return 0
	case x > expMax:
		return float32(math.Inf(1))
	case x != x:
		return x
	}
	n := float32(math.RoundToEven(float64(float32(x * expLog2E))))
	r := FMA32(-n, expLn2Lo, FMA32(-n, expLn2Hi, x))
	p := FMA32(expC6, r, expC5)
	p = FMA32(p, r, expC4)
	p = FMA32(p, r, expC3)
	p = FMA32(p, r, expC2)
	p = FMA32(p, r, 1)
	p = FMA32(p, r, 1)
	return math.Float32frombits(math.Float32bits(p) + uint32(int32(n))<<23)
}

// Limits and constants of the float64 functions.
const (
	log2E = 0x1.71547652b82fep0
	ln2Hi = 0x1.62e42fefap-1 // 36 bits: n·ln2Hi is exact for |n| < 2¹⁷
	ln2Lo = 0x1.cf79abc9e3b3ap-40

	exp64Max = 0x1.62e42fefa39efp9 // ln of the largest float64
	exp64Min = -745.2              // below, eˣ rounds to zero
)

// Exp64 is eˣ in float64 with an error below 1 unit in the last place where the
// result is a normal number: 2ⁿ·p(r), p the Taylor polynomial of degree 13.
func Exp64(x float64) float64 {
	switch {
	case x != x:
		return x
	case x > exp64Max:
		return math.Inf(1)
	case x < exp64Min:
		return 0
	}
	n := math.RoundToEven(float64(x * log2E))
	r := x - float64(n*ln2Hi)
	lo := float64(n * ln2Lo)
	t := r - lo
	// p is 2·Σ tᵏ/(k+2)!, k = 0…11.
	p := exp64Coefficients[0]
	for _, c := range exp64Coefficients[1:] {
		p = float64(p*t) + c
	}
	// eᵗ = 1 + t + t²·p/2; what rounding r − lo to t lost goes back in.
	lost := (r - t) - lo
	p = 1 + (t + (lost + float64(float64(t*t)*float64(p*0.5))))
	half := math.Trunc(n / 2)
	return float64(p*powerOfTwo(int(half))) * powerOfTwo(int(n-half))
}

// exp64Coefficients are 2/k!, from k = 13 down to 2.
var exp64Coefficients = [...]float64{
	2.0 / 6227020800, 2.0 / 479001600, 2.0 / 39916800, 2.0 / 3628800, 2.0 / 362880, 2.0 / 40320,
	2.0 / 5040, 2.0 / 720, 2.0 / 120, 2.0 / 24, 2.0 / 6, 1,
}

// powerOfTwo is 2ⁿ for a normal result.
func powerOfTwo(n int) float64 { return math.Float64frombits(uint64(1023+n) << 52) }

// Log is the natural logarithm in float64, with an error below 1 unit in the
// last place; −Inf of 0 and NaN of negative numbers. With x = 2ⁿ·m,
// √½ ≤ m < √2, and s = (m−1)/(m+1) it is n·ln 2 + 2·artanh s, a series in s².
func Log(x float64) float64 {
	switch {
	case x != x || x < 0:
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	case x > math.MaxFloat64:
		return x
	}
	n := 0
	if x < 0x1p-1022 {
		x *= 0x1p54
		n = -54
	}
	b := math.Float64bits(x)
	n += int(b>>52) - 1023
	m := math.Float64frombits(b&(1<<52-1) | 1023<<52)
	if m >= math.Sqrt2 {
		m *= 0.5
		n++
	}
	f := m - 1
	s := f / (m + 1)
	z := float64(s * s)
	p := 0.0
	for k := 23.0; k >= 3; k -= 2 {
		p = float64(z * (p + 1/k))
	}
	// log(1+f) = f − (h − s·(h + 2p)), h = f²/2: f is exact, the rest small.
	h := float64(float64(f*f) * 0.5)
	e := float64(n)
	rest := float64(s*(h+float64(2*p))) + float64(e*ln2Lo)
	return float64(e*ln2Hi) + (f - (h - rest))
}

// Pow is base^y for base > 0 with a relative error of about |y·ln base|·2⁻⁵².
func Pow(base, y float64) float64 { return Exp64(float64(y * Log(base))) }

// Half of π in two parts for range reduction; k·halfPiHi is exact for k < 2²⁰.
const (
	twoOverPi = 0x1.45f306dc9c883p-1
	halfPiHi  = 0x1.921fb544p0
	halfPiLo  = 0x1.0b4611a626331p-34
)

// sinCos returns sine and cosine of a in float64, accurate to 2⁻³⁶ relative for
// |a| ≤ 2²⁰, so that rounding them to float32 is right but for near ties. Past
// that the error grows with |a|. With k the multiple of π/2 nearest to a, they
// are Taylor polynomials of degree 13 and 14 in r = a − k·π/2.
func sinCos(a float64) (sin, cos float64) {
	if !(a >= -0x1p31 && a <= 0x1p31) {
		if a-a != 0 {
			return math.NaN(), math.NaN()
		}
		// No position and frequency of a model come here: one defined value.
		return 0, 1
	}
	k := math.RoundToEven(float64(a * twoOverPi))
	r := (a - float64(k*halfPiHi)) - float64(k*halfPiLo)
	z := float64(r * r)
	s, c := 1.0, 1.0
	for n := 13.0; n >= 3; n -= 2 {
		s = 1 - float64(float64(z*s)/(n*(n-1)))
	}
	for n := 14.0; n >= 2; n -= 2 {
		c = 1 - float64(float64(z*c)/(n*(n-1)))
	}
	s = float64(r * s)
	switch int64(k) & 3 {
	case 1:
		return c, -s
	case 2:
		return -s, -c
	case 3:
		return -c, s
	}
	return s, c
}
