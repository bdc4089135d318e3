//go:build amd64 && !purego

package kernels

import "github.com/gptrun/gptrun/asm"

// fillOpsAVX2 puts the AVX2 versions of everything but the matrix products into
// s.
func fillOpsAVX2(s *Set) {
	s.QuantizeRow = quantizeRowAVX2
	s.RMSNorm, s.LayerNorm = rmsNormVector(asm.RMSNormAVX2), layerNormVector(asm.LayerNormAVX2)
	s.Add, s.Scale = pairVector(asm.AddAVX2), scaleVector(asm.ScaleAVX2)
	s.SiLU, s.GELU, s.GELUErf = eachVector(asm.SiLUAVX2), eachVector(asm.GELUAVX2), eachVector(asm.GELUErfAVX2)
	s.SiLUMul, s.GELUMul = gatedVector(asm.SiLUMulAVX2), gatedVector(asm.GELUMulAVX2)
	s.Exp = eachVector(asm.ExpAVX2)
	s.RoPEAdjacent, s.RoPEHalves = ropeVector(asm.RoPEAdjacentAVX2), ropeVector(asm.RoPEHalvesAVX2)
	s.ToF16, s.FromF16 = pairVector(asm.ToF16AVX2), pairVector(asm.FromF16AVX2)
	fillAttentionAVX2(&s.Attn)
	fillAttentionQ8AVX2(&s.Attn)
}

func quantizeRowAVX2(dst []byte, stride int, x []float32, form Form) {
	size := record8AVX2
	if form == FormInt16 {
		size = record16AVX2
	}
	quantizeParts(asm.QuantizeAVX2, size, dst, stride, x, form)
}
