package arch

import (
	"errors"
	"fmt"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/quant"
	"github.com/gptrun/gptrun/runtime/exec"
)

// ErrModel reports a file that holds no model gptrun can run: hyperparameters
// or tensors are missing, contradict each other or are not supported.
var ErrModel = errors.New("unsupported or invalid model")

// binder finds a model's tensors, checks their shapes, and keeps the first error.
type binder struct {
	file  *loader.File
	exact bool
	// biased says that every matrix has a bias; a missing one is an error.
	biased bool
	bound  map[string]bool // names of the tensors found
	err    error

	matrices []*exec.Matrix
	vectors  []vector
}

// vector is a tensor to decode into dst when the model is loaded.
type vector struct {
	dst    []float32
	tensor loader.Tensor
}

func (b *binder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf("%w: "+format, append([]any{ErrModel}, args...)...)
	}
}

func (b *binder) has(name string) bool {
	_, ok := b.file.Tensor(name)
	return ok
}

// tensor returns the named tensor with the given shape, innermost first.
func (b *binder) tensor(name string, shape ...int) (loader.Tensor, bool) {
	t, ok := b.file.Tensor(name)
	if !ok {
		b.fail("tensor %q is missing", name)
		return t, false
	}
	for i := range max(len(shape), len(t.Shape)) {
		want, got := 1, 1
		if i < len(shape) {
			want = shape[i]
		}
		if i < len(t.Shape) {
			got = t.Shape[i]
		}
		if want != got {
			b.fail("tensor %q has the shape %v; it should be %v", name, t.Shape, shape)
			return t, false
		}
	}
	b.bound[name] = true
	return t, true
}

// checkUnbound fails where the file holds a tensor that the architecture has no
// place for: without it the model would compute something else.
func (b *binder) checkUnbound(arch string) {
	for i := range b.file.Tensors {
		if name := b.file.Tensors[i].Name; !b.bound[name] {
			b.fail("tensor %q has no place in architecture %q", name, arch)
			return
		}
	}
}

// vector binds NAME, of n values.
func (b *binder) vector(name string, n int) []float32 {
	t, ok := b.tensor(name, n)
	if !ok {
		return nil
	}
	v := make([]float32, n)
	b.vectors = append(b.vectors, vector{v, t})
	return v
}

// optionalVector binds NAME where the file holds it.
func (b *binder) optionalVector(name string, n int) []float32 {
	if !b.has(name) {
		return nil
	}
	return b.vector(name, n)
}

// bare binds NAME.weight, of rows outputs by cols inputs, without packing it.
func (b *binder) bare(name string, rows, cols int) *exec.Matrix {
	t, ok := b.tensor(name+".weight", cols, rows)
	if !ok {
		return &exec.Matrix{Name: name, Rows: rows, Cols: cols}
	}
	return &exec.Matrix{Name: name, Type: t.Type, Rows: rows, Cols: cols, Source: t.Data, Exact: b.exact}
}

// bias binds NAME.bias, of n values.
func (b *binder) bias(name string, n int) []float32 {
	if b.biased {
		return b.vector(name+".bias", n)
	}
	return b.optionalVector(name+".bias", n)
}

// matrix binds NAME.weight and NAME.bias.
func (b *binder) matrix(name string, rows, cols int) *exec.Matrix {
	m := b.bare(name, rows, cols)
	m.Bias = b.bias(name, rows)
	b.matrices = append(b.matrices, m)
	return m
}

// fused binds NAME as matrices of the given numbers of rows, one below the other.
func (b *binder) fused(name string, cols int, rows ...int) []*exec.Matrix {
	total := 0
	for _, n := range rows {
		total += n
	}
	m := b.bare(name, total, cols)
	m.Bias = b.bias(name, total)
	parts := make([]*exec.Matrix, len(rows))
	if m.Source == nil {
		for i, n := range rows {
			parts[i] = &exec.Matrix{Name: name, Rows: n, Cols: cols}
		}
		return parts
	}
	from := 0
	for i, n := range rows {
		parts[i] = m.Slice(from, from+n)
		from += n
	}
	b.matrices = append(b.matrices, parts...)
	return parts
}

// attention is a layer's attention weights, fused or not in the file.
type attention struct {
	Q, K, V, O *exec.Matrix
}

// attention binds the weights of layer i.
func (b *binder) attention(c *Config, i int) attention {
	p := blk(i)
	q, k, v := c.Heads[i]*c.KeyDim, c.KVHeads[i]*c.KeyDim, c.KVHeads[i]*c.ValueDim
	var a attention
	if b.has(p + "attn_qkv.weight") {
		m := b.fused(p+"attn_qkv", c.Embedding, q, k, v)
		a.Q, a.K, a.V = m[0], m[1], m[2]
		if a.Q.Bias == nil {
			a.Q.Bias = b.optionalVector(p+"attn_q.bias", q)
			a.K.Bias = b.optionalVector(p+"attn_k.bias", k)
			a.V.Bias = b.optionalVector(p+"attn_v.bias", v)
		}
	} else {
		a.Q = b.matrix(p+"attn_q", q, c.Embedding)
		a.K = b.matrix(p+"attn_k", k, c.Embedding)
		a.V = b.matrix(p+"attn_v", v, c.Embedding)
	}
	a.O = b.matrix(p+"attn_output", c.Embedding, c.Heads[i]*c.ValueDim)
	return a
}

// feedForward is a layer's feed-forward weights; Gate is nil where it has none.
type feedForward struct {
	Gate, Up, Down *exec.Matrix
}

// gatedFeedForward binds the weights of layer i.
func (b *binder) gatedFeedForward(c *Config, i int) feedForward {
	f := b.feedForward(c, i)
	f.Gate = b.matrix(blk(i)+"ffn_gate", c.FeedForward[i], c.Embedding)
	return f
}

func (b *binder) feedForward(c *Config, i int) feedForward {
	return feedForward{
		Up:   b.matrix(blk(i)+"ffn_up", c.FeedForward[i], c.Embedding),
		Down: b.matrix(blk(i)+"ffn_down", c.Embedding, c.FeedForward[i]),
	}
}

func blk(i int) string { return fmt.Sprintf("blk.%d.", i) }

// embedding binds token_embd and the output head, which is the same where the
// file has no other, and sets the size of the vocabulary.
func (b *binder) embedding(c *Config) (embed, head *exec.Matrix) {
	t, ok := b.file.Tensor("token_embd.weight")
	if !ok || len(t.Shape) != 2 {
		b.fail("tensor %q is missing or not a matrix", "token_embd.weight")
		return nil, nil
	}
	if t.Shape[1] > maxVocab {
		b.fail("tensor %q has %d rows; at most %d are possible", "token_embd.weight", t.Shape[1], maxVocab)
		return nil, nil
	}
	c.Vocab = t.Shape[1]
	embed = b.bare("token_embd", c.Vocab, c.Embedding)
	if b.has("output.weight") {
		head = b.matrix("output", c.Vocab, c.Embedding)
	} else {
		tied := *embed
		tied.Bias = b.optionalVector("output.bias", c.Vocab)
		head = &tied
		b.matrices = append(b.matrices, head)
	}
	// The head always takes two-term activations: its errors go straight into
	// the logits.
	head.Exact = true
	return embed, head
}

// decode fills the vectors; it reads the mapped file.
func (v vector) decode() {
	info, _ := quant.Lookup(v.tensor.Type)
	info.Decode(v.dst, v.tensor.Data)
}
