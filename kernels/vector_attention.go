//go:build (amd64 || arm64) && !purego

package kernels

import "math"

// The functions here stand between AttnOps and the assembly of any tier: they
// split queries into tiles and hold up what assembly does not check.

// The tiles of attention, indexed by the number of queries less one. What a tile
// of values takes is channels counted in units of its tier's.
type (
	scoresTile[T any] = func(s *float32, lds int, q *float32, ldq int, k *T, dim, panels int)
	valuesTile[T any] = func(o *float32, ldo int, e *float32, lde int, v *T, ldv, units, positions int)
)

// valuesPart is how many values a tile of queries goes through before it takes
// the next channels of the same positions. So memory is read nearly in order:
// with three queries or more a tile's channels are not whole rows.
const valuesPart = 2048

// evenly is how many of n queries the next tile takes, at most so many, so that
// all the tiles are about as large.
func evenly(n, most int) int {
	tiles := (n + most - 1) / most
	return (n + tiles - 1) / tiles
}

func scoresVector[T any](tiles []scoresTile[T]) func(s []float32, lds int, q []float32, ldq, n int, k []T, dim, first, last int) {
	return func(s []float32, lds int, q []float32, ldq, n int, k []T, dim, first, last int) {
		if first >= last || dim == 0 {
			return
		}
		panel := dim * panelPositions
		k = k[first*panel : last*panel]
		for n > 0 {
			m := evenly(n, len(tiles))
			out := s[:(m-1)*lds+last*panelPositions]
			_ = q[(m-1)*ldq+dim-1]
			tiles[m-1](&out[first*panelPositions], lds, &q[0], ldq, &k[0], dim, last-first)
			if n -= m; n > 0 {
				s, q = s[m*lds:], q[m*ldq:]
			}
		}
	}
}

// valuesVector leaves what is left of the tiles' unit of channels to rest.
func valuesVector[T any](tiles []valuesTile[T], unit int,
	rest func(o []float32, ldo int, e []float32, lde, n int, v []T, dim, from, lo, hi int),
) func(o []float32, ldo int, e []float32, lde, n int, v []T, dim, lo, hi int) {
	return func(o []float32, ldo int, e []float32, lde, n int, v []T, dim, lo, hi int) {
		if lo >= hi {
			return
		}
		v = v[:hi*dim]
		step := max(1, valuesPart/dim)
		units := dim / unit
		for n > 0 {
			m := evenly(n, len(tiles))
			_, _ = o[(m-1)*ldo+dim-1], e[(m-1)*lde+hi-1]
			if units > 0 {
				for j := lo; j < hi; j += step {
					tiles[m-1](&o[0], ldo, &e[j], lde, &v[j*dim], dim, units, min(step, hi-j))
				}
			}
			if units*unit < dim {
				rest(o, ldo, e, lde, m, v, dim, units*unit, lo, hi)
			}
			if n -= m; n > 0 {
				o, e = o[m*ldo:], e[m*lde:]
			}
		}
	}
}

// expSumVector fills what is not visible of the first and the last panel with −Inf.
func expSumVector(f func(s *float32, blocks int) (m, l float32)) func(s []float32, lo, hi int) (m, l float32) {
	return func(s []float32, lo, hi int) (m, l float32) {
		from, to := lo&^(panelPositions-1), (hi+panelPositions-1)&^(panelPositions-1)
		for j := from; j < lo; j++ {
			s[j] = float32(math.Inf(-1))
		}
		for j := hi; j < to; j++ {
			s[j] = float32(math.Inf(-1))
		}
		s = s[from:to]
		return f(&s[0], len(s)/panelPositions)
	}
}

func mergeVector(f func(acc, o *float32, n int, a, b float32)) func(acc, o []float32, a, b float32) {
	return func(acc, o []float32, a, b float32) { f(first(acc[:len(o)]), first(o), len(o), a, b) }
}

func storeK16Vector(f func(k *uint16, x *float32, n int)) func(k []uint16, pos int, x []float32) {
	return func(k []uint16, pos int, x []float32) {
		k = k[pos/panelPositions*panelPositions*len(x)+pos%panelPositions:]
		_ = k[:(len(x)-1)*panelPositions+1]
		f(first(k), first(x), len(x))
	}
}
