package kv

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// wideLayers fill more than a huge page with each chunk: 12·3·256·130·2 bytes are
// 2.3 MB, so a slab is two pages, which have room for 21 of the layers' blocks.
func wideLayers() []Layer {
	layers := make([]Layer, 12)
	for i := range layers {
		layers[i] = Layer{Heads: 3, KeyDim: 64, ValueDim: 66}
	}
	layers[5].Window = 100
	return layers
}

// wideSlabs are what the 36 blocks of three more chunks take.
const wideSlabs = 2

// fill writes a pattern of its own to every chunk.
func fill(c *Cache, chunks int) {
	for l, g := range c.layers {
		for h := range g.Heads {
			for ch := range chunks {
				if c.blocks[l][ch] == nil {
					continue
				}
				kv := c.Chunk(l, h, ch)
				for i := range kv.K16 {
					kv.K16[i] = uint16(l<<12 + h<<8 + ch<<1)
				}
				for i := range kv.V16 {
					kv.V16[i] = uint16(l<<12 + h<<8 + ch<<1 + 1)
				}
			}
		}
	}
}

func requireFilled(t *testing.T, c *Cache, chunks int) {
	for l, g := range c.layers {
		for h := range g.Heads {
			for ch := range chunks {
				if c.blocks[l][ch] == nil {
					continue
				}
				kv := c.Chunk(l, h, ch)
				for _, half := range [][]uint16{kv.K16, kv.V16} {
					for _, x := range []uint16{half[0], half[len(half)-1]} {
						require.EqualValues(t, l<<12+h<<8+ch<<1, x&^1, "layer %d, head %d, chunk %d", l, h, ch)
					}
				}
			}
		}
	}
}

func TestChunksOfAllLayersShareSlabsButNoMemory(t *testing.T) {
	c := New(Both(F16), wideLayers())
	for range 3 {
		step(c, 200)
		require.Empty(t, c.slabs.regions, "the first chunk is from the heap")
		step(c, 700)
		require.Len(t, c.slabs.regions, wideSlabs)
		fill(c, 4)
		requireFilled(t, c, 4)

		c.Close()
		require.Zero(t, c.Len())
		require.Empty(t, c.slabs.regions)
	}
}

func TestTruncatedChunksAreUsedAgain(t *testing.T) {
	c := New(Both(F16), wideLayers())
	step(c, 900)
	require.NoError(t, c.Truncate(0))
	step(c, 900)
	require.Len(t, c.slabs.regions, wideSlabs)
}

func TestSmallModelsTakeNoSlabs(t *testing.T) {
	c := New(Both(F16), []Layer{{Heads: 2, KeyDim: 64, ValueDim: 64}})
	step(c, 900)
	require.Empty(t, c.slabs.regions)
}
