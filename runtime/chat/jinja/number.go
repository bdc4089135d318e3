package jinja

import (
	"math"
	"math/big"
	"math/bits"
)

// normal returns an integer as int64 if it fits.
func normal(n *big.Int) any {
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}

// number returns a bool as the integer it is, other numbers as they are, and
// ok = false for what is none.
func number(v any) (n any, ok bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return int64(1), true
		}
		return int64(0), true
	case int64, float64, *big.Int:
		return v, true
	}
	return nil, false
}

func toBig(v any) *big.Int {
	if n, ok := v.(int64); ok {
		return big.NewInt(n)
	}
	return v.(*big.Int)
}

// toFloat converts a number.
func (st *state) toFloat(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	f, _ := new(big.Float).SetInt(v.(*big.Int)).Float64()
	if math.IsInf(f, 0) {
		st.fail("an integer is too large for a float")
	}
	return f
}

func (st *state) sign(v any, negative bool) any {
	st.refuse(v)
	n, ok := number(v)
	if !ok {
		st.fail("a %s has no sign", typeName(v))
	}
	if !negative {
		return n
	}
	switch n := n.(type) {
	case float64:
		return -n
	case int64:
		if n != math.MinInt64 {
			return -n
		}
	}
	return normal(new(big.Int).Neg(toBig(n)))
}

// binary is the operators of arithmetic, on numbers, strings and lists.
func (st *state) binary(op string, left, right any) any {
	if op == "%" {
		if s, ok := text(left); ok {
			return st.percentFormat(left, s, right)
		}
	}
	st.refuse(left)
	st.refuse(right)
	a, aok := number(left)
	b, bok := number(right)
	if aok && bok {
		return st.arithmetic(op, a, b)
	}
	switch op {
	case "+":
		if v, ok := st.add(left, right); ok {
			return v
		}
	case "*":
		if n, ok := a.(int64); ok {
			if v, ok := st.repeat(right, n); ok {
				return v
			}
		}
		if n, ok := b.(int64); ok {
			if v, ok := st.repeat(left, n); ok {
				return v
			}
		}
	}
	st.fail("%s %s %s is not possible", typeName(left), op, typeName(right))
	return nil
}

func (st *state) add(left, right any) (any, bool) {
	a, aok := text(left)
	b, bok := text(right)
	if aok && bok {
		_, escaped := left.(markup)
		if _, ok := right.(markup); ok || escaped {
			return markup(st.join([]string{st.escape(left), st.escape(right)}, "")), true
		}
		return st.join([]string{a, b}, ""), true
	}
	switch x := left.(type) {
	case []any:
		if y, ok := right.([]any); ok {
			st.elements(len(x) + len(y))
			return append(x[:len(x):len(x)], y...), true
		}
	case tuple, group:
		y, ok := elementsOf(right)
		if _, list := right.([]any); ok && !list {
			x, _ := elementsOf(x)
			st.elements(len(x) + len(y))
			return tuple(append(x[:len(x):len(x)], y...)), true
		}
	}
	return nil, false
}

// repeat is a string, list or tuple times n.
func (st *state) repeat(v any, n int64) (any, bool) {
	count := int(max(0, min(n, math.MaxInt32)))
	if s, ok := text(v); ok {
		out := st.repeatString(s, count)
		if _, ok := v.(markup); ok {
			return markup(out), true
		}
		return out, true
	}
	items, ok := elementsOf(v)
	if !ok {
		return nil, false
	}
	st.repeated(len(items)*listElement, count)
	out := make([]any, 0, len(items)*count)
	if len(items) > 0 {
		for range count {
			out = append(out, items...)
		}
	}
	if _, ok := v.([]any); ok {
		return out, true
	}
	return tuple(out), true
}

func (st *state) arithmetic(op string, a, b any) any {
	x, xok := a.(int64)
	y, yok := b.(int64)
	if xok && yok {
		if v, ok := smallArithmetic(op, x, y); ok {
			return v
		}
	}
	_, xf := a.(float64)
	_, yf := b.(float64)
	if xf || yf || op == "/" {
		return st.floatArithmetic(op, a, b)
	}
	return st.bigArithmetic(op, toBig(a), toBig(b))
}

