//go:build amd64 && !purego

package asm

// ScaleAVX512 multiplies n values by f.
//
//go:noescape
func ScaleAVX512(dst *float32, n int, f float32)
