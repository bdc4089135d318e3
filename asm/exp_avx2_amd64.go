//go:build amd64 && !purego

package asm

// ExpAVX2 writes exp of n values.
//
//go:noescape
func ExpAVX2(dst, x *float32, n int)
