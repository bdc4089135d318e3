//go:build amd64 && !purego

package kernels

import (
	"github.com/gptrun/gptrun/asm"
	"github.com/gptrun/gptrun/quant"
)

// fillPackAVX512 puts the AVX-512 packers into s, for panels of 16 rows of
// quantized types; those of float types stay.
func fillPackAVX512(s *Set) {
	for t, f := range map[quant.Type]PackFunc{
		quant.Q4_0:   asm.PackQ4_0AVX512,
		quant.Q4_1:   asm.PackQ4_1AVX512,
		quant.Q5_0:   asm.PackQ5_0AVX512,
		quant.Q5_1:   asm.PackQ5_1AVX512,
		quant.Q8_0:   asm.PackQ8_0AVX512,
		quant.Q2_K:   asm.PackQ2_KAVX512,
		quant.Q3_K:   asm.PackQ3_KAVX512,
		quant.Q4_K:   asm.PackQ4_KAVX512,
		quant.Q5_K:   asm.PackQ5_KAVX512,
		quant.Q6_K:   asm.PackQ6_KAVX512,
		quant.IQ4_NL: asm.PackQ4_0AVX512,
		quant.IQ4_XS: asm.PackIQ4_XSAVX512,
		quant.MXFP4:  asm.PackMXFP4AVX512,
	} {
		s.Pack[t] = f
	}
}
