package cores

import (
	"iter"
	"math/bits"
	"strconv"
	"strings"
)

// maxCPUs is the most that Linux can be built for; what goes past it is ignored.
const maxCPUs = 8192

// cpuSet is a set of logical CPUs by number.
type cpuSet [maxCPUs / 64]uint64

func (s *cpuSet) has(cpu int) bool { return s[cpu/64]>>(cpu%64)&1 != 0 }

func (s *cpuSet) count() (n int) {
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

func (s *cpuSet) and(t *cpuSet) (both cpuSet) {
	for i := range s {
		both[i] = s[i] & t[i]
	}
	return both
}

// all yields the CPUs in ascending order.
func (s *cpuSet) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i, word := range s {
			for ; word != 0; word &= word - 1 {
				if !yield(64*i + bits.TrailingZeros64(word)) {
					return
				}
			}
		}
	}
}

// add adds first…last, as far as there can be such CPUs.
func (s *cpuSet) add(first, last uint64) {
	last = min(last, maxCPUs-1)
	for first <= last {
		i, from := first/64, first%64
		to := min(last-64*i, 63)
		s[i] |= ^uint64(0) << from & (^uint64(0) >> (63 - to))
		first = 64 * (i + 1)
	}
}

// parseList reads a list such as "0-3,8"; ok is false where it is none or names
// no CPU.
func parseList(text string) (s cpuSet, ok bool) {
	for part := range strings.SplitSeq(strings.TrimSpace(text), ",") {
		low, high, isRange := strings.Cut(part, "-")
		first, err := strconv.ParseUint(low, 10, 64)
		if err != nil {
			return cpuSet{}, false
		}
		last := first
		if isRange {
			if last, err = strconv.ParseUint(high, 10, 64); err != nil || last < first {
				return cpuSet{}, false
			}
		}
		s.add(first, last)
	}
	return s, s != cpuSet{}
}
