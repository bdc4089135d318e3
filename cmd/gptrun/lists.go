package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// maxList is the most values that one flag takes.
const maxList = 1000

// list adds a flag that takes several values, each kept as what parse makes of
// it: with commas between them, or given several times. They replace the
// default.
func list[T any](f *flags, p *[]T, parse func(string) ([]T, error), names, argument, usage string) *flagDef {
	var given []T
	d := value(f, p, func(s string) ([]T, error) {
		for part := range strings.SplitSeq(s, ",") {
			v, err := parse(part)
			if err != nil {
				return nil, err
			}
			if given = append(given, v...); len(given) > maxList {
				return nil, fmt.Errorf("%q is more than %d values", s, maxList)
			}
		}
		return given, nil
	}, names, argument, usage)
	d.isList, d.repeated = true, true
	d.standard = strings.Join(strings.Fields(strings.Trim(d.standard, "[]")), ",")
	return d
}

// one makes a list's parse of a single value's.
func one[T any](parse func(string) (T, error)) func(string) ([]T, error) {
	return func(s string) ([]T, error) {
		v, err := parse(s)
		return []T{v}, err
	}
}

// integers reads an integer of at least low, or a range of them: first-last,
// first-last+step, or first-last*factor.
func integers(low int) func(string) ([]int, error) {
	return func(s string) ([]int, error) {
		firstText, rest, isRange := strings.Cut(s, "-")
		first, err := integerFrom(firstText, low)
		if err != nil || !isRange {
			return []int{first}, err
		}
		add, multiply, lastText := 1, 1, rest
		if i := strings.IndexAny(rest, "+*"); i >= 0 {
			step, err := integerFrom(rest[i+1:], 1)
			if err != nil {
				return nil, err
			}
			lastText = rest[:i]
			if add = step; rest[i] == '*' {
				add, multiply = 0, step
			}
		}
		last, err := integerFrom(lastText, low)
		if err != nil {
			return nil, err
		}
		return span(s, first, last, add, multiply)
	}
}

// span lists first, first·multiply + add, …, up to last.
func span(text string, first, last, add, multiply int) ([]int, error) {
	var list []int
	for n := int64(first); n <= int64(last); {
		if list = append(list, int(n)); len(list) > maxList {
			return nil, fmt.Errorf("%q is more than %d values", text, maxList)
		}
		next := n*int64(multiply) + int64(add)
		if next <= n {
			return nil, fmt.Errorf("%q does not end", text)
		}
		n = next
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%q is an empty range", text)
	}
	return list, nil
}

func integerFrom(s string, low int) (int, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n > math.MaxInt32 {
		return 0, fmt.Errorf("%q is not an integer", s)
	}
	if int(n) < low {
		return 0, fmt.Errorf("%d is below %d", n, low)
	}
	return int(n), nil
}
