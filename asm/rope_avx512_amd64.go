//go:build amd64 && !purego

package asm

// RoPEAdjacentAVX512 rotates the n pairs of neighbours of x.
//
//go:noescape
func RoPEAdjacentAVX512(x, cos, sin *float32, n int)
