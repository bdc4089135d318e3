package kernels

import "math"

// lanes are the partial sums of a reduction: element i belongs to lane i mod 16.
type lanes [16]float32

// sum adds lanes j and j+8, then j+4, j+2 and j+1.
func (l *lanes) sum() float32 {
	for n := 8; n > 0; n /= 2 {
		for j := range n {
			l[j] += l[j+n]
		}
	}
	return l[0]
}

// sumSquares reduces FMA(v, v, lane).
func sumSquares(x []float32) float32 {
	var l lanes
	for i, v := range x {
		l[i%16] = FMA32(v, v, l[i%16])
	}
	return l.sum()
}

// inverseRoot is 1/sqrt(mean + eps), every step correctly rounded.
func inverseRoot(sum float32, n int, eps float32) float32 {
	mean := sum / float32(n)
	return 1 / float32(math.Sqrt(float64(mean+eps)))
}

// rmsNorm: r = 1/sqrt(Σx²/n + eps), dst = fp32(fp32(x·r)·w) (Zhang and Sennrich,
// 2019, arXiv:1910.07467).
func rmsNorm(dst, x, w []float32, eps float32) {
	r := inverseRoot(sumSquares(x), len(x), eps)
	for i, v := range x {
		dst[i] = float32(v*r) * w[i]
	}
}

// layerNorm: d = x − Σx/n, r = 1/sqrt(Σd²/n + eps), dst = fp32(fp32(d·r)·w) + b
// (Ba et al., 2016, arXiv:1607.06450).
func layerNorm(dst, x, w, b []float32, eps float32) {
	var l lanes
	for i, v := range x {
		l[i%16] += v
	}
	mean := l.sum() / float32(len(x))
	l = lanes{}
	for i, v := range x {
		d := v - mean
		l[i%16] = FMA32(d, d, l[i%16])
	}
	r := inverseRoot(l.sum(), len(x), eps)
	for i, v := range x {
		y := float32(float32((v-mean)*r) * w[i])
		if b != nil {
			y += b[i]
		}
		dst[i] = y
	}
}

func add(dst, x []float32) {
	for i, v := range x {
		dst[i] += v
	}
}

func scale(dst []float32, f float32) {
	for i := range dst {
		dst[i] *= f
	}
}
