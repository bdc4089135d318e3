package jinja

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// floatMod is Python's %: exact, with the sign of y.
func floatMod(x, y float64) float64 {
	switch {
	case math.IsNaN(x) || math.IsNaN(y) || math.IsInf(x, 0):
		return math.NaN()
	case math.IsInf(y, 0):
		if x == 0 || (x < 0) == (y < 0) {
			return x
		}
		return y
	}
	// x - y·floor(x/y) over fractions, which do not round.
	a, b := new(big.Rat).SetFloat64(x), new(big.Rat).SetFloat64(y)
	q := new(big.Rat).Quo(a, b)
	floor := new(big.Int).Div(q.Num(), q.Denom())
	m, _ := a.Sub(a, b.Mul(b, new(big.Rat).SetInt(floor))).Float64()
	if m == 0 && y < 0 {
		return -m
	}
	return m
}

func floatFloorDiv(x, y float64) float64 {
	if !finite(x) || !finite(y) {
		m := floatMod(x, y)
		if math.IsNaN(m) {
			return m
		}
		if m == x { // y is infinite
			return 0
		}
		return -1
	}
	q := new(big.Rat).Quo(new(big.Rat).SetFloat64(x), new(big.Rat).SetFloat64(y))
	f, _ := new(big.Float).SetInt(new(big.Int).Div(q.Num(), q.Denom())).Float64()
	if f == 0 && (x < 0) != (y < 0) && x != 0 {
		return -f
	}
	return f
}

// floatPower raises to whole powers and takes square roots; what else Python
// does gives other last digits on other machines.
func (st *state) floatPower(a, b any) any {
	x, y := st.toFloat(a), st.toFloat(b)
	switch {
	case y == 0 || x == 1:
		return 1.0
	case math.IsNaN(x) || math.IsNaN(y):
		return math.NaN()
	case y == 0.5 && x >= 0:
		return math.Sqrt(x)
	case x == 0 && y < 0:
		st.fail("zero to a negative power")
	case y != math.Trunc(y) || y < -2048 || y > 2048 || !finite(x):
		st.fail("%s to the power of %s is not supported", formatFloat(x), formatFloat(y))
	}
	st.work(100)
	const precision = 256
	z := new(big.Float).SetPrec(precision).SetInt64(1)
	f := new(big.Float).SetPrec(precision).SetFloat64(x)
	n := int(y)
	for k := max(n, -n); k > 0; k >>= 1 {
		if k&1 == 1 {
			z.Mul(z, f)
		}
		f.Mul(f, f)
	}
	if n < 0 {
		z.Quo(new(big.Float).SetPrec(precision).SetInt64(1), z)
	}
	r, _ := z.Float64()
	if math.IsInf(r, 0) {
		st.fail("the power is too large for a float")
	}
	return r
}

// formatFloat is Python's repr of a float.
func formatFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	s := strconv.FormatFloat(f, 'e', -1, 64)
	i := strings.IndexByte(s, 'e')
	exponent, _ := strconv.Atoi(s[i+1:])
	if -4 <= exponent && exponent < 16 {
		s = strconv.FormatFloat(f, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
	}
	return s
}

// roundFloat is Python's round(f, digits): to the nearest decimal, ties of the
// exact value to even.
func roundFloat(f float64, digits int) float64 {
	if !finite(f) || digits > 350 {
		return f
	}
	if digits >= 0 {
		r, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'f', digits, 64), 64)
		return r
	}
	if digits < -310 {
		return 0 * f
	}
	// Scaled down exactly, rounded to even, and scaled up again.
	scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-digits)), nil))
	q := new(big.Rat).SetFloat64(f)
	n := roundRat(q.Quo(q, scale))
	r, _ := scale.Mul(scale, new(big.Rat).SetInt(n)).Float64()
	if r == 0 && math.Float64bits(f)>>63 == 1 {
		return -r
	}
	return r
}

// roundRat rounds to the nearest integer, ties to even.
func roundRat(q *big.Rat) *big.Int {
	twice := new(big.Int).Lsh(q.Num(), 1)
	twice.Add(twice, q.Denom())
	n, rest := new(big.Int).DivMod(twice, new(big.Int).Lsh(q.Denom(), 1), new(big.Int))
	if rest.Sign() == 0 && n.Bit(0) == 1 {
		n.Sub(n, big.NewInt(1))
	}
	return n
}

// floatToInt is Python's int() of a finite float.
func floatToInt(f float64) any {
	n, _ := new(big.Float).SetFloat64(math.Trunc(f)).Int(nil)
	return normal(n)
}
