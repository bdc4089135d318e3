package arch

import (
	"fmt"
	"math"

	"github.com/gptrun/gptrun/loader"
)

// Limits of hyperparameters: several times those of the largest models, and low
// enough that no product of two of them overflows, nor a small file asks for a
// lot of memory.
const (
	maxLayers    = 1 << 10
	maxHeads     = 1 << 10
	maxHeadDim   = 1 << 12
	maxEmbedding = 1 << 16
	maxWidth     = 1 << 17 // of all heads together, and of the feed-forward
	maxVocab     = 1 << 22
	maxContext   = 1 << 27
	maxText      = 64 // bytes of a name that is a key's value
)

// Config is a model's hyperparameters.
type Config struct {
	Arch          string
	Vocab         int
	Embedding     int
	Layers        int
	ContextLength int   // positions the model was trained on
	Heads         []int // query heads, by layer
	KVHeads       []int // by layer
	FeedForward   []int // by layer
	KeyDim        int   // size of a query's and a key's head
	ValueDim      int   // size of a value's head
	NormEps       float32
	Window        int // sliding window of the local layers; 0: none
	RopeDim       int // values of a head that RoPE turns
	RopeBase      float64
}

// keys reads an architecture's metadata, and keeps the first error.
type keys struct {
	meta   *loader.Metadata
	prefix string
	err    error
}

func (k *keys) fail(format string, args ...any) {
	if k.err == nil {
		k.err = fmt.Errorf("%w: "+format, append([]any{ErrModel}, args...)...)
	}
}

// number returns an integer key in [lo, hi]; a missing one is def, or an error
// where def is below lo.
func (k *keys) number(key string, def, lo, hi int) int {
	key = k.prefix + key
	v, ok, err := k.meta.Uint(key)
	switch {
	case err != nil:
		k.wrap(err)
	case !ok && def < lo:
		k.fail("key %q is missing", key)
	case !ok:
		return def
	case v < uint64(lo) || v > uint64(hi):
		k.fail("key %q is %d; it must be in %d…%d", key, v, lo, hi)
	default:
		return int(v)
	}
	return max(lo, 1)
}

// perLayer returns an integer key that may be an array with a value a layer.
func (k *keys) perLayer(key string, layers int, def []int, lo, hi int) []int {
	full := k.prefix + key
	vals := make([]int, layers)
	if v, ok := k.meta.Value(full); ok && v.Kind() == loader.KindArray {
		if v.Len() != layers {
			k.fail("key %q has %d values for %d layers", full, v.Len(), layers)
			return nil
		}
		a, _, err := k.meta.Ints(full)
		if err != nil {
			k.wrap(err)
			return nil
		}
		for i, x := range a {
			if x < int64(lo) || x > int64(hi) {
				k.fail("key %q: value %d of layer %d must be in %d…%d", full, x, i, lo, hi)
				return nil
			}
			vals[i] = int(x)
		}
		return vals
	} else if !ok && def != nil {
		return def
	}
	n := k.number(key, lo-1, lo, hi)
	for i := range vals {
		vals[i] = n
	}
	return vals
}

// float returns a floating-point key that satisfies valid; a missing one is
// def, or an error where def is NaN.
func (k *keys) float(key string, def float64, valid func(float64) bool) float64 {
	key = k.prefix + key
	v, ok, err := k.meta.Float(key)
	switch {
	case err != nil:
		k.wrap(err)
	case !ok && def != def:
		k.fail("key %q is missing", key)
	case !ok:
		return def
	case !valid(v):
		k.fail("key %q is %v, which is out of range", key, v)
	default:
		return v
	}
	return 1
}

// text returns a key that holds a name; a missing one is def.
func (k *keys) text(key, def string) string {
	key = k.prefix + key
	if v, ok := k.meta.Value(key); ok && v.Kind() == loader.KindString && v.Len() > maxText {
		k.fail("key %q is a text of %d bytes; it must have at most %d", key, v.Len(), maxText)
		return def
	}
	v, ok, err := k.meta.String(key)
	if err != nil {
		k.wrap(err)
	}
	if !ok {
		return def
	}
	return v
}

func (k *keys) wrap(err error) {
	if k.err == nil {
		k.err = fmt.Errorf("%w: %w", ErrModel, err)
	}
}

