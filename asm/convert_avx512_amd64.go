//go:build amd64 && !purego

package asm

// ToF16AVX512 and FromF16AVX512 convert n values.

//go:noescape
func ToF16AVX512(dst *uint16, src *float32, n int)

//go:noescape
func FromF16AVX512(dst *float32, src *uint16, n int)
