//go:build arm64 && !purego

package asm

// ExpNEON writes exp of n values.
//
//go:noescape
func ExpNEON(dst, x *float32, n int)
