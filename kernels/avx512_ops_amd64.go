//go:build amd64 && !purego

package kernels

import "github.com/gptrun/gptrun/asm"

// fillOpsAVX512 puts the AVX-512 versions of operations that wait for arithmetic
// or shuffles into s. Norms, sums and the rotation of halves stay AVX2's: they
// wait for memory or for a chain of additions, where wider vectors gain little.
func fillOpsAVX512(s *Set) {
	s.Scale = scaleVector(asm.ScaleAVX512)
	s.SiLU, s.GELU, s.GELUErf = eachVector(asm.SiLUAVX512), eachVector(asm.GELUAVX512), eachVector(asm.GELUErfAVX512)
	s.SiLUMul, s.GELUMul = gatedVector(asm.SiLUMulAVX512), gatedVector(asm.GELUMulAVX512)
	s.Exp = eachVector(asm.ExpAVX512)
	s.RoPEAdjacent = ropeVector(asm.RoPEAdjacentAVX512)
	s.ToF16, s.FromF16 = pairVector(asm.ToF16AVX512), pairVector(asm.FromF16AVX512)
	fillAttentionQ8AVX512(&s.Attn)
}
