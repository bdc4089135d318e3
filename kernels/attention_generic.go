package kernels

import (
	"math"

	"github.com/gptrun/gptrun/quant"
)

func scores16(s []float32, lds int, q []float32, ldq, n int, k []uint16, dim, first, last int) {
	var keys [panelPositions]float32
	for p := first; p < last; p++ {
		clearScores(s, lds, n, p)
		for c := range dim {
			fromF16(keys[:], k[(p*dim+c)*panelPositions:][:panelPositions])
			addScores(s, lds, q[c:], ldq, n, p, keys[:])
		}
	}
}

func scores32(s []float32, lds int, q []float32, ldq, n int, k []float32, dim, first, last int) {
	for p := first; p < last; p++ {
		clearScores(s, lds, n, p)
		for c := range dim {
			addScores(s, lds, q[c:], ldq, n, p, k[(p*dim+c)*panelPositions:][:panelPositions])
		}
	}
}

func clearScores(s []float32, lds, n, p int) {
	for i := range n {
		clear(s[i*lds+p*panelPositions:][:panelPositions])
	}
}

// addScores adds one channel, q[i·ldq] of query i, to the scores of panel p.
func addScores(s []float32, lds int, q []float32, ldq, n, p int, keys []float32) {
	for i := range n {
		addScaled(s[i*lds+p*panelPositions:][:panelPositions], keys, q[i*ldq])
	}
}

func expSum(s []float32, lo, hi int) (m, l float32) {
	m = float32(math.Inf(-1))
	for _, v := range s[lo:hi] {
		if v > m {
			m = v
		}
	}
	var sums lanes
	for j := lo; j < hi; j++ {
		s[j] = exp32(s[j] - m)
		sums[j%16] += s[j]
	}
	return m, sums.sum()
}

func values16(o []float32, ldo int, e []float32, lde, n int, v []uint16, dim, lo, hi int) {
	channels16(o, ldo, e, lde, n, v, dim, 0, lo, hi)
}

func values32(o []float32, ldo int, e []float32, lde, n int, v []float32, dim, lo, hi int) {
	channels32(o, ldo, e, lde, n, v, dim, 0, lo, hi)
}

// channels16 and channels32 are Values16 and Values32 for the channels from on.
func channels16(o []float32, ldo int, e []float32, lde, n int, v []uint16, dim, from, lo, hi int) {
	var row [64]float32
	for j := lo; j < hi; j++ {
		for c := from; c < dim; c += len(row) {
			part := row[:min(len(row), dim-c)]
			fromF16(part, v[j*dim+c:][:len(part)])
			for i := range n {
				addScaled(o[i*ldo+c:][:len(part)], part, e[i*lde+j])
			}
		}
	}
}

func channels32(o []float32, ldo int, e []float32, lde, n int, v []float32, dim, from, lo, hi int) {
	for j := lo; j < hi; j++ {
		for i := range n {
			addScaled(o[i*ldo+from:][:dim-from], v[j*dim+from:][:dim-from], e[i*lde+j])
		}
	}
}

func merge(acc, o []float32, a, b float32) {
	for c, v := range o {
		acc[c] = FMA32(v, b, float32(acc[c]*a))
	}
}

func storeK16(k []uint16, pos int, x []float32) {
	k = k[pos/panelPositions*panelPositions*len(x)+pos%panelPositions:]
	for c, v := range x {
		k[c*panelPositions] = quant.F32ToF16(v)
	}
}
