package kv

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func step(c *Cache, n int) {
	c.Reserve(n)
	c.Advance(n)
}

func held(c *Cache, layer int) (n int) {
	for i := range c.blocks[layer] {
		if c.blocks[layer][i] != nil {
			n++
		}
	}
	return n
}

func TestAGlobalLayerKeepsEveryChunk(t *testing.T) {
	c := New(Both(F16), []Layer{{Heads: 2, KeyDim: 4, ValueDim: 6}})
	step(c, 1)
	require.Equal(t, 1, held(c, 0))
	step(c, 255)
	require.Equal(t, 1, held(c, 0))
	step(c, 1)
	require.Equal(t, 2, held(c, 0))
	kv := c.Chunk(0, 1, 1)
	require.Len(t, kv.K16, 256*4)
	require.Len(t, kv.V16, 256*6)
	require.NoError(t, c.Truncate(100))
	require.Equal(t, 1, held(c, 0))
	require.Equal(t, 100, c.Len())
}

func TestAWindowLayerKeepsItsWindow(t *testing.T) {
	const window = 300
	c := New(Both(F32), []Layer{{Heads: 1, KeyDim: 2, ValueDim: 2, Window: window}})
	most := 0
	for range 200 {
		c.Reserve(37)
		first := c.Layer(0).From(c.Len()) / 256
		for ch := first; ch <= (c.Len()+36)/256; ch++ {
			require.NotNil(t, c.Chunk(0, 0, ch).K32, "chunk %d at %d", ch, c.Len())
		}
		c.Advance(37)
		most = max(most, held(c, 0))
	}
	require.LessOrEqual(t, most, 3)
	require.LessOrEqual(t, len(c.free[0]), 2)

	require.ErrorIs(t, c.Truncate(c.Len()-400), ErrGone)
	require.NoError(t, c.Truncate(c.Len()-1))
	require.NoError(t, c.Truncate(0))
	step(c, 10)
	require.Equal(t, 10, c.Len())
}

func TestTruncateChecksItsRange(t *testing.T) {
	c := New(Both(F16), []Layer{{Heads: 1, KeyDim: 1, ValueDim: 1}})
	step(c, 5)
	require.Error(t, c.Truncate(6))
	require.Error(t, c.Truncate(-1))
	require.NoError(t, c.Truncate(5))
}

func TestBytesCountsWholeChunks(t *testing.T) {
	layers := []Layer{{Heads: 2, KeyDim: 64, ValueDim: 64}, {Heads: 2, KeyDim: 64, ValueDim: 64, Window: 512}}
	require.EqualValues(t, 2*256*128*2*2, Bytes(Both(F16), layers, 1, 512))
	require.EqualValues(t, 2*256*128*4*(16+5), Bytes(Both(F32), layers, 4096, 512))
	require.EqualValues(t, 2*256*(64*4+2*34)*2, Bytes(Types{F32, Q8_0}, layers, 1, 512))
}

func TestTypesHaveNames(t *testing.T) {
	for typ := range Type(numTypes) {
		got, err := ParseType(typ.String())
		require.NoError(t, err)
		require.Equal(t, typ, got)
	}
	_, err := ParseType("q5_1")
	require.ErrorContains(t, err, "q5_1")
}

func TestEveryPairOfTypesHasRoomOfItsOwn(t *testing.T) {
	for keys := range Type(numTypes) {
		for values := range Type(numTypes) {
			c := New(Types{keys, values}, []Layer{{Heads: 2, KeyDim: 32, ValueDim: 64}})
			step(c, 300)
			kv := c.Chunk(0, 1, 1)
			k := [numTypes]int{len(kv.K16), len(kv.K32), len(kv.K8)}
			v := [numTypes]int{len(kv.V16), len(kv.V32), len(kv.V8)}
			var wantK, wantV [numTypes]int
			wantK[keys] = 256 * [numTypes]int{32, 32, 34}[keys]
			wantV[values] = 256 * [numTypes]int{64, 64, 68}[values]
			require.Equal(t, wantK, k)
			require.Equal(t, wantV, v)
		}
	}
}

func TestHeadsThatAreNoWholeBlocksAreRefused(t *testing.T) {
	layers := []Layer{{Heads: 1, KeyDim: 64, ValueDim: 64}, {Heads: 1, KeyDim: 64, ValueDim: 80}}
	require.NoError(t, Both(F16).CheckLayers(layers))
	require.NoError(t, Types{Q8_0, F16}.CheckLayers(layers))
	require.ErrorContains(t, Types{F16, Q8_0}.CheckLayers(layers), "values cannot be kept as q8_0: heads of 80 channels")
	require.ErrorContains(t, Both(Q8_0).CheckLayers([]Layer{{Heads: 1, KeyDim: 16, ValueDim: 32}}), "keys cannot be kept as q8_0: heads of 16 channels")
}
