//go:build arm64 && !purego

package asm

// The rotary embeddings rotate the n pairs of x: neighbours, or x[i] and x[i+n].

//go:noescape
func RoPEAdjacentNEON(x, cos, sin *float32, n int)

//go:noescape
func RoPEHalvesNEON(x, cos, sin *float32, n int)
