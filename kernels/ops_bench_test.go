package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkRow's bytes are those of the first input, 1536 values.
func BenchmarkRow(b *testing.B) {
	const n = 1536
	r := rand.New(rand.NewPCG(1, 2))
	dst, x, y, z := randomValues(r, n), randomValues(r, n), randomValues(r, n), randomValues(r, n)
	for _, op := range rowOps {
		for _, s := range Available() {
			b.Run(op.name+"/"+s.Name, func(b *testing.B) {
				b.SetBytes(4 * n)
				for b.Loop() {
					op.run(s, dst, x, y, z)
				}
			})
		}
	}
}

// benchAttention attends with tokens tokens, the last at position depth-1, of
// heads query heads sharing one KV head; the bytes are those of the cache.
func benchAttention(b *testing.B, s *Set, heads, dim, tokens, depth, kvHeads int) {
	r := rand.New(rand.NewPCG(1, 2))
	caches := make([][]KV, kvHeads)
	for h := range caches {
		for range (depth + ChunkPositions - 1) / ChunkPositions {
			n := ChunkPositions * dim
			block := make([]uint16, 2*n) // values behind keys, as package kv has them
			s.ToF16(block, randomValues(r, 2*n))
			caches[h] = append(caches[h], KV{K16: block[:n], V16: block[n:]})
		}
	}
	step := max(1, 24/heads)
	tile, out, q := NewAttnTile(24, dim, dim), make([]float32, dim), randomValues(r, dim)
	products := 0
	b.SetBytes(int64(kvHeads * depth * dim * 4))
	for b.Loop() {
		products = 0
		for _, cache := range caches {
			for first := 0; first < tokens; first += step {
				n := min(step, tokens-first)
				tile.Reset(n * heads)
				last := depth - tokens + first + n
				for i := range n * heads {
					copy(tile.Query(i), q)
					hi := last - n + i/heads + 1
					tile.Visible(i, 0, hi)
					products += 2 * hi * dim
				}
				for c := range (last + ChunkPositions - 1) / ChunkPositions {
					tile.Chunk(s, c, cache[c])
				}
				for i := range n * heads {
					tile.Finish(i, out)
				}
			}
		}
	}
	b.ReportMetric(2*float64(products)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

// BenchmarkAttention: prompts of 512 tokens at depth 512, and one token at depth
// 4096 with a cache larger than the processor's.
func BenchmarkAttention(b *testing.B) {
	for _, heads := range []int{1, 3, 4, 8} {
		for _, dim := range []int{64, 128} {
			for _, s := range Available() {
				b.Run(fmt.Sprintf("prefill512/%s/heads=%d/dim=%d", s.Name, heads, dim), func(b *testing.B) {
					benchAttention(b, s, heads, dim, 512, 512, 1)
				})
				b.Run(fmt.Sprintf("decode4096/%s/heads=%d/dim=%d", s.Name, heads, dim), func(b *testing.B) {
					benchAttention(b, s, heads, dim, 1, 4096, 64)
				})
			}
		}
	}
}
