//go:build amd64 && !purego

package kernels

import (
	"unsafe"

	"github.com/gptrun/gptrun/asm"
)

// fillAttentionQ8AVX2 puts the AVX2 parts of attention over a q8_0 cache into a.
func fillAttentionQ8AVX2(a *AttnOps) {
	a.StoreQ8, a.MulF16 = storeQ8Vector(asm.StoreQ8AVX2), mulF16Vector(asm.MulF16AVX2)
	a.Prefetch = func(b []byte) { asm.PrefetchAVX2(first(b), len(b)) }
	a.ValuesQ8 = valuesQ8Vector(asm.ValuesQ8AVX2)
}

// fillAttentionQ8AVX512 puts the AVX-512 parts into a.
func fillAttentionQ8AVX512(a *AttnOps) {
	a.ValuesQ8 = valuesQ8Vector(asm.ValuesQ8AVX512)
}

type valuesQ8Tile = func(o *float32, ldo int, w *float32, ldw int, v *byte, ldv, blocks, positions int, ahead uintptr)

func storeQ8Vector(f func(codes *byte, group, block int, scales *byte, scaleStep int, x *float32, blocks int, flip byte),
) func(codes []byte, group, block int, scales []byte, scaleStep int, x []float32, flip byte) {
	return func(codes []byte, group, block int, scales []byte, scaleStep int, x []float32, flip byte) {
		n := len(x) / blockCols
		_, _ = codes[(n-1)*block+7*group+3], scales[(n-1)*scaleStep+1]
		f(&codes[0], group, block, &scales[0], scaleStep, &x[0], n, flip)
	}
}

func mulF16Vector(f func(w, e *float32, d *byte, n int)) func(w, e []float32, d []byte) {
	return func(w, e []float32, d []byte) {
		n := len(e)
		f(first(w[:n]), first(e), first(d[:2*n]), n)
	}
}

func valuesQ8Vector(tiles []valuesQ8Tile) func(o []float32, ldo int, w []float32, ldw, n int, v []byte, dim, lo, hi int, next []byte) {
	return func(o []float32, ldo int, w []float32, ldw, n int, v []byte, dim, lo, hi int, next []byte) {
		if lo >= hi {
			return
		}
		v = v[:hi*dim]
		step, blocks := max(1, valuesPart/dim), dim/blockCols
		// Without something next, a tile prefetches the positions after its own.
		ahead := uintptr(unsafe.Pointer(&v[0])) + uintptr(step*dim)
		if len(next) > 0 {
			ahead = uintptr(unsafe.Pointer(&next[0]))
		}
		for n > 0 {
			m := evenly(n, len(tiles))
			_, _ = o[(m-1)*ldo+dim-1], w[(m-1)*ldw+(blocks-1)*ChunkPositions+hi-1]
			for j := lo; j < hi; j += step {
				tiles[m-1](&o[0], ldo, &w[j], ldw, &v[j*dim], dim, blocks, min(step, hi-j), ahead+uintptr(j*dim))
			}
			if n -= m; n > 0 {
				o, w = o[m*ldo:], w[m*ldw:]
			}
		}
	}
}
