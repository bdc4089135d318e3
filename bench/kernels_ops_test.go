package bench

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/runtime/exec"
	"github.com/gptrun/gptrun/runtime/kv"
)

// SmolLM2-135M's heads.
const (
	queryHeads = 9
	kvHeads    = 3
	headDim    = 64
)

// attentionCases attend with one token to a long past, all layers after each
// other, so that keys and values come from memory.
func attentionCases(z kernelSizes, set *kernels.Set, threads int) []kernelCase {
	var all []kernelCase
	for _, typ := range []kv.Type{kv.F16, kv.Q8_0} {
		form := "float"
		if typ == kv.Q8_0 {
			form = "int16"
		}
		all = append(all, kernelCase{
			op: "attend", typ: typ.String(), form: form, set: set, threads: threads,
			shape: fmt.Sprintf("%dx%dx%d", z.layers, kvHeads*headDim, z.depth), unit: "GB/s", limit: "memory", terms: 1,
			prepare: func(tb testing.TB, x *exec.Executor) job { return attend(tb, x, typ, z) },
		})
	}
	return all
}

func attend(tb testing.TB, x *exec.Executor, typ kv.Type, z kernelSizes) job {
	layers := make([]kv.Layer, z.layers)
	for i := range layers {
		layers[i] = kv.Layer{Heads: kvHeads, KeyDim: headDim, ValueDim: headDim}
	}
	cache := kv.New(kv.Both(typ), layers)
	cache.Reserve(z.depth)
	fast := kernels.Available()[len(kernels.Available())-1]
	v := values(2 * headDim)
	for l := range layers {
		for h := range kvHeads {
			for pos := range z.depth {
				c := cache.Chunk(l, h, pos/kernels.ChunkPositions)
				fast.Store(c, pos%kernels.ChunkPositions, v[:headDim], v[headDim:])
			}
		}
	}
	cache.Advance(z.depth - 1)
	x.PrepareAttention(queryHeads/kvHeads, headDim, headDim)
	p := newPass(x, cache, 1)
	const width = queryHeads * headDim
	q := exec.Rows{Data: values(width), Width: width}
	out := exec.Rows{Data: make([]float32, width), Width: width}
	return job{float64(kv.Bytes(kv.Both(typ), layers, z.depth, 1)), func() {
		for l := range layers {
			p.Attend(l, out, q, queryHeads, 0.125)
		}
		require.NoError(tb, p.Err())
	}}
}

// rowOp is an operation on rows of activations.
type rowOp struct {
	op, form string
	width    int
	inputs   int // rows read for a row written
	do       func(s *kernels.Set, dst, x, y []float32, records []byte)
}

var rowOps = []rowOp{
	{"exp", "float", 1536, 1, func(s *kernels.Set, dst, x, _ []float32, _ []byte) { s.Exp(dst, x) }},
	{"silumul", "float", 1536, 2, func(s *kernels.Set, dst, x, y []float32, _ []byte) { s.SiLUMul(dst, x, y) }},
	{"gelumul", "float", 2048, 2, func(s *kernels.Set, dst, x, y []float32, _ []byte) { s.GELUMul(dst, x, y) }},
	{"rmsnorm", "float", 576, 1, func(s *kernels.Set, dst, x, y []float32, _ []byte) { s.RMSNorm(dst, x, y, 1e-5) }},
	{"quantize", "int8", 576, 1, func(s *kernels.Set, _, x, _ []float32, records []byte) {
		s.QuantizeRow(records, s.RecordBytes[kernels.FormInt8], x, kernels.FormInt8)
	}},
	{"quantize", "int16", 576, 1, func(s *kernels.Set, _, x, _ []float32, records []byte) {
		s.QuantizeRow(records, s.RecordBytes[kernels.FormInt16], x, kernels.FormInt16)
	}},
}

// rowCases go over rows that a worker has in its second-level cache, and are held
// against the speed at which they can be read: how far arithmetic and the
// writing of results are from costing nothing.
func rowCases(z kernelSizes, set *kernels.Set, threads int) []kernelCase {
	var all []kernelCase
	for _, op := range rowOps {
		rows := max(1, z.cached/(4*op.width*(op.inputs+1)))
		all = append(all, kernelCase{
			op: op.op, typ: "f32", form: op.form, set: set, threads: threads,
			shape: fmt.Sprintf("%dx%d", rows, op.width), unit: "GB/s", limit: "l2", terms: 1,
			prepare: func(tb testing.TB, x *exec.Executor) job { return op.prepare(tb, x, rows, z.times) },
		})
	}
	return all
}

func (op rowOp) prepare(tb testing.TB, x *exec.Executor, rows, times int) job {
	type operands struct {
		dst, x, y []float32
		records   []byte
	}
	n := op.width
	own := make([]operands, x.Pool.Workers())
	for i := range own {
		own[i] = operands{values(rows * n), values(rows * n), values(rows * n), make([]byte, x.Set.ActBytes(kernels.FormInt16, 1, n))}
	}
	return onWorkers(tb, x, float64(4*op.inputs*rows*n*times), func(worker int) {
		o := &own[worker]
		for range times {
			for r := range rows {
				from, to := r*n, (r+1)*n
				y := o.y[:n] // weights, the same for every row
				if op.inputs == 2 {
					y = o.y[from:to]
				}
				op.do(x.Set, o.dst[from:to], o.x[from:to], y, o.records)
			}
		}
	})
}
