//go:build arm64 && !purego

package kernels

import (
	"github.com/gptrun/gptrun/asm"
	"github.com/gptrun/gptrun/quant"
)

// fillPackNEON puts the NEON packers into s: panels of 8 rows of quantized types,
// 32 rows of float types.
func fillPackNEON(s *Set) {
	s.Pack = [quant.NumTypes]PackFunc{
		quant.F32:    asm.PackWordsNEON,
		quant.F16:    asm.PackHalvesNEON,
		quant.BF16:   asm.PackHalvesNEON,
		quant.Q4_0:   asm.PackQ4_0NEON,
		quant.Q4_1:   asm.PackQ4_1NEON,
		quant.Q5_0:   asm.PackQ5_0NEON,
		quant.Q5_1:   asm.PackQ5_1NEON,
		quant.Q8_0:   asm.PackQ8_0NEON,
		quant.Q2_K:   asm.PackQ2_KNEON,
		quant.Q3_K:   asm.PackQ3_KNEON,
		quant.Q4_K:   asm.PackQ4_KNEON,
		quant.Q5_K:   asm.PackQ5_KNEON,
		quant.Q6_K:   asm.PackQ6_KNEON,
		quant.IQ4_NL: asm.PackQ4_0NEON,
		quant.IQ4_XS: asm.PackIQ4_XSNEON,
		quant.MXFP4:  asm.PackMXFP4NEON,
	}
}