func positive(v float64) bool { return v > 0 && v <= math.MaxFloat32 }
func ropeBase(v float64) bool { return v > 1 && v <= math.MaxFloat32 }
func epsilon(v float64) bool  { return v >= 0 && v < 1 }
func capValue(v float64) bool { return v >= 0 && v <= math.MaxFloat32 }

var required = math.NaN()

// readConfig reads the hyperparameters that all architectures share. epsKey
// names the norm's epsilon.
func readConfig(k *keys, name, epsKey string) Config {
	c := Config{Arch: name}
	c.Layers = k.number("block_count", -1, 1, maxLayers)
	c.Embedding = k.number("embedding_length", -1, 1, maxEmbedding)
	c.ContextLength = k.number("context_length", -1, 1, maxContext)
	c.Heads = k.perLayer("attention.head_count", c.Layers, nil, 1, maxHeads)
	c.KVHeads = k.perLayer("attention.head_count_kv", c.Layers, c.Heads, 1, maxHeads)
	c.FeedForward = k.perLayer("feed_forward_length", c.Layers, nil, 1, maxWidth)
	c.NormEps = float32(k.float(epsKey, required, epsilon))
	if k.err != nil {
		return c
	}
	c.readHeadSizes(k)
	refuse(k)
	return c
}

// readHeadSizes reads the sizes of heads, by default the embedding's share.
func (c *Config) readHeadSizes(k *keys) {
	headDim := 0
	if c.Embedding%c.Heads[0] == 0 {
		headDim = c.Embedding / c.Heads[0]
	}
	c.KeyDim = k.headSize("attention.key_length", c, headDim)
	c.ValueDim = k.headSize("attention.value_length", c, headDim)
	if k.err != nil {
		return
	}
	for i, h := range c.Heads {
		if h%c.KVHeads[i] != 0 {
			k.fail("key %q: the %d heads of layer %d do not divide among %d KV heads", k.prefix+"attention.head_count_kv", h, i, c.KVHeads[i])
		}
		if w := h * max(c.KeyDim, c.ValueDim); w > maxWidth {
			k.fail("key %q: the %d heads of layer %d have %d values together; at most %d are possible", k.prefix+"attention.head_count", h, i, w, maxWidth)
		}
	}
}

// headSize reads one of the sizes of heads; def is 0 where there is no default.
func (k *keys) headSize(key string, c *Config, def int) int {
	if _, ok := k.meta.Value(k.prefix + key); ok {
		return k.number(key, -1, 1, maxHeadDim)
	}
	if def < 1 || def > maxHeadDim {
		k.fail("key %q is missing, and an embedding of %d does not make %d heads of 1…%d values", k.prefix+key, c.Embedding, c.Heads[0], maxHeadDim)
	}
	return def
}

// refuse fails for variants of a model that would run and give wrong results.
func refuse(k *keys) {
	if n := k.number("expert_count", 0, 0, math.MaxInt32); n > 0 {
		k.fail("key %q is %d: mixtures of experts are not supported", k.prefix+"expert_count", n)
	}
	const causal = "attention.causal"
	if v, ok, err := k.meta.Bool(k.prefix + causal); err != nil {
		k.wrap(err)
	} else if ok && !v {
		k.fail("key %q is false: only causal attention is supported", k.prefix+causal)
	}
}

// readRoPE reads the keys of rotary embeddings into c.
func (c *Config) readRoPE(k *keys) {
	c.RopeDim = k.number("rope.dimension_count", c.KeyDim, 1, maxHeadDim)
	c.RopeBase = k.float("rope.freq_base", 10000, ropeBase)
	if k.err == nil && (c.RopeDim%2 != 0 || c.RopeDim > c.KeyDim) {
		k.fail("key %q: RoPE cannot turn %d values of heads of %d; they must be even in number and not more than the head has", k.prefix+"rope.dimension_count", c.RopeDim, c.KeyDim)
	}
}

// attentionScale is 1/√n.
func attentionScale(n int) float32 {
	return float32(1 / math.Sqrt(float64(n)))
}

// largestGroup is the largest number of query heads that share a KV head.
func (c *Config) largestGroup() int {
	g := 1
	for i, h := range c.Heads {
		g = max(g, h/c.KVHeads[i])
	}
	return g
}

func widest(v []int, unit int) int {
	w := 0
	for _, n := range v {
		w = max(w, n*unit)
	}
	return w
}
