// Package quant describes the tensor types of GGUF files: how many elements
// and bytes a block has, and how a block decodes to float32.
//
// The table in [Info] is the one place where a type is declared; loaders,
// kernels, tests and benchmarks find a type there. Decoding equals the
// published reference bit for bit.
package quant
