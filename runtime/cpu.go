package runtime

import (
	"slices"

	"github.com/klauspost/cpuid/v2"

	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/runtime/cores"
)

// CPUInfo describes this machine's CPU.
type CPUInfo struct {
	Name     string
	Tier     string   // in use where Options.CPU is as it was asked for
	Tiers    []string // that can run, the best first
	Features []string // that kernels can be written for, as far as CPU and system have them

	Cores      string // how many of which kind there are and may be used, in words
	Threads    int    // where Options.Threads is 0
	ThreadsWhy string // why so many, in words
}

// features are those that tiers of kernels need.
var features = []cpuid.FeatureID{
	cpuid.AVX2, cpuid.FMA3, cpuid.F16C, cpuid.AVXVNNI,
	cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512VL, cpuid.AVX512VNNI, cpuid.AVX512BF16,
	cpuid.ASIMD, cpuid.ASIMDHP, cpuid.ASIMDDP, cpuid.I8MM,
}

// CPU describes this machine, and the tier that a model would use with the
// given Options.CPU.
func CPU(tier string) (CPUInfo, error) {
	set, err := kernels.Select(tier)
	if err != nil {
		return CPUInfo{}, err
	}
	c := CPUInfo{Name: cpuid.CPU.BrandName, Tier: set.Name}
	for _, s := range kernels.Available() {
		c.Tiers = append(c.Tiers, s.Name)
	}
	slices.Reverse(c.Tiers)
	count := cores.Count()
	c.Cores = count.String()
	c.Threads, c.ThreadsWhy = threads(count)
	for _, f := range features {
		if cpuid.CPU.Has(f) {
			c.Features = append(c.Features, f.String())
		}
	}
	return c, nil
}
