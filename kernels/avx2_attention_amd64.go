//go:build amd64 && !purego

package kernels

import "github.com/gptrun/gptrun/asm"

// fillAttentionAVX2 puts the AVX2 parts of attention into a.
func fillAttentionAVX2(a *AttnOps) {
	a.Scores16 = scoresVector([]scoresTile[uint16]{
		asm.Scores16x1AVX2, asm.Scores16x2AVX2, asm.Scores16x3AVX2,
		asm.Scores16x4AVX2, asm.Scores16x5AVX2, asm.Scores16x6AVX2,
	})
	a.Scores32 = scoresVector([]scoresTile[float32]{
		asm.Scores32x1AVX2, asm.Scores32x2AVX2, asm.Scores32x3AVX2,
		asm.Scores32x4AVX2, asm.Scores32x5AVX2, asm.Scores32x6AVX2,
	})
	a.Values16 = valuesVector([]valuesTile[uint16]{
		asm.Values16x1AVX2, asm.Values16x2AVX2, asm.Values16x3AVX2,
		asm.Values16x4AVX2, asm.Values16x5AVX2, asm.Values16x6AVX2,
	}, 8, channels16)
	a.Values32 = valuesVector([]valuesTile[float32]{
		asm.Values32x1AVX2, asm.Values32x2AVX2, asm.Values32x3AVX2,
		asm.Values32x4AVX2, asm.Values32x5AVX2, asm.Values32x6AVX2,
	}, 8, channels32)
	a.ExpSum, a.Merge, a.StoreK16 = expSumVector(asm.ExpSumAVX2), mergeVector(asm.MergeAVX2), storeK16Vector(asm.StoreK16AVX2)
}
