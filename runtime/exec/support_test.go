package exec

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/quant"
	"github.com/gptrun/gptrun/runtime/kv"
)

// generic is the tier that others are compared with.
func generic(t testing.TB) *kernels.Set {
	s, err := kernels.Select("generic")
	require.NoError(t, err)
	return s
}

// newExecutor returns an executor whose pool the test holds.
func newExecutor(t testing.TB, set *kernels.Set, workers int) *Executor {
	x := NewExecutor(set, workers)
	x.PrepareScratch(0)
	x.Pool.Lock()
	t.Cleanup(func() {
		x.Pool.Unlock()
		x.Close()
	})
	return x
}

// forEachExecutor runs f on every tier with one, two and five workers.
func forEachExecutor(t *testing.T, f func(t *testing.T, x *Executor)) {
	for _, set := range kernels.Available() {
		for _, workers := range []int{1, 2, 5} {
			t.Run(fmt.Sprintf("%s, %d workers", set.Name, workers), func(t *testing.T) {
				f(t, newExecutor(t, set, workers))
			})
		}
	}
}

func normals(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}

// randomMatrix is a matrix of random weights of about unit size.
func randomMatrix(r *rand.Rand, typ quant.Type, rows, cols int) *Matrix {
	m := &Matrix{Name: "test", Type: typ, Rows: rows, Cols: cols}
	if typ == quant.F32 {
		for range rows * cols {
			m.Source = binary.LittleEndian.AppendUint32(m.Source, math.Float32bits(float32(r.NormFloat64())))
		}
		return m
	}
	if typ == quant.F16 {
		for range rows * cols {
			m.Source = binary.LittleEndian.AppendUint16(m.Source, quant.F32ToF16(float32(r.NormFloat64())))
		}
		return m
	}
	info, _ := quant.Lookup(typ)
	for range rows * cols / info.BlockLen {
		// The types used here begin with their scale.
		m.Source = binary.LittleEndian.AppendUint16(m.Source, quant.F32ToF16(r.Float32()/50))
		for range info.BlockBytes - 2 {
			m.Source = append(m.Source, byte(r.Uint32()))
		}
	}
	return m
}

// beginRows begins a pass of n tokens of one new sequence.
func beginRows(x *Executor, sizes Sizes, n int, layers ...kv.Layer) *Pass {
	p := NewPass(x, sizes)
	tokens := make([]int32, n)
	for i := range tokens {
		tokens[i] = int32(i)
	}
	cache := kv.New(kv.Both(kv.F32), layers)
	cache.Reserve(n)
	p.Begin(context.Background(), tokens, []Segment{{Cache: cache, Count: n}})
	return p
}

func requireBits(t testing.TB, want, got []float32, what string, args ...any) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		if math.Float32bits(want[i]) != math.Float32bits(got[i]) {
			require.Failf(t, "different bits", "value %d is %v, want %v: "+what, append([]any{i, got[i], want[i]}, args...)...)
		}
	}
}
