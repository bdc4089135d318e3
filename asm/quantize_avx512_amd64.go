//go:build amd64 && !purego

package asm

// QuantizeAVX512 writes the activation records of blocks of 32 values of x, as
// the AVX-512 matrix products take them, stride bytes apart. levels is the
// largest code; two asks for codes of two bytes.
//
//go:noescape
func QuantizeAVX512(dst *byte, stride int, x *float32, blocks int, levels float32, two bool)
