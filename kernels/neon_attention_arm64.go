//go:build arm64 && !purego

package kernels

import "github.com/gptrun/gptrun/asm"

// fillAttentionNEON puts the NEON parts of attention into a.
func fillAttentionNEON(a *AttnOps) {
	a.Scores16 = scoresVector([tileQueries]scoresTile[uint16]{
		asm.Scores16x1NEON, asm.Scores16x2NEON, asm.Scores16x3NEON,
		asm.Scores16x4NEON, asm.Scores16x5NEON, asm.Scores16x6NEON,
	})
	a.Scores32 = scoresVector([tileQueries]scoresTile[float32]{
		asm.Scores32x1NEON, asm.Scores32x2NEON, asm.Scores32x3NEON,
		asm.Scores32x4NEON, asm.Scores32x5NEON, asm.Scores32x6NEON,
	})
	a.Values16 = valuesVector([tileQueries]valuesTile[uint16]{
		asm.Values16x1NEON, asm.Values16x2NEON, asm.Values16x3NEON,
		asm.Values16x4NEON, asm.Values16x5NEON, asm.Values16x6NEON,
	}, channels16)
	a.Values32 = valuesVector([tileQueries]valuesTile[float32]{
		asm.Values32x1NEON, asm.Values32x2NEON, asm.Values32x3NEON,
		asm.Values32x4NEON, asm.Values32x5NEON, asm.Values32x6NEON,
	}, channels32)
	a.ExpSum, a.Merge, a.StoreK16 = expSumVector(asm.ExpSumNEON), mergeVector(asm.MergeNEON), storeK16Vector(asm.StoreK16NEON)
}
