package kernels

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gptrun/gptrun/quant"
)

// FuzzEveryTierMultipliesLikeGeneric takes the weights of a file and the
// activations from the fuzzer; both are repeated as often as the shape asks.
func FuzzEveryTierMultipliesLikeGeneric(f *testing.F) {
	types := quant.Types()
	r := rand.New(rand.NewPCG(1, 9))
	for i := range types {
		weights, values := make([]byte, 256), make([]byte, 64)
		for j := range weights {
			weights[j] = byte(r.Uint32())
		}
		for j := range values {
			values[j] = byte(r.Uint32())
		}
		f.Add(byte(i), i%2 == 0, byte(9), byte(2), byte(5), weights, values)
	}
	generic, tiers := Generic(), Available()[1:]
	f.Fuzz(func(t *testing.T, which byte, exact bool, rows, blocks, tokens byte, weights, values []byte) {
		if len(weights) == 0 || len(values) == 0 {
			return
		}
		typ := types[int(which)%len(types)]
		info, _ := quant.Lookup(typ)
		n, m, cols := 1+int(rows)%70, 1+int(tokens)%13, info.BlockLen*(1+int(blocks)%4)
		src := make([]byte, n*cols/info.BlockLen*info.BlockBytes)
		for i := range src {
			src[i] = weights[i%len(weights)]
		}
		x := make([]float32, m*cols)
		for i := range x {
			var b uint32
			for j := range 4 {
				b = b<<8 | uint32(values[(4*i+j)%len(values)])
			}
			x[i] = math.Float32frombits(b)
		}
		form := FormOf(typ, exact)
		want := multiply(generic, typ, src, n, cols, x, m, form)
		for _, s := range tiers {
			requireSame(t, want, multiply(s, typ, src, n, cols, x, m, form), s.Name+" "+typ.String())
		}
	})
}
