//go:build (amd64 || arm64) && !purego

package kernels

import "unsafe"

// The functions here stand between a Set and the assembly of any tier: they hold
// up what it does not check, that the slices are as long as the first input says,
// and give it large slices part by part.

// asmPart is how many elements one call of assembly takes: it cannot be
// preempted, so it should end within 100 µs. A multiple of 32.
const asmPart = 1 << 13

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

func rmsNormVector(f func(dst, x, w *float32, n int, eps float32)) func(dst, x, w []float32, eps float32) {
	return func(dst, x, w []float32, eps float32) {
		n := len(x)
		f(first(dst[:n]), first(x), first(w[:n]), n, eps)
	}
}

func layerNormVector(f func(dst, x, w, b *float32, n int, eps float32)) func(dst, x, w, b []float32, eps float32) {
	return func(dst, x, w, b []float32, eps float32) {
		n := len(x)
		if b != nil {
			b = b[:n]
		}
		f(first(dst[:n]), first(x), first(w[:n]), first(b), n, eps)
	}
}

func scaleVector(f func(dst *float32, n int, f float32)) func(dst []float32, f float32) {
	return func(dst []float32, by float32) { f(first(dst), len(dst), by) }
}

// pairVector passes slices of one length, converting perhaps.
func pairVector[D, S any](f func(dst *D, src *S, n int)) func(dst []D, src []S) {
	return func(dst []D, src []S) { f(first(dst[:len(src)]), first(src), len(src)) }
}

// eachVector applies an elementwise function part by part.
func eachVector(f func(dst, x *float32, n int)) func(dst, x []float32) {
	return func(dst, x []float32) {
		for dst = dst[:len(x)]; len(x) > 0; {
			n := min(len(x), asmPart)
			f(&dst[0], &x[0], n)
			dst, x = dst[n:], x[n:]
		}
	}
}

func gatedVector(f func(dst, gate, up *float32, n int)) func(dst, gate, up []float32) {
	return func(dst, gate, up []float32) {
		for dst, up = dst[:len(gate)], up[:len(gate)]; len(gate) > 0; {
			n := min(len(gate), asmPart)
			f(&dst[0], &gate[0], &up[0], n)
			dst, gate, up = dst[n:], gate[n:], up[n:]
		}
	}
}

func ropeVector(f func(x, cos, sin *float32, n int)) func(x, cos, sin []float32) {
	return func(x, cos, sin []float32) {
		n := len(cos)
		f(first(x[:2*n]), first(cos), first(sin[:n]), n)
	}
}

// first is the address of a slice's first element; nil where it has none.
func first[T any](s []T) *T { return unsafe.SliceData(s) }
