package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// tileShapes calls f for every number of queries of a tile and some more, with
// channels about the sizes of vectors and of groups of them.
func tileShapes(f func(n, dim int)) {
	for n := 1; n <= 8; n++ {
		for _, dim := range []int{1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 31, 40, 64, 88, 100, 136} {
			f(n, dim)
		}
	}
}

// eachPrecision runs f with single and with half precision.
func eachPrecision(t *testing.T, f func(t *testing.T, half bool)) {
	for i, name := range []string{"f32", "f16"} {
		t.Run(name, func(t *testing.T) { f(t, i == 1) })
	}
}

// halfOf returns x as half precision, or nil.
func halfOf(t testing.TB, x []float32, half bool) []uint16 {
	if !half {
		return nil
	}
	h := guarded(t, make([]uint16, len(x)))
	Generic().ToF16(h, x)
	return h
}

func TestEveryTierScoresEveryTileLikeGeneric(t *testing.T) {
	forEachTier(t, func(t *testing.T, s *Set) {
		eachPrecision(t, func(t *testing.T, half bool) {
			r := rand.New(rand.NewPCG(21, 22))
			tileShapes(func(n, dim int) {
				panels := 1 + r.IntN(4)
				first := r.IntN(panels)
				lds, ldq := panels*panelPositions+r.IntN(5), dim+r.IntN(5)
				q := guarded(t, randomValues(r, (n-1)*ldq+dim))
				k32 := guarded(t, randomValues(r, panels*panelPositions*dim))
				k16 := halfOf(t, k32, half)
				want := randomValues(r, (n-1)*lds+panels*panelPositions)
				got := guarded(t, want)
				for tier, out := range map[*Set][]float32{Generic(): want, s: got} {
					if half {
						tier.Attn.Scores16(out, lds, q, ldq, n, k16, dim, first, panels)
					} else {
						tier.Attn.Scores32(out, lds, q, ldq, n, k32, dim, first, panels)
					}
				}
				requireSame(t, want, got, fmt.Sprintf("%d queries, %d channels, panels %d to %d", n, dim, first, panels))
			})
		})
	})
}

func TestEveryTierSumsValuesOfEveryTileLikeGeneric(t *testing.T) {
	forEachTier(t, func(t *testing.T, s *Set) {
		eachPrecision(t, func(t *testing.T, half bool) {
			r := rand.New(rand.NewPCG(23, 24))
			tileShapes(func(n, dim int) {
				lo := r.IntN(5)
				hi := lo + 1 + r.IntN(40)
				ldo, lde := dim+r.IntN(5), hi+r.IntN(5)
				e := guarded(t, randomValues(r, (n-1)*lde+hi))
				v32 := guarded(t, randomValues(r, hi*dim))
				v16 := halfOf(t, v32, half)
				want := randomValues(r, (n-1)*ldo+dim)
				got := guarded(t, want)
				for tier, out := range map[*Set][]float32{Generic(): want, s: got} {
					if half {
						tier.Attn.Values16(out, ldo, e, lde, n, v16, dim, lo, hi)
					} else {
						tier.Attn.Values32(out, ldo, e, lde, n, v32, dim, lo, hi)
					}
				}
				requireSame(t, want, got, fmt.Sprintf("%d queries, %d channels, positions %d to %d", n, dim, lo, hi))
			})
		})
	})
}
