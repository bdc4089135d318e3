//go:build amd64 && !purego

package kernels

import (
	"math"

	"github.com/gptrun/gptrun/asm"
)

// fillAttentionAVX2 puts the AVX2 parts of attention into a.
func fillAttentionAVX2(a *AttnOps) {
	a.ExpSum, a.Merge, a.StoreK16 = expSumAVX2, mergeAVX2, storeK16AVX2
}

// expSumAVX2 fills what is not visible of the first and the last panel with −Inf.
func expSumAVX2(s []float32, lo, hi int) (m, l float32) {
	from, to := lo&^(panelPositions-1), (hi+panelPositions-1)&^(panelPositions-1)
	for j := from; j < lo; j++ {
		s[j] = float32(math.Inf(-1))
	}
	for j := hi; j < to; j++ {
		s[j] = float32(math.Inf(-1))
	}
	s = s[from:to]
	return asm.ExpSumAVX2(&s[0], len(s)/panelPositions)
}

func mergeAVX2(acc, o []float32, a, b float32) {
	asm.MergeAVX2(first(acc[:len(o)]), first(o), len(o), a, b)
}

func storeK16AVX2(k []uint16, pos int, x []float32) {
	k = k[pos/panelPositions*panelPositions*len(x)+pos%panelPositions:]
	_ = k[:(len(x)-1)*panelPositions+1]
	asm.StoreK16AVX2(first(k), first(x), len(x))
}
