//go:build amd64 && !purego

package asm

// StoreQ8AVX2 quantizes blocks blocks of 32 values x: four codes each group bytes,
// 32 each block bytes, a scale in half precision each scaleStep bytes. flip is
// XORed into codes.
//
//go:noescape
func StoreQ8AVX2(codes *byte, group, block int, scales *byte, scaleStep int, x *float32, blocks int, flip byte)

// MulF16AVX2 writes fp32(e·d) of n values e and n halves d.
//
//go:noescape
func MulF16AVX2(w, e *float32, d *byte, n int)

// PrefetchAVX2 asks for the n bytes at p.
//
//go:noescape
func PrefetchAVX2(p *byte, n int)
