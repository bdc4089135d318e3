//go:build arm64 && !purego

package asm

// The activation functions compute n values; up is what a gate multiplies.

//go:noescape
func SiLUNEON(dst, x *float32, n int)

//go:noescape
func SiLUMulNEON(dst, gate, up *float32, n int)

// GELUNEON is the tanh form.
//
//go:noescape
func GELUNEON(dst, x *float32, n int)

//go:noescape
func GELUMulNEON(dst, gate, up *float32, n int)

//go:noescape
func GELUErfNEON(dst, x *float32, n int)
