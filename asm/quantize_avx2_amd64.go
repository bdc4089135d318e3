//go:build amd64 && !purego

package asm

// QuantizeAVX2 writes the activation records of blocks blocks of 32 values,
// stride bytes apart: one int8 term (levels = 127) or, with wide true, two
// (levels = 16256) and zeros in place of the int8 codes.
//
//go:noescape
func QuantizeAVX2(dst *byte, stride int, x *float32, blocks int, levels float32, wide bool)
