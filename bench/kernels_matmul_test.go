package bench

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/quant"
	"github.com/gptrun/gptrun/runtime/exec"
	"github.com/gptrun/gptrun/runtime/kv"
)

// matmulCases are products with every type of weights. Decoding is held against
// the speed at which its weights can be read, a prompt against the products of
// bytes (two of them for each weight where activations have two terms) or the
// fused multiply-adds that the tier's instructions can do.
func matmulCases(z kernelSizes, set *kernels.Set, threads int) []kernelCase {
	var all []kernelCase
	for _, t := range quant.Types() {
		for _, exact := range []bool{false, true} {
			f := kernels.FormOf(t, exact)
			if exact && f == kernels.FormFloat {
				continue
			}
			c := kernelCase{typ: strings.ToLower(t.String()), form: formName(f), set: set, threads: threads, terms: 1}
			m := exec.Matrix{Name: "bench", Type: t, Exact: exact}

			c.op, c.unit, c.limit = "decode", "GB/s", "memory"
			c.shape = fmt.Sprintf("%dx%dx1", z.side, z.side)
			c.prepare = func(tb testing.TB, x *exec.Executor) job { return decodeFromMemory(tb, x, m, z) }
			all = append(all, c)

			c.limit = "l2"
			c.shape = fmt.Sprintf("%dKiBx1", z.cached>>10)
			c.prepare = func(tb testing.TB, x *exec.Executor) job { return decodeFromCache(tb, x, t, f, z) }
			all = append(all, c)

			cols := colsOf(t, z)
			c.op, c.unit, c.limit = "prefill", "GOP/s", promptLimit(set, f)
			if f == kernels.FormInt16 {
				c.terms = 2
			}
			c.shape = fmt.Sprintf("%dx%dx%d", z.rows, cols, z.tokens)
			c.prepare = func(tb testing.TB, x *exec.Executor) job { return prefill(tb, x, m, z) }
			all = append(all, c)
		}
	}
	return all
}

func formName(f kernels.Form) string {
	return [kernels.NumForms]string{kernels.FormFloat: "float", kernels.FormInt8: "int8", kernels.FormInt16: "int16"}[f]
}

// colsOf is the prompt product's number of columns.
func colsOf(t quant.Type, z kernelSizes) int {
	if info, _ := quant.Lookup(t); z.cols%info.BlockLen != 0 {
		return z.superCols
	}
	return z.cols
}

// promptLimit names the arithmetic that bounds products in form f; none where
// nothing measures it.
func promptLimit(set *kernels.Set, f kernels.Form) string {
	name := "products/" + set.Name
	if f == kernels.FormFloat {
		name = "sums/" + set.Name
	}
	for _, n := range limitNames() {
		if n == name {
			return name
		}
	}
	return ""
}

// sized gives m its shape and random rows.
func sized(m exec.Matrix, rows, cols int) *exec.Matrix {
	info, _ := quant.Lookup(m.Type)
	m.Rows, m.Cols = rows, cols
	m.Source = make([]byte, rows*cols/info.BlockLen*info.BlockBytes)
	fill(m.Source)
	return &m
}

// decodeFromMemory multiplies one token with so many matrices that none is in a
// cache when its turn comes, quantising its activations for each as a layer does.
func decodeFromMemory(tb testing.TB, x *exec.Executor, m exec.Matrix, z kernelSizes) job {
	w := sized(m, z.side, z.side)
	size := w.PackedBytes(x.Set)
	matrices := make([]*exec.Matrix, (z.memory+size-1)/size)
	packed := anonymous(tb, len(matrices)*size)
	for i := range matrices {
		c := *w
		c.Keep(packed[i*size : (i+1)*size])
		require.NoError(tb, x.Pack(&c))
		matrices[i] = &c
	}
	p := newPass(x, kv.New(kv.Both(kv.F16), nil), 1)
	in := exec.Rows{Data: values(z.side), Width: z.side}
	out := exec.Rows{Data: make([]float32, z.side), Width: z.side}
	return job{float64(len(packed)), func() {
		for _, w := range matrices {
			p.Linear(exec.Plain(in), exec.Product{Dst: out, W: w})
		}
		require.NoError(tb, p.Err())
	}}
}

// decodeFromCache has each worker multiply one token with panels of its own that
// stay in its second-level cache: the kernel without memory.
func decodeFromCache(tb testing.TB, x *exec.Executor, t quant.Type, f kernels.Form, z kernelSizes) job {
	set, n := x.Set, x.Set.PanelRowsOf(t)
	cols := max(z.side/2, z.superCols)
	cols -= cols % z.superCols
	size := set.PanelBytes(t, cols)
	panels := max(1, z.cached/size)
	w := sized(exec.Matrix{Type: t}, n, cols)
	type operands struct {
		packed, act []byte
		dst, tmp    []float32
	}
	own := make([]operands, x.Pool.Workers())
	for i := range own {
		o := operands{anonymous(tb, panels*size), anonymous(tb, set.ActBytes(f, 1, cols)), make([]float32, n), make([]float32, n*kernels.MaxTokens)}
		for p := range panels {
			set.PackPanel(t, o.packed[p*size:(p+1)*size], w.Source, n, cols)
		}
		set.PackAct(f, o.act, values(cols), cols, cols, 1, 0)
		own[i] = o
	}
	return onWorkers(tb, x, float64(panels*size*z.times), func(worker int) {
		o := &own[worker]
		for range z.times {
			for p := range panels {
				set.MulPanels(o.dst, n, t, o.packed[p*size:(p+1)*size], n, cols, f, o.act, 1, o.tmp)
			}
		}
	})
}

// prefill multiplies a prompt with one matrix, its activations' quantisation
// included.
func prefill(tb testing.TB, x *exec.Executor, m exec.Matrix, z kernelSizes) job {
	w := sized(m, z.rows, colsOf(m.Type, z))
	w.Keep(anonymous(tb, w.PackedBytes(x.Set)))
	require.NoError(tb, x.Pack(w))
	p := newPass(x, kv.New(kv.Both(kv.F16), nil), z.tokens)
	in := exec.Rows{Data: values(z.tokens * w.Cols), Width: w.Cols}
	out := exec.Rows{Data: make([]float32, z.tokens*w.Rows), Width: w.Rows}
	return job{2 * float64(w.Rows) * float64(w.Cols) * float64(z.tokens), func() {
		p.Linear(exec.Plain(in), exec.Product{Dst: out, W: w})
		require.NoError(tb, p.Err())
	}}
}

// packCases pack rows of a mapped file into panels, whose pages are there
// already. The bytes are the file's.
func packCases(z kernelSizes, set *kernels.Set, threads int) []kernelCase {
	var all []kernelCase
	for _, t := range quant.Types() {
		all = append(all, kernelCase{
			op: "pack", typ: strings.ToLower(t.String()), form: "file", set: set, threads: threads,
			shape: fmt.Sprintf("%dKiB", z.memory>>10), unit: "GB/s", limit: "file", terms: 1,
			prepare: func(tb testing.TB, x *exec.Executor) job {
				info, _ := quant.Lookup(t)
				source := mappedFile(tb, z.memory)
				m := exec.Matrix{Name: "bench", Type: t, Cols: z.side}
				rowBytes := z.side / info.BlockLen * info.BlockBytes
				m.Rows = len(source) / rowBytes
				m.Source = source[:m.Rows*rowBytes]
				packed := anonymous(tb, m.PackedBytes(set))
				return job{float64(len(m.Source)), func() {
					m.Keep(packed)
					require.NoError(tb, x.Pack(&m))
				}}
			},
		})
	}
	return all
}
