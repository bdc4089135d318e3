//go:build amd64 && !purego

package kernels

import (
	"github.com/gptrun/gptrun/asm"
	"github.com/gptrun/gptrun/quant"
)

// fillPackAVX2 puts the AVX2 packers into s: panels of 8 rows of quantized
// types, 64 rows of float types.
func fillPackAVX2(s *Set) {
	s.Pack = [quant.NumTypes]PackFunc{
		quant.F32:    asm.PackWordsAVX2,
		quant.F16:    asm.PackHalvesAVX2,
		quant.BF16:   asm.PackHalvesAVX2,
		quant.Q4_0:   asm.PackQ4_0AVX2,
		quant.Q4_1:   asm.PackQ4_1AVX2,
		quant.Q5_0:   asm.PackQ5_0AVX2,
		quant.Q5_1:   asm.PackQ5_1AVX2,
		quant.Q8_0:   asm.PackQ8_0AVX2,
		quant.Q2_K:   asm.PackQ2_KAVX2,
		quant.Q3_K:   asm.PackQ3_KAVX2,
		quant.Q4_K:   asm.PackQ4_KAVX2,
		quant.Q5_K:   asm.PackQ5_KAVX2,
		quant.Q6_K:   asm.PackQ6_KAVX2,
		quant.IQ4_NL: asm.PackQ4_0AVX2,
		quant.IQ4_XS: asm.PackIQ4_XSAVX2,
		quant.MXFP4:  asm.PackMXFP4AVX2,
	}
}
