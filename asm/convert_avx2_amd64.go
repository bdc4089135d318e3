//go:build amd64 && !purego

package asm

// ToF16AVX2 and FromF16AVX2 convert n values.

//go:noescape
func ToF16AVX2(dst *uint16, src *float32, n int)

//go:noescape
func FromF16AVX2(dst *float32, src *uint16, n int)
