//go:build amd64 && !purego

package kernels

import (
	"github.com/gptrun/gptrun/asm"
	"github.com/gptrun/gptrun/quant"
)

// The activation records hold codes as bytes or, in FormInt16, as int16, each group
// of four columns in the order 0, 2, 1, 3. What belongs to the whole block follows:
//
//	 0  float32 d     scale
//	 4  float32 s     d times the sum of the codes
//	 8  3 × int32     -8, -16 and -128 times the sum of the codes
//	20  2 × int32     sums of the first and the last 16 codes
//	28  2 × int16     these in FormInt8, zeros in FormInt16
//
// The negative products are what the weights' offsets add.
const (
	record8AVX2  = 32 + 32
	record16AVX2 = 64 + 32
)

// fillMatmulAVX2 puts the AVX2 matrix products into s: panels of 8 rows and
// tiles of up to 4 tokens for quantized types, 64 rows and up to 6 tokens for
// float types.
func fillMatmulAVX2(s *Set) {
	s.PanelRows, s.FloatPanelRows = 8, 64
	s.Tokens, s.FloatTokens = 4, 6
	s.RecordBytes = [NumForms]int{FormInt8: record8AVX2, FormInt16: record16AVX2}
	float := func(t quant.Type, f ...TileFunc) { s.Tile[t] = tiles(f, nil, nil) }
	quantized := func(t quant.Type, int8, int16 []TileFunc) { s.Tile[t] = tiles(nil, int8, int16) }

	float(quant.F32,
		asm.MatmulF32x1AVX2, asm.MatmulF32x2AVX2, asm.MatmulF32x3AVX2,
		asm.MatmulF32x4AVX2, asm.MatmulF32x5AVX2, asm.MatmulF32x6AVX2)
	float(quant.F16,
		asm.MatmulF16x1AVX2, asm.MatmulF16x2AVX2, asm.MatmulF16x3AVX2,
		asm.MatmulF16x4AVX2, asm.MatmulF16x5AVX2, asm.MatmulF16x6AVX2)
	float(quant.BF16,
		asm.MatmulBF16x1AVX2, asm.MatmulBF16x2AVX2, asm.MatmulBF16x3AVX2,
		asm.MatmulBF16x4AVX2, asm.MatmulBF16x5AVX2, asm.MatmulBF16x6AVX2)
	quantized(quant.Q4_0, []TileFunc{
		asm.MatmulQ4_0Int8x1AVX2, asm.MatmulQ4_0Int8x2AVX2,
		asm.MatmulQ4_0Int8x3AVX2, asm.MatmulQ4_0Int8x4AVX2,
	}, []TileFunc{
		asm.MatmulQ4_0Int16x1AVX2, asm.MatmulQ4_0Int16x2AVX2,
		asm.MatmulQ4_0Int16x3AVX2, asm.MatmulQ4_0Int16x4AVX2,
	})
	quantized(quant.Q4_1, []TileFunc{
		asm.MatmulQ4_1Int8x1AVX2, asm.MatmulQ4_1Int8x2AVX2,
		asm.MatmulQ4_1Int8x3AVX2, asm.MatmulQ4_1Int8x4AVX2,
	}, []TileFunc{
		asm.MatmulQ4_1Int16x1AVX2, asm.MatmulQ4_1Int16x2AVX2,
		asm.MatmulQ4_1Int16x3AVX2, asm.MatmulQ4_1Int16x4AVX2,
	})
	quantized(quant.Q5_0, []TileFunc{
		asm.MatmulQ5_0Int8x1AVX2, asm.MatmulQ5_0Int8x2AVX2,
		asm.MatmulQ5_0Int8x3AVX2, asm.MatmulQ5_0Int8x4AVX2,
	}, []TileFunc{
		asm.MatmulQ5_0Int16x1AVX2, asm.MatmulQ5_0Int16x2AVX2,
		asm.MatmulQ5_0Int16x3AVX2, asm.MatmulQ5_0Int16x4AVX2,
	})
	quantized(quant.Q5_1, []TileFunc{
		asm.MatmulQ5_1Int8x1AVX2, asm.MatmulQ5_1Int8x2AVX2,
		asm.MatmulQ5_1Int8x3AVX2, asm.MatmulQ5_1Int8x4AVX2,
	}, []TileFunc{
		asm.MatmulQ5_1Int16x1AVX2, asm.MatmulQ5_1Int16x2AVX2,
		asm.MatmulQ5_1Int16x3AVX2, asm.MatmulQ5_1Int16x4AVX2,
	})
	quantized(quant.Q8_0, []TileFunc{
		asm.MatmulQ8_0Int8x1AVX2, asm.MatmulQ8_0Int8x2AVX2,
		asm.MatmulQ8_0Int8x3AVX2, asm.MatmulQ8_0Int8x4AVX2,
	}, []TileFunc{
		asm.MatmulQ8_0Int16x1AVX2, asm.MatmulQ8_0Int16x2AVX2,
		asm.MatmulQ8_0Int16x3AVX2, asm.MatmulQ8_0Int16x4AVX2,
	})
	quantized(quant.Q2_K, []TileFunc{
		asm.MatmulQ2_KInt8x1AVX2, asm.MatmulQ2_KInt8x2AVX2,
		asm.MatmulQ2_KInt8x3AVX2, asm.MatmulQ2_KInt8x4AVX2,
	}, []TileFunc{
		asm.MatmulQ2_KInt16x1AVX2, asm.MatmulQ2_KInt16x2AVX2,
		asm.MatmulQ2_KInt16x3AVX2, asm.MatmulQ2_KInt16x4AVX2,
	})
	quantized(quant.Q3_K, []TileFunc{
		asm.MatmulQ3_KInt8x1AVX2, asm.MatmulQ3_KInt8x2AVX2,
		asm.MatmulQ3_KInt8x3AVX2, asm.MatmulQ3_KInt8x4AVX2,
	}, []TileFunc{
		asm.MatmulQ3_KInt16x1AVX2, asm.MatmulQ3_KInt16x2AVX2,
		asm.MatmulQ3_KInt16x3AVX2, asm.MatmulQ3_KInt16x4AVX2,
	})
	quantized(quant.Q4_K, []TileFunc{
		asm.MatmulQ4_KInt8x1AVX2, asm.MatmulQ4_KInt8x2AVX2,
		asm.MatmulQ4_KInt8x3AVX2, asm.MatmulQ4_KInt8x4AVX2,
	}, []TileFunc{
		asm.MatmulQ4_KInt16x1AVX2, asm.MatmulQ4_KInt16x2AVX2,
		asm.MatmulQ4_KInt16x3AVX2, asm.MatmulQ4_KInt16x4AVX2,
	})
	quantized(quant.Q5_K, []TileFunc{
		asm.MatmulQ5_KInt8x1AVX2, asm.MatmulQ5_KInt8x2AVX2,
		asm.MatmulQ5_KInt8x3AVX2, asm.MatmulQ5_KInt8x4AVX2,
	}, []TileFunc{
		asm.MatmulQ5_KInt16x1AVX2, asm.MatmulQ5_KInt16x2AVX2,
		asm.MatmulQ5_KInt16x3AVX2, asm.MatmulQ5_KInt16x4AVX2,
	})
	quantized(quant.Q6_K, []TileFunc{
		asm.MatmulQ6_KInt8x1AVX2, asm.MatmulQ6_KInt8x2AVX2,
		asm.MatmulQ6_KInt8x3AVX2, asm.MatmulQ6_KInt8x4AVX2,
	}, []TileFunc{
		asm.MatmulQ6_KInt16x1AVX2, asm.MatmulQ6_KInt16x2AVX2,
		asm.MatmulQ6_KInt16x3AVX2, asm.MatmulQ6_KInt16x4AVX2,
	})
	quantized(quant.IQ4_NL, []TileFunc{
		asm.MatmulIQ4_NLInt8x1AVX2, asm.MatmulIQ4_NLInt8x2AVX2,
		asm.MatmulIQ4_NLInt8x3AVX2, asm.MatmulIQ4_NLInt8x4AVX2,
	}, []TileFunc{
		asm.MatmulIQ4_NLInt16x1AVX2, asm.MatmulIQ4_NLInt16x2AVX2,
		asm.MatmulIQ4_NLInt16x3AVX2, asm.MatmulIQ4_NLInt16x4AVX2,
	})
	quantized(quant.IQ4_XS, []TileFunc{
		asm.MatmulIQ4_XSInt8x1AVX2, asm.MatmulIQ4_XSInt8x2AVX2,
		asm.MatmulIQ4_XSInt8x3AVX2, asm.MatmulIQ4_XSInt8x4AVX2,
	}, []TileFunc{
		asm.MatmulIQ4_XSInt16x1AVX2, asm.MatmulIQ4_XSInt16x2AVX2,
		asm.MatmulIQ4_XSInt16x3AVX2, asm.MatmulIQ4_XSInt16x4AVX2,
	})
	quantized(quant.MXFP4, []TileFunc{
		asm.MatmulMXFP4Int8x1AVX2, asm.MatmulMXFP4Int8x2AVX2,
		asm.MatmulMXFP4Int8x3AVX2, asm.MatmulMXFP4Int8x4AVX2,
	}, []TileFunc{
		asm.MatmulMXFP4Int16x1AVX2, asm.MatmulMXFP4Int16x2AVX2,
		asm.MatmulMXFP4Int16x3AVX2, asm.MatmulMXFP4Int16x4AVX2,
	})
}

// tiles puts each form's functions, by tokens from 1, in their places.
func tiles(float, int8, int16 []TileFunc) (ts Tiles) {
	copy(ts[FormFloat][1:], float)
	copy(ts[FormInt8][1:], int8)
	copy(ts[FormInt16][1:], int16)
	return ts
}
