//go:build arm64 && !purego

package kernels

import "golang.org/x/sys/cpu"

// The tiers of arm64. Go itself asks for the vector unit of ARMv8.0 (ASIMD), so
// neon always runs. Package cpu asks the system for what came later: the
// auxiliary vector on Linux, sysctl on macOS, IsProcessorFeaturePresent on
// Windows, which has no word for the matrix products of i8mm.

// neonSet is the tier of ARMv8.0 assembly.
func neonSet() (s *Set, missing []string) {
	s = Generic()
	s.Name = "neon"
	fillMatmulNEON(s)
	fillPackNEON(s)
	fillOpsNEON(s)
	return s, nil
}

// dotprodSet is neon with products of four int8 at once.
func dotprodSet() (s *Set, missing []string) {
	s, _ = neonSet()
	if !cpu.ARM64.HasASIMDDP {
		return nil, []string{"ASIMDDP"}
	}
	s.Name = "dotprod"
	fillMatmulDotprod(s)
	return s, nil
}

// i8mmSet is dotprod with products of matrices of int8.
func i8mmSet() (s *Set, missing []string) {
	s, missing = dotprodSet()
	if !cpu.ARM64.HasI8MM {
		missing = append(missing, "I8MM")
	}
	if len(missing) > 0 {
		return nil, missing
	}
	s.Name = "i8mm"
	fillMatmulI8MM(s)
	return s, nil
}
