//go:build amd64 && !purego

package kernels

import "github.com/gptrun/gptrun/asm"

// fillAttentionAVX2 puts the AVX2 parts of attention into a.
func fillAttentionAVX2(a *AttnOps) {
	a.Scores16, a.Scores32 = scoresVector(asm.Scores16AVX2), scoresVector(asm.Scores32AVX2)
	a.Values16, a.Values32 = valuesVector(asm.Values16AVX2, 8, channels16), valuesVector(asm.Values32AVX2, 8, channels32)
	a.ExpSum, a.Merge, a.StoreK16 = expSumVector(asm.ExpSumAVX2), mergeVector(asm.MergeAVX2), storeK16Vector(asm.StoreK16AVX2)
}
