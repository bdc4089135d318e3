package kernels

import (
	"unsafe"

	"github.com/gptrun/gptrun/quant"
)

// RecordBytes is the size of an activation record of the generic tier,
// one block of 32 values of one token:
//
//	  0  32 × int8   codes, in order of columns (FormInt8 only)
//	 32  32 × int16  codes, each group of four columns in the order 0, 2, 1, 3
//	 96  float32 d   scale
//	100  float32 s   d times the sum of the codes
//	104  int32 N     sum of the codes
//	108  int32 H0    sum of the first 16 codes
//	112  int32 H1    sum of the last 16 codes
const RecordBytes = 128

const (
	recWide = 32
	recD    = 96
	recS    = 100
	recN    = 104
	recH0   = 108
	recH1   = 112
)

// FormOf is the form in which products with weights of type t take their
// activations; exact asks for two integer terms.
func FormOf(t quant.Type, exact bool) Form {
	switch {
	case !t.Quantized():
		return FormFloat
	case exact:
		return FormInt16
	}
	return FormInt8
}

// GroupTokens is the number of tokens of a whole group.
func (s *Set) GroupTokens(f Form) int {
	if f == FormFloat {
		return s.FloatTokens
	}
	return s.Tokens
}

// ActBytes is the size of the packed activations of tokens rows of cols values.
func (s *Set) ActBytes(f Form, tokens, cols int) int {
	if f == FormFloat {
		return 4 * tokens * cols
	}
	return tokens * (cols / blockCols) * s.RecordBytes[f]
}

// PackAct packs one group of tokens: the rows group·GroupTokens and following
// of x, which has tokens rows ldx apart. In a group, values (FormFloat) or
// records of the same columns stand together, token by token. dst is aligned to
// four bytes.
func (s *Set) PackAct(f Form, dst []byte, x []float32, ldx, cols, tokens, group int) {
	first := group * s.GroupTokens(f)
	n := min(s.GroupTokens(f), tokens-first)
	dst = dst[s.ActBytes(f, first, cols):s.ActBytes(f, first+n, cols)]
	if f == FormFloat {
		packFloats(dst, x[first*ldx:], ldx, cols, n)
		return
	}
	size := s.RecordBytes[f]
	for t := range n {
		s.QuantizeRow(dst[t*size:], n*size, x[(first+t)*ldx:][:cols], f)
	}
}

// packFloats writes n rows of cols values column by column, four rows at a time
// where there are as many.
func packFloats(dst []byte, x []float32, ldx, cols, n int) {
	out := unsafe.Slice((*float32)(unsafe.Pointer(&dst[0])), n*cols)
	t := 0
	for ; t+4 <= n; t += 4 {
		a, b, c, d := x[t*ldx:][:cols], x[(t+1)*ldx:][:cols], x[(t+2)*ldx:][:cols], x[(t+3)*ldx:][:cols]
		at := t
		for k := range a {
			o := out[at : at+4 : at+4]
			o[0], o[1], o[2], o[3] = a[k], b[k], c[k], d[k]
			at += n
		}
	}
	for ; t+2 <= n; t += 2 {
		a, b := x[t*ldx:][:cols], x[(t+1)*ldx:][:cols]
		at := t
		for k := range a {
			o := out[at : at+2 : at+2]
			o[0], o[1] = a[k], b[k]
			at += n
		}
	}
	if t < n {
		for k, v := range x[t*ldx:][:cols] {
			out[k*n+t] = v
		}
	}
}
