// Package cores tells which of a machine's CPU cores this process may use, and so
// how many threads it should have.
package cores

import (
	"fmt"
	"strings"

	goruntime "runtime"

	"github.com/klauspost/cpuid/v2"
)

// Kinds counts physical cores by kind, and the logical CPUs that they show as.
// Where all cores are alike they are performance cores.
type Kinds struct {
	Performance, Efficiency, Logical int
}

// Cores are a machine's, and those of them that the process may use.
type Cores struct {
	Machine Kinds   // that run; zero where it is not known
	Allowed Kinds   // by the process's affinity and CPU set; there is at least one
	Quota   float64 // seconds of CPU time that it may take a second; 0: no limit
}

// Count asks the system. What it does not tell is taken from the CPU and from the
// number of logical CPUs that Go counts.
func Count() Cores {
	if c, ok := count(); ok {
		return c
	}
	logical, perCore := goruntime.NumCPU(), max(1, cpuid.CPU.ThreadsPerCore)
	return Cores{Allowed: Kinds{Performance: (logical + perCore - 1) / perCore, Logical: logical}}
}

// Threads is how many threads suit the cores, where Go runs at most maxProcs at
// the same time, and why. A thread per physical core is right, since two on one
// core share its units; the threads of a pass share its work and wait for each
// other, so slower cores are left to other programs.
//
// A quota is rounded to the nearest number. With more threads than that the
// process is stopped for the rest of each period, with fewer it leaves time
// unused. Measured with SmolLM2-135M Q4_0 on two cores of a Zen 4 machine, two
// threads for one: at a quota of 1.5 prompts 1.40 and generation 1.32 times as
// fast, at 1.25 1.21 and 0.78 times, at 1.1 0.90 and 0.73 times.
func (c Cores) Threads(maxProcs int) (n int, why string) {
	switch k := c.Allowed; {
	case k.Performance > 0 && k.Efficiency > 0:
		n, why = k.Performance, "one for each performance core that may be used"
	case k.Performance > 0:
		n, why = k.Performance, "one for each core that may be used"
	default:
		n, why = max(1, k.Efficiency), "one for each efficiency core, as no other may be used"
	}
	if c.Quota > 0 && c.Quota < float64(n) {
		if q := max(1, int(c.Quota+0.5)); q < n {
			n, why = q, fmt.Sprintf("since the control group has the time of %.3g CPUs", c.Quota)
		}
	}
	if maxProcs < n {
		n, why = maxProcs, "which is GOMAXPROCS"
	}
	return n, why
}

// String says what cores there are and which may be used.
func (c Cores) String() string {
	var parts []string
	if c.Machine != (Kinds{}) {
		parts = append(parts, c.Machine.String())
	}
	if c.Machine != c.Allowed {
		parts = append(parts, c.Allowed.String()+" may be used")
	}
	if c.Quota > 0 {
		parts = append(parts, fmt.Sprintf("time of %.3g CPUs", c.Quota))
	}
	return strings.Join(parts, "; ")
}

func (k Kinds) String() string {
	text := fmt.Sprint(k.Performance)
	switch {
	case k.Performance == 0:
		text = fmt.Sprintf("%d efficiency", k.Efficiency)
	case k.Efficiency > 0:
		text = fmt.Sprintf("%d performance and %d efficiency", k.Performance, k.Efficiency)
	}
	if k.Logical != k.Performance+k.Efficiency {
		text += fmt.Sprintf(" (%d logical CPUs)", k.Logical)
	}
	return text
}
