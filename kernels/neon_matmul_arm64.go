//go:build arm64 && !purego

package kernels

import (
	"github.com/gptrun/gptrun/asm"
	"github.com/gptrun/gptrun/quant"
)

// The activation records of all tiers of arm64 hold codes as bytes: in FormInt8
// q, in FormInt16 hi and then lo, where q = 128·hi + lo. What belongs to the whole
// block follows:
//
//	 0  float32 d   scale
//	 4  float32 s   d times the sum of the codes
//	 8  2 × int32   -8 and -16 times the sum of the codes
//	16  2 × int32   -32 times the sums of the first and the last 16 codes
//	24  2 × int32   -4 times them
//
// The negative products are what the weights' offsets add.
const (
	recordNEON8Bytes  = 32 + 32
	recordNEON16Bytes = 64 + 32
)

type neonTiles = []func(dst *float32, ld int, panel, act *byte, steps int)

// tilesNEON are a quantized type's tiles, which begin at some number of tokens.
type tilesNEON struct {
	of          quant.Type
	int8, int16 neonTiles
}

// fillMatmulNEON puts the matrix products of ARMv8.0 into s: panels of 8 rows for
// quantized types, of 32 rows and tiles of up to 6 tokens for float types.
func fillMatmulNEON(s *Set) {
	s.FloatPanelRows, s.FloatTokens = 32, len(asm.MatmulF32NEON)
	s.RecordBytes = [NumForms]int{FormInt8: recordNEON8Bytes, FormInt16: recordNEON16Bytes}
	s.QuantizeRow = quantizeRowNEON
	for _, t := range []struct {
		of    quant.Type
		tiles neonTiles
	}{
		{quant.F32, asm.MatmulF32NEON},
		{quant.F16, asm.MatmulF16NEON},
		{quant.BF16, asm.MatmulBF16NEON},
	} {
		putTiles(s, t.of, FormFloat, 1, t.tiles)
	}
	fillTilesNEON(s, 1, []tilesNEON{
		{quant.Q4_0, asm.MatmulQ4_0Int8NEON, asm.MatmulQ4_0Int16NEON},
		{quant.Q4_1, asm.MatmulQ4_1Int8NEON, asm.MatmulQ4_1Int16NEON},
		{quant.Q5_0, asm.MatmulQ5_0Int8NEON, asm.MatmulQ5_0Int16NEON},
		{quant.Q5_1, asm.MatmulQ5_1Int8NEON, asm.MatmulQ5_1Int16NEON},
		{quant.Q8_0, asm.MatmulQ8_0Int8NEON, asm.MatmulQ8_0Int16NEON},
		{quant.Q2_K, asm.MatmulQ2_KInt8NEON, asm.MatmulQ2_KInt16NEON},
		{quant.Q3_K, asm.MatmulQ3_KInt8NEON, asm.MatmulQ3_KInt16NEON},
		{quant.Q4_K, asm.MatmulQ4_KInt8NEON, asm.MatmulQ4_KInt16NEON},
		{quant.Q5_K, asm.MatmulQ5_KInt8NEON, asm.MatmulQ5_KInt16NEON},
		{quant.Q6_K, asm.MatmulQ6_KInt8NEON, asm.MatmulQ6_KInt16NEON},
		{quant.IQ4_NL, asm.MatmulIQ4_NLInt8NEON, asm.MatmulIQ4_NLInt16NEON},
		{quant.IQ4_XS, asm.MatmulIQ4_XSInt8NEON, asm.MatmulIQ4_XSInt16NEON},
		{quant.MXFP4, asm.MatmulMXFP4Int8NEON, asm.MatmulMXFP4Int16NEON},
	})
}

