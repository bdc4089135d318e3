//go:build arm64 && !purego

package kernels

import "github.com/gptrun/gptrun/asm"

// fillAttentionNEON puts the NEON parts of attention into a.
func fillAttentionNEON(a *AttnOps) {
	a.Scores16, a.Scores32 = scoresVector(asm.Scores16NEON), scoresVector(asm.Scores32NEON)
	a.Values16, a.Values32 = valuesVector(asm.Values16NEON, 8, channels16), valuesVector(asm.Values32NEON, 8, channels32)
	a.ExpSum, a.Merge, a.StoreK16 = expSumVector(asm.ExpSumNEON), mergeVector(asm.MergeNEON), storeK16Vector(asm.StoreK16NEON)
}
