//go:build amd64 && !purego

package kernels

import (
	"unsafe"

	"github.com/gptrun/gptrun/asm"
)

// fillOpsAVX2 puts the AVX2 versions of everything but the matrix products into
// s. The functions around the assembly hold up what it does not check: that the
// slices are as long as the first input says.
func fillOpsAVX2(s *Set) {
	s.QuantizeRow = quantizeRowAVX2
	s.RMSNorm, s.LayerNorm = rmsNormAVX2, layerNormAVX2
	s.Add, s.Scale = addAVX2, scaleAVX2
	s.SiLU, s.GELU, s.GELUErf = eachAVX2(asm.SiLUAVX2), eachAVX2(asm.GELUAVX2), eachAVX2(asm.GELUErfAVX2)
	s.SiLUMul, s.GELUMul = gatedAVX2(asm.SiLUMulAVX2), gatedAVX2(asm.GELUMulAVX2)
	s.Exp = eachAVX2(asm.ExpAVX2)
	s.RoPEAdjacent, s.RoPEHalves = ropeAVX2(asm.RoPEAdjacentAVX2), ropeAVX2(asm.RoPEHalvesAVX2)
	s.ToF16, s.FromF16 = toF16AVX2, fromF16AVX2
	fillAttentionAVX2(&s.Attn)
}

// asmPart is how many elements one call of assembly takes: it cannot be
// preempted, so it should end within 100 µs. A multiple of 32.
const asmPart = 1 << 15

func quantizeRowAVX2(dst []byte, stride int, x []float32, form Form) {
	quantizeParts(asm.QuantizeAVX2, RecordBytes, dst, stride, x, form)
}

// quantizeParts is QuantizeRow with records of size bytes, part by part.
func quantizeParts(f func(dst *byte, stride int, x *float32, blocks int, levels float32, wide bool),
	size int, dst []byte, stride int, x []float32, form Form) {
	for at := 0; at < len(x); at += asmPart {
		part := x[at:min(at+asmPart, len(x))]
		rec := dst[at/blockCols*stride:]
		blocks := len(part) / blockCols
		_ = rec[(blocks-1)*stride+size-1]
		f(&rec[0], stride, &part[0], blocks, form.levels(), form == FormInt16)
	}
}

func rmsNormAVX2(dst, x, w []float32, eps float32) {
	n := len(x)
	asm.RMSNormAVX2(first(dst[:n]), first(x), first(w[:n]), n, eps)
}

func layerNormAVX2(dst, x, w, b []float32, eps float32) {
	n := len(x)
	if b != nil {
		b = b[:n]
	}
	asm.LayerNormAVX2(first(dst[:n]), first(x), first(w[:n]), first(b), n, eps)
}

func addAVX2(dst, x []float32) { asm.AddAVX2(first(dst[:len(x)]), first(x), len(x)) }

func scaleAVX2(dst []float32, f float32) { asm.ScaleAVX2(first(dst), len(dst), f) }

// eachAVX2 applies an elementwise function part by part.
func eachAVX2(f func(dst, x *float32, n int)) func(dst, x []float32) {
	return func(dst, x []float32) {
		for dst = dst[:len(x)]; len(x) > 0; {
			n := min(len(x), asmPart)
			f(&dst[0], &x[0], n)
			dst, x = dst[n:], x[n:]
		}
	}
}

func gatedAVX2(f func(dst, gate, up *float32, n int)) func(dst, gate, up []float32) {
	return func(dst, gate, up []float32) {
		for dst, up = dst[:len(gate)], up[:len(gate)]; len(gate) > 0; {
			n := min(len(gate), asmPart)
			f(&dst[0], &gate[0], &up[0], n)
			dst, gate, up = dst[n:], gate[n:], up[n:]
		}
	}
}

func ropeAVX2(f func(x, cos, sin *float32, n int)) func(x, cos, sin []float32) {
	return func(x, cos, sin []float32) {
		n := len(cos)
		f(first(x[:2*n]), first(cos), first(sin[:n]), n)
	}
}

func toF16AVX2(dst []uint16, src []float32) {
	asm.ToF16AVX2(first(dst[:len(src)]), first(src), len(src))
}

func fromF16AVX2(dst []float32, src []uint16) {
	asm.FromF16AVX2(first(dst[:len(src)]), first(src), len(src))
}

// first is the address of a slice's first element; nil where it has none.
func first[T any](s []T) *T { return unsafe.SliceData(s) }
