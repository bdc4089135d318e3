//go:build !arm64 || purego

package kernels

// neonSet is nil: no assembly for arm64 is compiled in.
func neonSet() (s *Set, missing []string) { return nil, nil }

// dotprodSet is nil: no assembly for arm64 is compiled in.
func dotprodSet() (s *Set, missing []string) { return nil, nil }

// i8mmSet is nil: no assembly for arm64 is compiled in.
func i8mmSet() (s *Set, missing []string) { return nil, nil }
