// Package kv holds the keys and values of past tokens.
//
// A cache is made of blocks, one for each layer and chunk of 256 absolute
// positions: the unit in which attention is computed. It grows a block at a
// time, and a layer with a sliding window gives blocks back as they fall out
// of the window.
package kv

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/gptrun/gptrun/kernels"
)

// ErrGone reports that a window layer no longer holds positions that are asked for.
var ErrGone = errors.New("the sliding window has moved past it")

// Layer is the geometry of one layer's cache.
type Layer struct {
	Heads    int // KV heads
	KeyDim   int
	ValueDim int
	Window   int // positions visible to a query, itself included; 0: all
}

// bytes is the size of one head's keys and of its values in a chunk.
func (l Layer) bytes(t Types) (keys, values int) {
	return kernels.ChunkPositions * t.Keys.bytes(l.KeyDim), kernels.ChunkPositions * t.Values.bytes(l.ValueDim)
}

func (l Layer) blockBytes(t Types) int {
	keys, values := l.bytes(t)
	return l.Heads * (keys + values)
}

// From returns the first position visible to a query at position pos.
func (l Layer) From(pos int) int {
	if l.Window > 0 && pos >= l.Window {
		return pos - l.Window + 1
	}
	return 0
}

// block is one layer's keys and values of 256 positions: for each head its
// keys, in panels of 16 positions, then its values, as kernels.KV lays them out.
type block []byte

// Cache is one sequence's keys and values.
type Cache struct {
	types  Types
	layers []Layer
	blocks [][]block // by layer, then chunk; a nil block is not held
	free   [][]block // by layer: blocks to use again
	n      int
}

// New returns an empty cache.
func New(types Types, layers []Layer) *Cache {
	return &Cache{
		types: types, layers: layers,
		blocks: make([][]block, len(layers)),
		free:   make([][]block, len(layers)),
	}
}

// Len is the number of positions held (window layers hold the last of them).
func (c *Cache) Len() int { return c.n }

// Layer returns the geometry of layer l.
func (c *Cache) Layer(l int) Layer { return c.layers[l] }

// Reserve makes room for the positions Len()…Len()+n-1.
func (c *Cache) Reserve(n int) {
	if n <= 0 {
		return
	}
	last := (c.n + n - 1) / kernels.ChunkPositions
	for l := range c.layers {
		for len(c.blocks[l]) <= last {
			c.blocks[l] = append(c.blocks[l], nil)
		}
		for ch := c.n / kernels.ChunkPositions; ch <= last; ch++ {
			if c.blocks[l][ch] == nil {
				c.blocks[l][ch] = c.take(l)
			}
		}
	}
}

// Advance adds the n positions that Reserve made room for and that have been
// stored, and gives up what no later query can see.
func (c *Cache) Advance(n int) {
	c.n += n
	for l, layer := range c.layers {
		first := layer.From(c.n) / kernels.ChunkPositions
		for ch := first - 1; ch >= 0 && c.blocks[l][ch] != nil; ch-- {
			c.free[l] = append(c.free[l], c.blocks[l][ch])
			c.blocks[l][ch] = nil
		}
	}
}

// Truncate forgets the positions from n on.
func (c *Cache) Truncate(n int) error {
	if n < 0 || n > c.n {
		return fmt.Errorf("cannot keep %d positions of %d", n, c.n)
	}
	if n == c.n {
		return nil
	}
	for l, layer := range c.layers {
		if n == 0 {
			break
		}
		if ch := layer.From(n) / kernels.ChunkPositions; ch*kernels.ChunkPositions < n && c.blocks[l][ch] == nil {
			return fmt.Errorf("cannot go back to position %d: %w", n, ErrGone)
		}
	}
	keep := (n + kernels.ChunkPositions - 1) / kernels.ChunkPositions
	for l := range c.layers {
		for ch := keep; ch < len(c.blocks[l]); ch++ {
			if c.blocks[l][ch] != nil {
				c.free[l] = append(c.free[l], c.blocks[l][ch])
			}
		}
		c.blocks[l] = c.blocks[l][:min(keep, len(c.blocks[l]))]
	}
	c.n = n
	return nil
}

// Chunk returns the keys and values of one chunk, layer and KV head.
func (c *Cache) Chunk(layer, head, chunk int) kernels.KV {
	k, v := c.layers[layer].bytes(c.types)
	b := c.blocks[layer][chunk][head*(k+v) : (head+1)*(k+v)]
	var kv kernels.KV
	switch keys := b[:k]; c.types.Keys {
	case F16:
		kv.K16 = view[uint16](keys)
	case F32:
		kv.K32 = view[float32](keys)
	case Q8_0:
		kv.K8 = keys
	}
	switch values := b[k:]; c.types.Values {
	case F16:
		kv.V16 = view[uint16](values)
	case F32:
		kv.V32 = view[float32](values)
	case Q8_0:
		kv.V8 = values
	}
	return kv
}

// view is b as elements of another type; b is not empty and aligned for them.
func view[T any](b []byte) []T {
	var t T
	return unsafe.Slice((*T)(unsafe.Pointer(&b[0])), len(b)/int(unsafe.Sizeof(t)))
}

// Bytes returns what the layers' caches take at a context of n positions
// filled in steps of at most batch tokens.
func Bytes(types Types, layers []Layer, n, batch int) int64 {
	var total int64
	for _, l := range layers {
		held := n
		if l.Window > 0 {
			held = min(n, l.Window+batch+kernels.ChunkPositions)
		}
		chunks := (held + kernels.ChunkPositions - 1) / kernels.ChunkPositions
		total += int64(chunks) * int64(l.blockBytes(types))
	}
	return total
}

func (c *Cache) take(l int) block {
	if f := c.free[l]; len(f) > 0 {
		b := f[len(f)-1]
		c.free[l] = f[:len(f)-1]
		return b
	}
	return make(block, c.layers[l].blockBytes(c.types))
}
