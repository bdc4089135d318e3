//go:build amd64 && !purego

package asm

// The activation functions compute n values; up is what a gate multiplies.

//go:noescape
func SiLUAVX2(dst, x *float32, n int)

//go:noescape
func SiLUMulAVX2(dst, gate, up *float32, n int)

// GELUAVX2 is the tanh form.
//
//go:noescape
func GELUAVX2(dst, x *float32, n int)

//go:noescape
func GELUMulAVX2(dst, gate, up *float32, n int)

//go:noescape
func GELUErfAVX2(dst, x *float32, n int)
