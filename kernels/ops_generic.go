package kernels

// fillOpsGeneric puts everything but the matrix products, in Go, into s.
func fillOpsGeneric(s *Set) {
	s.RMSNorm, s.LayerNorm = rmsNorm, layerNorm
	s.Add, s.Scale = add, scale
	s.SiLU, s.GELU, s.GELUErf = each(silu), each(geluTanh), each(geluErf)
	s.SiLUMul, s.GELUMul = gated(silu), gated(geluTanh)
	s.Exp = each(exp32)
	s.RoPEAdjacent, s.RoPEHalves = ropeAdjacent, ropeHalves
	s.ToF16, s.FromF16 = toF16, fromF16
	s.Attn = AttnOps{
		Scores16: scores16, Scores32: scores32,
		ExpSum:   expSum,
		Values16: values16, Values32: values32,
		Merge:    merge,
		StoreK16: storeK16,
		ValuesQ8: valuesQ8, MulF16: mulF16, StoreQ8: storeQ8,
	}
}
