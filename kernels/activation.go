package kernels

// silu is x/(1 + exp(−x)) (Elfwing et al., 2017, arXiv:1702.03118).
func silu(x float32) float32 { return x / (1 + exp32(-x)) }

// Constants of geluTanh: 2·√(2/π), and that times 0.044715.
const (
	geluLinear = 1.5957691216057308
	geluCubic  = 0.07135481627260025
)

// geluTanh is x/(1 + exp(−2u)), u = √(2/π)·(x + 0.044715·x³), which equals
// ½·x·(1 + tanh u) (Hendrycks and Gimpel, 2016, arXiv:1606.08415): with
// w = FMA(geluCubic, fp32(x·x), geluLinear), 2u = fp32(x·w).
func geluTanh(x float32) float32 {
	w := FMA32(geluCubic, float32(x*x), geluLinear)
	return x / (1 + exp32(-float32(x*w)))
}

// geluTail are the coefficients, lowest first, of a polynomial G with
// s·G(s)·exp(−t²/2) = ½·erfc(t/√2), s = 1/(1 + 0.35·t), within 4e-8 relative on
// 0 ≤ t ≤ 14.5.
var geluTail = [9]float32{
	0.139621302485466, 0.13986347615718842, 0.11982167512178421,
	0.10555068403482437, -0.02320733666419983, 0.15931132435798645,
	-0.25583070516586304, 0.14402642846107483, -0.029156863689422607,
}

const (
	geluTailStep = 0.35
	geluTailEnd  = 16 // past it the tail is below exp32's range
)

// geluErf is x·Φ(x), Φ the normal distribution's, with an error below
// 3e-7·max(1, |x|): max(0, x) − t·Q, t = min(|x|, 16) and Q = 1 − Φ(t).
func geluErf(x float32) float32 {
	t, base := x, x
	if x < 0 {
		t, base = -x, 0
	}
	if t > geluTailEnd {
		t = geluTailEnd
	}
	s := 1 / FMA32(geluTailStep, t, 1)
	g := geluTail[8]
	for i := 7; i >= 0; i-- {
		g = FMA32(g, s, geluTail[i])
	}
	q := float32(g*s) * exp32(float32(float32(t*t)*-0.5))
	return FMA32(-t, q, base)
}

// each applies f to every element.
func each(f func(float32) float32) func(dst, x []float32) {
	return func(dst, x []float32) {
		for i, v := range x {
			dst[i] = f(v)
		}
	}
}

// gated writes fp32(f(gate)·up).
func gated(f func(float32) float32) func(dst, gate, up []float32) {
	return func(dst, gate, up []float32) {
		for i, g := range gate {
			dst[i] = f(g) * up[i]
		}
	}
}
