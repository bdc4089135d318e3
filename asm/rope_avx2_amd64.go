//go:build amd64 && !purego

package asm

// The rotary embeddings rotate the n pairs of x: neighbours, or x[i] and x[i+n].

//go:noescape
func RoPEAdjacentAVX2(x, cos, sin *float32, n int)

//go:noescape
func RoPEHalvesAVX2(x, cos, sin *float32, n int)
