package arch

import (
	"fmt"
	"strings"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/runtime/exec"
	"github.com/gptrun/gptrun/runtime/kv"
)

// Model is an architecture bound to a file's tensors.
type Model struct {
	Config Config
	Layers []kv.Layer   // cache geometry
	Head   *exec.Matrix // output head
	// SoftCap c replaces each logit x by c·tanh(x/c); 0: none.
	SoftCap float32
	// MaxContext bounds the positions; 0: no bound but the caller's.
	MaxContext int
	// Matrices are all weights that matrix products use, in the order of use.
	Matrices []*exec.Matrix

	forward forwarder
	vectors []vector
	finish  func() error // completes what depends on decoded vectors
}

// forwarder is an architecture's forward pass: from token ids to the
// normalised hidden state of the last layer, in p.H.
type forwarder interface {
	forward(p *exec.Pass)
}

// builder reads an architecture's keys and binds its tensors.
type builder func(k *keys, b *binder) *Model

// table lists the architectures by their name in GGUF.
var table = []struct {
	name  string
	build builder
}{
	{"gemma3", newGemma3},
	{"gpt2", newGPT2},
	{"llama", newLlama},
}

// Names lists the known architectures.
func Names() []string {
	var names []string
	for _, a := range table {
		names = append(names, a.name)
	}
	return names
}

// New binds the model in f. It reads metadata and no weights. With exact,
// every quantized product takes two-term activations.
func New(f *loader.File, exact bool) (*Model, error) {
	name, build, err := lookup(&f.Meta)
	if err != nil {
		return nil, err
	}
	return bind(f, exact, name, build)
}

// Check fails where the metadata are of no known architecture.
func Check(meta *loader.Metadata) error {
	_, _, err := lookup(meta)
	return err
}

func lookup(meta *loader.Metadata) (name string, build builder, err error) {
	const key = "general.architecture"
	k := &keys{meta: meta}
	if name = k.text(key, ""); k.err != nil {
		return "", nil, k.err
	}
	if name == "" {
		return "", nil, fmt.Errorf("%w: key %q is missing or empty", ErrModel, key)
	}
	for _, a := range table {
		if a.name == name {
			return name, a.build, nil
		}
	}
	return "", nil, fmt.Errorf("%w: key %q is %q; architectures known are %s", ErrModel, key, name, strings.Join(Names(), ", "))
}

func bind(f *loader.File, exact bool, name string, build builder) (*Model, error) {
	k := &keys{meta: &f.Meta, prefix: name + "."}
	b := &binder{file: f, exact: exact, bound: map[string]bool{}}
	m := build(k, b)
	if k.err != nil {
		return nil, k.err
	}
	b.checkUnbound(name)
	if b.err != nil {
		return nil, b.err
	}
	m.Matrices, m.vectors = b.matrices, b.vectors
	return m, nil
}

// layers returns the cache geometry with window(i) for layer i.
func (c *Config) layers(window func(i int) int) []kv.Layer {
	l := make([]kv.Layer, c.Layers)
	for i := range l {
		l[i] = kv.Layer{Heads: c.KVHeads[i], KeyDim: c.KeyDim, ValueDim: c.ValueDim, Window: window(i)}
	}
	return l
}

func noWindow(int) int { return 0 }

// LoadVectors decodes the norms, biases and other vectors from the mapped file.
func (m *Model) LoadVectors() error {
	for _, v := range m.vectors {
		v.decode()
	}
	if m.finish != nil {
		return m.finish()
	}
	return nil
}

// Sizes returns the widths of the model's activations.
func (m *Model) Sizes() exec.Sizes {
	c := &m.Config
	return exec.Sizes{
		Embedding: c.Embedding,
		Query:     widest(c.Heads, c.KeyDim),
		Key:       widest(c.KVHeads, c.KeyDim),
		Value:     widest(c.KVHeads, c.ValueDim),
		Attention: widest(c.Heads, c.ValueDim),
		FeedFwd:   widest(c.FeedForward, 1),
	}
}

// Group is the largest number of query heads that share a KV head.
func (m *Model) Group() int { return m.Config.largestGroup() }

// Forward runs the model over the pass's tokens; p.H then holds the normalised
// hidden state that the head multiplies.
func (m *Model) Forward(p *exec.Pass) error {
	m.forward.forward(p)
	return p.Err()
}
