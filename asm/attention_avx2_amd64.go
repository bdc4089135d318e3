//go:build amd64 && !purego

package asm

// ExpSumAVX2 replaces blocks·16 scores s (at least one) by exp(s−m), m their
// maximum (NaN aside; −Inf where there is none), and returns m and the sum.
//
//go:noescape
func ExpSumAVX2(s *float32, blocks int) (m, l float32)

// MergeAVX2 replaces n values acc by FMA(o, b, fp32(acc·a)).
//
//go:noescape
func MergeAVX2(acc, o *float32, n int, a, b float32)

// StoreK16AVX2 writes n values as half precision, 32 bytes apart.
//
//go:noescape
func StoreK16AVX2(k *uint16, x *float32, n int)