// smallArithmetic computes where neither an error nor an overflow is near.
func smallArithmetic(op string, x, y int64) (any, bool) {
	switch op {
	case "+":
		s := x + y
		return s, (s > x) == (y > 0)
	case "-":
		d := x - y
		return d, (d < x) == (y > 0)
	case "*":
		hi, lo := bits.Mul64(uint64(abs(x)), uint64(abs(y)))
		return x * y, hi == 0 && lo < 1<<62
	case "//":
		if y > 0 {
			return floorDiv(x, y), true
		}
	case "%":
		if y > 0 {
			return x - floorDiv(x, y)*y, true
		}
	}
	return nil, false
}

func abs(x int64) int64 {
	if x < 0 {
		return -x
	}
	return x
}

func floorDiv(x, y int64) int64 {
	q := x / y
	if x%y != 0 && (x < 0) != (y < 0) {
		q--
	}
	return q
}

func (st *state) bigArithmetic(op string, x, y *big.Int) any {
	z := new(big.Int)
	switch op {
	case "+":
		z.Add(x, y)
	case "-":
		z.Sub(x, y)
	case "*":
		st.checkBits(x.BitLen() + y.BitLen())
		z.Mul(x, y)
	case "//", "%":
		if y.Sign() == 0 {
			st.fail("division by zero")
		}
		m := new(big.Int)
		z.DivMod(x, y, m) // Euclid's: the remainder is not negative
		if y.Sign() < 0 && m.Sign() != 0 {
			z.Sub(z, big.NewInt(1))
			m.Add(m, y)
		}
		if op == "%" {
			z = m
		}
	case "**":
		if y.Sign() < 0 {
			return st.floatPower(normal(x), normal(y))
		}
		if !y.IsInt64() || y.Int64() > maxBits {
			if x.BitLen() > 1 {
				st.checkBits(maxBits + 1)
			}
			y = new(big.Int).SetUint64(2 + uint64(y.Bit(0))) // 0, 1 or -1
		}
		st.checkBits(x.BitLen() * int(y.Int64()))
		z.Exp(x, y, nil)
	}
	st.checkBits(z.BitLen())
	st.alloc(z.BitLen() / 8)
	return normal(z)
}

func (st *state) checkBits(n int) {
	st.work(n / 256)
	if n > maxBits {
		st.fail("a number has more than %d digits", maxDigits)
	}
}

func (st *state) floatArithmetic(op string, a, b any) any {
	_, aok := asFloat(a)
	_, bok := asFloat(b)
	if op == "/" && !(aok && bok) {
		x, y := toBigRat(a), toBigRat(b)
		st.work(500)
		if x != nil && y != nil && y.Sign() != 0 { // integers: rounded once
			f, _ := x.Quo(x, y).Float64()
			if math.IsInf(f, 0) {
				st.fail("the quotient of integers is too large for a float")
			}
			return f
		}
	}
	x, y := st.toFloat(a), st.toFloat(b)
	switch op {
	case "+":
		return x + y
	case "-":
		return x - y
	case "*":
		return x * y
	case "**":
		return st.floatPower(a, b)
	}
	if y == 0 {
		st.fail("division by zero")
	}
	if op != "/" {
		st.work(20 + fractionBits(x) + fractionBits(y))
	}
	switch op {
	case "/":
		return x / y
	case "//":
		return floatFloorDiv(x, y)
	}
	return floatMod(x, y)
}

// maxExact is the size of integers that are exact as floats.
const maxExact = 1 << 53

// fractionBits is about how many bits a float takes as a fraction.
func fractionBits(f float64) int {
	e := int(math.Float64bits(f)>>52&0x7ff) - 1023
	return max(e, -e)
}

// toBigRat returns an integer outside of float's exact range as a fraction,
// and others too; nil for floats.
func toBigRat(v any) *big.Rat {
	switch v := v.(type) {
	case int64:
		return new(big.Rat).SetInt64(v)
	case *big.Int:
		return new(big.Rat).SetInt(v)
	}
	return nil
}
