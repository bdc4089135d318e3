package kernels

import "math"

// FMA32 returns x·y + z rounded once to float32, on every machine.
//
// The product of two float32 is exact in float64, so it makes no difference
// where the compiler fuses it with an addition. Rounding the sum to float64 and
// then to float32 is the same as rounding once unless the float64 is half way
// between two float32: a rounded value lies on the same side of any float64
// as the exact one, or on it. Only then, and where a subnormal result puts the
// half-way points elsewhere, does what float64 lost decide.
func FMA32(x, y, z float32) float32 {
	s := float64(x)*float64(y) + float64(z)
	if b := math.Float64bits(s); b&(1<<29-1) != 1<<28 && b<<1 >= (1023-126)<<53 {
		return float32(s)
	}
	return fmaToOdd(x, y, z)
}

// addScaled adds x[i]·f to acc[i], each rounded once as FMA32 does, whose body it
// repeats because the compiler does not inline it.
func addScaled(acc, x []float32, f float32) {
	x = x[:len(acc)]
	g := float64(f)
	for i, z := range acc {
		s := float64(x[i])*g + float64(z)
		if b := math.Float64bits(s); b&(1<<29-1) != 1<<28 && b<<1 >= (1023-126)<<53 {
			acc[i] = float32(s)
		} else {
			acc[i] = fmaToOdd(x[i], f, z)
		}
	}
}

// fmaToOdd rounds the sum to odd before it rounds it to float32: where the
// float64 is inexact and its last bit even, it is moved by one unit towards the
// exact value, so that the second rounding cannot be a wrong tie (Boldo and
// Melquiond, 2008, "Emulation of a FMA and correctly rounded sums: proved
// algorithms using rounding to odd").
func fmaToOdd(x, y, z float32) float32 {
	p, c := float64(x)*float64(y), float64(z)
	s := p + c
	// TwoSum (Knuth): err is what the rounding of s lost, exactly.
	b := s - p
	err := (p - (s - b)) + (c - b)
	if err != 0 && err == err {
		if bits := math.Float64bits(s); bits&1 == 0 {
			if (err > 0) == (s > 0) {
				bits++
			} else {
				bits--
			}
			s = math.Float64frombits(bits)
		}
	}
	return float32(s)
}
