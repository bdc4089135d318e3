//go:build arm64 && !purego

package asm

// RMSNormNEON and LayerNormNEON normalise n values; b may be nil.

//go:noescape
func RMSNormNEON(dst, x, w *float32, n int, eps float32)

//go:noescape
func LayerNormNEON(dst, x, w, b *float32, n int, eps float32)

// AddNEON adds n values to dst.
//
//go:noescape
func AddNEON(dst, x *float32, n int)

// ScaleNEON multiplies n values by f.
//
//go:noescape
func ScaleNEON(dst *float32, n int, f float32)
