//go:build amd64 && !purego

package asm

// The activation functions compute n values; up is what a gate multiplies.

//go:noescape
func SiLUAVX512(dst, x *float32, n int)

//go:noescape
func SiLUMulAVX512(dst, gate, up *float32, n int)

// GELUAVX512 is the tanh form.
//
//go:noescape
func GELUAVX512(dst, x *float32, n int)

//go:noescape
func GELUMulAVX512(dst, gate, up *float32, n int)

//go:noescape
func GELUErfAVX512(dst, x *float32, n int)
