//go:build amd64 && !purego

package asm

// ExpAVX512 writes exp of n values.
//
//go:noescape
func ExpAVX512(dst, x *float32, n int)
