package kernels

// RoPETable writes cosine and sine of the angles of position pos, one a pair of
// channels: angle = fp32(pos·invFreq[i]). Both are computed in float64, rounded
// to float32 (error below 0.501 units in the last place for angles up to 2²⁰),
// and multiplied by scale, which is YaRN's attention factor or else 1.
func RoPETable(cos, sin []float32, pos int, invFreq []float32, scale float32) {
	for i, f := range invFreq {
		s, c := sinCos(float64(float32(float32(pos) * f)))
		cos[i], sin[i] = float32(c)*scale, float32(s)*scale
	}
}

// ropeAdjacent and ropeHalves rotate a pair (x0, x1) by its angle (Su et al.,
// 2021, arXiv:2104.09864): y0 = FMA(−x1, sin, fp32(x0·cos)) and
// y1 = FMA(x1, cos, fp32(x0·sin)).
func ropeAdjacent(x, cos, sin []float32) {
	for i, c := range cos {
		x[2*i], x[2*i+1] = rotate(x[2*i], x[2*i+1], c, sin[i])
	}
}

func ropeHalves(x, cos, sin []float32) {
	n := len(cos)
	for i, c := range cos {
		x[i], x[i+n] = rotate(x[i], x[i+n], c, sin[i])
	}
}

func rotate(x0, x1, cos, sin float32) (y0, y1 float32) {
	return FMA32(-x1, sin, float32(x0*cos)), FMA32(x1, cos, float32(x0*sin))
}