// fillMatmulDotprod is fillMatmulNEON with SDOT for quantized types.
func fillMatmulDotprod(s *Set) {
	fillTilesNEON(s, 1, []tilesNEON{
		{quant.Q4_0, asm.MatmulQ4_0Int8Dotprod, asm.MatmulQ4_0Int16Dotprod},
		{quant.Q4_1, asm.MatmulQ4_1Int8Dotprod, asm.MatmulQ4_1Int16Dotprod},
		{quant.Q5_0, asm.MatmulQ5_0Int8Dotprod, asm.MatmulQ5_0Int16Dotprod},
		{quant.Q5_1, asm.MatmulQ5_1Int8Dotprod, asm.MatmulQ5_1Int16Dotprod},
		{quant.Q8_0, asm.MatmulQ8_0Int8Dotprod, asm.MatmulQ8_0Int16Dotprod},
		{quant.Q2_K, asm.MatmulQ2_KInt8Dotprod, asm.MatmulQ2_KInt16Dotprod},
		{quant.Q3_K, asm.MatmulQ3_KInt8Dotprod, asm.MatmulQ3_KInt16Dotprod},
		{quant.Q4_K, asm.MatmulQ4_KInt8Dotprod, asm.MatmulQ4_KInt16Dotprod},
		{quant.Q5_K, asm.MatmulQ5_KInt8Dotprod, asm.MatmulQ5_KInt16Dotprod},
		{quant.Q6_K, asm.MatmulQ6_KInt8Dotprod, asm.MatmulQ6_KInt16Dotprod},
		{quant.IQ4_NL, asm.MatmulIQ4_NLInt8Dotprod, asm.MatmulIQ4_NLInt16Dotprod},
		{quant.IQ4_XS, asm.MatmulIQ4_XSInt8Dotprod, asm.MatmulIQ4_XSInt16Dotprod},
		{quant.MXFP4, asm.MatmulMXFP4Int8Dotprod, asm.MatmulMXFP4Int16Dotprod},
	})
}

// fillMatmulI8MM puts products of two tokens and more with SMMLA into s, which
// has dotprod's of one, and of Q2_K.
func fillMatmulI8MM(s *Set) {
	fillTilesNEON(s, 2, []tilesNEON{
		{quant.Q4_0, asm.MatmulQ4_0Int8I8MM, asm.MatmulQ4_0Int16I8MM},
		{quant.Q4_1, asm.MatmulQ4_1Int8I8MM, asm.MatmulQ4_1Int16I8MM},
		{quant.Q5_0, asm.MatmulQ5_0Int8I8MM, asm.MatmulQ5_0Int16I8MM},
		{quant.Q5_1, asm.MatmulQ5_1Int8I8MM, asm.MatmulQ5_1Int16I8MM},
		{quant.Q8_0, asm.MatmulQ8_0Int8I8MM, asm.MatmulQ8_0Int16I8MM},
		{quant.Q3_K, asm.MatmulQ3_KInt8I8MM, asm.MatmulQ3_KInt16I8MM},
		{quant.Q4_K, asm.MatmulQ4_KInt8I8MM, asm.MatmulQ4_KInt16I8MM},
		{quant.Q5_K, asm.MatmulQ5_KInt8I8MM, asm.MatmulQ5_KInt16I8MM},
		{quant.Q6_K, asm.MatmulQ6_KInt8I8MM, asm.MatmulQ6_KInt16I8MM},
		{quant.IQ4_NL, asm.MatmulIQ4_NLInt8I8MM, asm.MatmulIQ4_NLInt16I8MM},
		{quant.IQ4_XS, asm.MatmulIQ4_XSInt8I8MM, asm.MatmulIQ4_XSInt16I8MM},
		{quant.MXFP4, asm.MatmulMXFP4Int8I8MM, asm.MatmulMXFP4Int16I8MM},
	})
}

// fillTilesNEON puts all quantized types' tiles into s, panels having 8 rows.
func fillTilesNEON(s *Set, first int, list []tilesNEON) {
	s.PanelRows, s.Tokens = 8, first+len(list[0].int8)-1
	for _, t := range list {
		putTiles(s, t.of, FormInt8, first, t.int8)
		putTiles(s, t.of, FormInt16, first, t.int16)
	}
}

// putTiles puts tiles from a number of tokens on into the table, and leaves
// those of fewer as they are.
func putTiles(s *Set, t quant.Type, f Form, first int, tiles neonTiles) {
	clear(s.Tile[t][f][first:])
	for i, tile := range tiles {
		s.Tile[t][f][first+i] = tile
	}
}

func quantizeRowNEON(dst []byte, stride int, x []float32, form Form) {
	size := recordNEON8Bytes
	if form == FormInt16 {
		size = recordNEON16Bytes
	}
	quantizeParts(asm.QuantizeNEON, size, dst, stride, x, form)
}
