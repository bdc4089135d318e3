//go:build amd64 && !purego

package kernels

import (
	"github.com/gptrun/gptrun/asm"
	"github.com/gptrun/gptrun/quant"
)

// The activation records hold codes as bytes: in FormInt8 q, in FormInt16 hi and
// then lo, where q = 128·hi + lo. What belongs to the whole block follows:
//
//	 0  float32 d   scale
//	 4  float32 s   d times the sum of the codes
//	 8  int32       -8 times the sum of the codes
//	12  int32       -128 times it
//	16  2 × int32   -32 times the sums of the first and the last 16 codes
//	24  4 × int16   these sums and zeros; in FormInt16 lo of the two and hi of the
//	                two, split as a code is
//
// The negative products are what the weights' offsets add.
const (
	record8Bytes  = 32 + 32
	record16Bytes = 64 + 32
)

// fillMatmulAVX512 puts the AVX-512 matrix products into s: panels of 16 rows and
// tiles of up to 6 tokens for quantized types, 64 rows and up to 6 tokens for
// float types.
func fillMatmulAVX512(s *Set) {
	s.PanelRows, s.FloatPanelRows = 16, 64
	s.Tokens, s.FloatTokens = len(asm.MatmulQ4_0Int8AVX512), len(asm.MatmulF32AVX512)
	s.RecordBytes = [NumForms]int{FormInt8: record8Bytes, FormInt16: record16Bytes}
	s.QuantizeRow = quantizeRowAVX512
	for _, t := range []struct {
		of    quant.Type
		form  Form
		tiles []func(dst *float32, ld int, panel, act *byte, steps int)
	}{
		{quant.F32, FormFloat, asm.MatmulF32AVX512},
		{quant.F16, FormFloat, asm.MatmulF16AVX512},
		{quant.BF16, FormFloat, asm.MatmulBF16AVX512},
		{quant.Q4_0, FormInt8, asm.MatmulQ4_0Int8AVX512},
		{quant.Q4_0, FormInt16, asm.MatmulQ4_0Int16AVX512},
		{quant.Q4_1, FormInt8, asm.MatmulQ4_1Int8AVX512},
		{quant.Q4_1, FormInt16, asm.MatmulQ4_1Int16AVX512},
		{quant.Q5_0, FormInt8, asm.MatmulQ5_0Int8AVX512},
		{quant.Q5_0, FormInt16, asm.MatmulQ5_0Int16AVX512},
		{quant.Q5_1, FormInt8, asm.MatmulQ5_1Int8AVX512},
		{quant.Q5_1, FormInt16, asm.MatmulQ5_1Int16AVX512},
		{quant.Q8_0, FormInt8, asm.MatmulQ8_0Int8AVX512},
		{quant.Q8_0, FormInt16, asm.MatmulQ8_0Int16AVX512},
		{quant.Q2_K, FormInt8, asm.MatmulQ2_KInt8AVX512},
		{quant.Q2_K, FormInt16, asm.MatmulQ2_KInt16AVX512},
		{quant.Q3_K, FormInt8, asm.MatmulQ3_KInt8AVX512},
		{quant.Q3_K, FormInt16, asm.MatmulQ3_KInt16AVX512},
		{quant.Q4_K, FormInt8, asm.MatmulQ4_KInt8AVX512},
		{quant.Q4_K, FormInt16, asm.MatmulQ4_KInt16AVX512},
		{quant.Q5_K, FormInt8, asm.MatmulQ5_KInt8AVX512},
		{quant.Q5_K, FormInt16, asm.MatmulQ5_KInt16AVX512},
		{quant.Q6_K, FormInt8, asm.MatmulQ6_KInt8AVX512},
		{quant.Q6_K, FormInt16, asm.MatmulQ6_KInt16AVX512},
		{quant.IQ4_NL, FormInt8, asm.MatmulIQ4_NLInt8AVX512},
		{quant.IQ4_NL, FormInt16, asm.MatmulIQ4_NLInt16AVX512},
		{quant.IQ4_XS, FormInt8, asm.MatmulIQ4_XSInt8AVX512},
		{quant.IQ4_XS, FormInt16, asm.MatmulIQ4_XSInt16AVX512},
		{quant.MXFP4, FormInt8, asm.MatmulMXFP4Int8AVX512},
		{quant.MXFP4, FormInt16, asm.MatmulMXFP4Int16AVX512},
	} {
		s.Tile[t.of][t.form] = [MaxTokens + 1]TileFunc{}
		for i, f := range t.tiles {
			s.Tile[t.of][t.form][i+1] = f
		}
	}
}

func quantizeRowAVX512(dst []byte, stride int, x []float32, form Form) {
	size := record8Bytes
	if form == FormInt16 {
		size = record16Bytes
	}
	quantizeParts(asm.QuantizeAVX512, size, dst, stride, x, form)
}
