//go:build amd64 && !purego

package kernels

import "github.com/klauspost/cpuid/v2"

// avx512Features are the instructions the avx512 tier uses beside those of the
// avx2 tier.
var avx512Features = []cpuid.FeatureID{cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512VL, cpuid.AVX512VNNI}

// avx512Set is the tier of AVX-512 assembly; what it has no assembly for is the
// avx2 tier's. Where it cannot run it is nil and missing names the features
// that are not there.
func avx512Set() (s *Set, missing []string) {
	s, missing = avx2Set()
	missing = append(missing, missingFeatures(avx512Features)...)
	if len(missing) > 0 {
		return nil, missing
	}
	s.Name = "avx512"
	fillMatmulAVX512(s)
	fillOpsAVX512(s)
	fillPackAVX512(s)
	fillAttentionAVX512(&s.Attn)
	return s, nil
}
