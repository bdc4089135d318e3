//go:build amd64 && !purego

package asm

// RMSNormAVX2 and LayerNormAVX2 normalise n values; b may be nil.

//go:noescape
func RMSNormAVX2(dst, x, w *float32, n int, eps float32)

//go:noescape
func LayerNormAVX2(dst, x, w, b *float32, n int, eps float32)

// AddAVX2 adds n values to dst.
//
//go:noescape
func AddAVX2(dst, x *float32, n int)

// ScaleAVX2 multiplies n values by f.
//
//go:noescape
func ScaleAVX2(dst *float32, n int, f float32)
