//go:build amd64 && !purego

package kernels

// fillOpsAVX2 puts the AVX2 versions of everything but the matrix products into s.
func fillOpsAVX2(s *Set) {}
