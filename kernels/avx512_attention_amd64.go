//go:build amd64 && !purego

package kernels

import "github.com/gptrun/gptrun/asm"

// fillAttentionAVX512 puts the AVX-512 parts of attention into a. Storing keys
// stays AVX2's: it writes two bytes at a time whatever the vector.
func fillAttentionAVX512(a *AttnOps) {
	a.Scores16, a.Scores32 = scoresVector(asm.Scores16AVX512), scoresVector(asm.Scores32AVX512)
	a.Values16, a.Values32 = valuesVector(asm.Values16AVX512, 1, channels16), valuesVector(asm.Values32AVX512, 1, channels32)
	a.ExpSum, a.Merge = expSumVector(asm.ExpSumAVX512), mergeVector(asm.MergeAVX512)
}
