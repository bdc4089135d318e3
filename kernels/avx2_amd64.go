//go:build amd64 && !purego

package kernels

import "github.com/klauspost/cpuid/v2"

// avx2Features are the instructions the avx2 tier uses. cpuid reports a vector
// feature only where the operating system saves the registers (XGETBV).
var avx2Features = []cpuid.FeatureID{cpuid.AVX2, cpuid.FMA3, cpuid.F16C}

// avx2Set is the tier of AVX2, FMA and F16C assembly. Where it cannot run it is
// nil and missing names the features that are not there.
func avx2Set() (s *Set, missing []string) {
	missing = missingFeatures(avx2Features)
	if len(missing) > 0 {
		return nil, missing
	}
	s = Generic()
	s.Name = "avx2"
	fillMatmulAVX2(s)
	fillPackAVX2(s)
	fillOpsAVX2(s)
	return s, nil
}

func missingFeatures(features []cpuid.FeatureID) (names []string) {
	for _, f := range features {
		if !cpuid.CPU.Supports(f) {
			names = append(names, f.String())
		}
	}
	return names
}
