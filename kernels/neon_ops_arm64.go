//go:build arm64 && !purego

package kernels

import "github.com/gptrun/gptrun/asm"

// fillOpsNEON puts the NEON versions of everything but the matrix products and
// the quantiser, whose records are theirs, into s.
func fillOpsNEON(s *Set) {
	s.RMSNorm, s.LayerNorm = rmsNormVector(asm.RMSNormNEON), layerNormVector(asm.LayerNormNEON)
	s.Add, s.Scale = pairVector(asm.AddNEON), scaleVector(asm.ScaleNEON)
	s.SiLU, s.GELU, s.GELUErf = eachVector(asm.SiLUNEON), eachVector(asm.GELUNEON), eachVector(asm.GELUErfNEON)
	s.SiLUMul, s.GELUMul = gatedVector(asm.SiLUMulNEON), gatedVector(asm.GELUMulNEON)
	s.Exp = eachVector(asm.ExpNEON)
	s.RoPEAdjacent, s.RoPEHalves = ropeVector(asm.RoPEAdjacentNEON), ropeVector(asm.RoPEHalvesNEON)
	s.ToF16, s.FromF16 = pairVector(asm.ToF16NEON), pairVector(asm.FromF16NEON)
	fillAttentionNEON(&s.Attn)
}
