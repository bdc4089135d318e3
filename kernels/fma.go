package kernels

import "math"

// FMA32 returns x·y + z rounded once to float32.
//
// The product of two float32 is exact in float64, so it makes no difference
// where the compiler fuses it with an addition. The sum is rounded to odd:
// where it is inexact and its last bit is even, it is moved by one unit towards
// the error, so that the second rounding, to float32, cannot be a wrong tie
// (Boldo and Melquiond, 2008, "Emulation of a FMA and correctly rounded sums").
func FMA32(x, y, z float32) float32 {
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
