// Package asm holds the SIMD routines: assembly files and the declarations of
// their functions, nothing else. It decides nothing and checks nothing: package
// kernels chooses what the CPU can run and passes whole tiles.
//
// The unrolled matrix products are written by the generator in _gen.
package asm

//go:generate go run ./_gen
