//go:build arm64 && !purego

package asm

// ExpSumNEON replaces blocks·16 scores s (at least one) by exp(s−m), m their
// maximum (NaN aside; −Inf where there is none), and returns m and the sum.
//
//go:noescape
func ExpSumNEON(s *float32, blocks int) (m, l float32)

// MergeNEON replaces n values acc by FMA(o, b, fp32(acc·a)).
//
//go:noescape
func MergeNEON(acc, o *float32, n int, a, b float32)

// StoreK16NEON writes n values as half precision, 32 bytes apart.
//
//go:noescape
func StoreK16NEON(k *uint16, x *float32, n int)
