package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func BenchmarkTmpChunk(b *testing.B) {
	for _, s := range Available()[1:] {
		for _, dim := range []int{64, 128, 256} {
			for _, as := range []stored{{"f16", "f16"}, {"q8_0", "q8_0"}} {
				for _, n := range []int{1, 3, 8, 24} {
					b.Run(fmt.Sprintf("%s/%s/dim=%d/q=%d", s.Name, as.keys, dim, n), func(b *testing.B) {
						r := rand.New(rand.NewPCG(1, 2))
						a := &attnCase{keyDim: dim, valueDim: dim, as: as}
						for range 256 {
							a.k, a.v = append(a.k, randomValues(r, dim)), append(a.v, randomValues(r, dim))
						}
						kv := a.cache(b, s)[0]
						tile := a.tile(n)
						for i := range n {
							copy(tile.Query(i), randomValues(r, dim))
							tile.Visible(i, 0, 256)
						}
						for b.Loop() {
							tile.Reset(n)
							tile.Chunk(s, 0, kv)
						}
					})
				}
			}
		}
	}
}
