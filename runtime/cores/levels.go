package cores

import "strconv"

// maxLevels is more than any of Apple's chips has.
const maxLevels = 8

// fromLevels counts cores by macOS's values, of which number and text read one.
func fromLevels(number func(name string) (int, bool), text func(name string) string) (Cores, bool) {
	k, ok := addLevels(number, text)
	if !ok { // Intel's chips have no levels
		k = Kinds{}
		k.Performance, _ = number("hw.physicalcpu")
		k.Logical, _ = number("hw.logicalcpu")
	}
	return Cores{Machine: k, Allowed: k}, k.Performance > 0 && k.Logical >= k.Performance+k.Efficiency
}

// addLevels adds up the levels, from the fastest on. What is called Efficiency is
// left out, not what else is slower than the first.
func addLevels(number func(name string) (int, bool), text func(name string) string) (k Kinds, ok bool) {
	levels, _ := number("hw.nperflevels")
	if levels < 1 || levels > maxLevels {
		return Kinds{}, false
	}
	for i := range levels {
		prefix := "hw.perflevel" + strconv.Itoa(i) + "."
		physical, ok1 := number(prefix + "physicalcpu")
		logical, ok2 := number(prefix + "logicalcpu")
		if !ok1 || !ok2 || physical < 0 || logical < physical {
			return Kinds{}, false
		}
		name := text(prefix + "name")
		if name == "Efficiency" || name == "" && i > 0 {
			k.Efficiency += physical
		} else {
			k.Performance += physical
		}
		k.Logical += logical
	}
	return k, true
}
