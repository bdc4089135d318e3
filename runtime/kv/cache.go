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

	"github.com/gptrun/gptrun/kernels"
)

// Type is the element type of a cache.
type Type uint8

const (
	F16 Type = iota
	F32
)

// ParseType reads "f16" or "f32".
func ParseType(s string) (Type, error) {
	switch s {
	case "f16":
		return F16, nil
	case "f32":
		return F32, nil
	}
	return 0, fmt.Errorf("KV cache type %q is not one of f16, f32", s)
}

func (t Type) String() string {
	if t == F32 {
		return "f32"
	}
	return "f16"
}

// ErrGone reports that a window layer no longer holds positions that are asked for.
var ErrGone = errors.New("the sliding window has moved past it")

// Layer is the geometry of one layer's cache.
type Layer struct {
	Heads    int // KV heads
	KeyDim   int
	ValueDim int
	Window   int // positions visible to a query, itself included; 0: all
}

func (l Layer) blockLen() int {
	return l.Heads * kernels.ChunkPositions * (l.KeyDim + l.ValueDim)
}

// From returns the first position visible to a query at position pos.
func (l Layer) From(pos int) int {
	if l.Window > 0 && pos >= l.Window {
		return pos - l.Window + 1
	}
	return 0
}

// block is one layer's keys and values of 256 positions; for each head its
// keys, in panels of 16 positions, then its values. One slice is set.
type block struct {
	f16 []uint16
	f32 []float32
}

// Cache is one sequence's keys and values.
type Cache struct {
	typ    Type
	layers []Layer
	blocks [][]block // by layer, then chunk; a zero block is not held
	free   [][]block // by layer: blocks to use again
	n      int
}

// New returns an empty cache.
func New(typ Type, layers []Layer) *Cache {
	return &Cache{
		typ: typ, layers: layers,
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
			c.blocks[l] = append(c.blocks[l], block{})
		}
		for ch := c.n / kernels.ChunkPositions; ch <= last; ch++ {
			if b := &c.blocks[l][ch]; !b.held() {
				*b = c.take(l)
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
		for ch := first - 1; ch >= 0 && c.blocks[l][ch].held(); ch-- {
			c.free[l] = append(c.free[l], c.blocks[l][ch])
			c.blocks[l][ch] = block{}
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
		if ch := layer.From(n) / kernels.ChunkPositions; ch*kernels.ChunkPositions < n && !c.blocks[l][ch].held() {
			return fmt.Errorf("cannot go back to position %d: %w", n, ErrGone)
		}
	}
	keep := (n + kernels.ChunkPositions - 1) / kernels.ChunkPositions
	for l := range c.layers {
		for ch := keep; ch < len(c.blocks[l]); ch++ {
			if c.blocks[l][ch].held() {
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
	g := c.layers[layer]
	b := c.blocks[layer][chunk]
	k := kernels.ChunkPositions * g.KeyDim
	n := kernels.ChunkPositions * (g.KeyDim + g.ValueDim)
	if c.typ == F32 {
		s := b.f32[head*n : (head+1)*n]
		return kernels.KV{K32: s[:k], V32: s[k:]}
	}
	s := b.f16[head*n : (head+1)*n]
	return kernels.KV{K16: s[:k], V16: s[k:]}
}

// Bytes returns what the layers' caches take at a context of n positions
// filled in steps of at most batch tokens.
func Bytes(typ Type, layers []Layer, n, batch int) int64 {
	size := int64(2)
	if typ == F32 {
		size = 4
	}
	var total int64
	for _, l := range layers {
		held := n
		if l.Window > 0 {
			held = min(n, l.Window+batch+kernels.ChunkPositions)
		}
		chunks := (held + kernels.ChunkPositions - 1) / kernels.ChunkPositions
		total += int64(chunks) * int64(l.blockLen()) * size
	}
	return total
}

func (b *block) held() bool { return b.f16 != nil || b.f32 != nil }

func (c *Cache) take(l int) block {
	if f := c.free[l]; len(f) > 0 {
		b := f[len(f)-1]
		c.free[l] = f[:len(f)-1]
		return b
	}
	n := c.layers[l].blockLen()
	if c.typ == F32 {
		return block{f32: make([]float32, n)}
	}
	return block{f16: make([]uint16, n)}
}
