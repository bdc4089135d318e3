//go:build !amd64 || purego

package kernels

// avx2Set is nil: no assembly for amd64 is compiled in.
func avx2Set() (s *Set, missing []string) { return nil, nil }

// avx512Set is nil: no assembly for amd64 is compiled in.
func avx512Set() (s *Set, missing []string) { return nil, nil }
