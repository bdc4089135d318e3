//go:build arm64 && !purego

package asm

// ToF16NEON and FromF16NEON convert n values.

//go:noescape
func ToF16NEON(dst *uint16, src *float32, n int)

//go:noescape
func FromF16NEON(dst *float32, src *uint16, n int)
