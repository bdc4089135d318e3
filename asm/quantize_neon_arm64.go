//go:build arm64 && !purego

package asm

// QuantizeNEON writes the activation records of blocks of 32 values of x, as
// the matrix products of arm64 take them, stride bytes apart. levels is the
// largest code; two asks for codes of two bytes.
//
//go:noescape
func QuantizeNEON(dst *byte, stride int, x *float32, blocks int, levels float32, two bool)
