//go:build amd64 && !purego

package asm

// ExpSumAVX512 replaces blocks·16 scores s (at least one) by exp(s−m), m their
// maximum (NaN aside; −Inf where there is none), and returns m and the sum.
//
//go:noescape
func ExpSumAVX512(s *float32, blocks int) (m, l float32)

// MergeAVX512 replaces n values acc by FMA(o, b, fp32(acc·a)).
//
//go:noescape
func MergeAVX512(acc, o *float32, n int, a, b float32)
