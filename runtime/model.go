package runtime

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/runtime/arch"
	"github.com/gptrun/gptrun/runtime/exec"
	"github.com/gptrun/gptrun/runtime/kv"
	"github.com/gptrun/gptrun/runtime/mem"
)

var (
	// ErrModel reports a file that holds no model gptrun can run.
	ErrModel = arch.ErrModel
	// ErrContext reports tokens past the end of the context.
	ErrContext = errors.New("past the end of the context")
	// ErrToken reports a token id outside the vocabulary.
	ErrToken = errors.New("no such token")
	// ErrClosed reports the use of a model after Close.
	ErrClosed = errors.New("the model or the session is closed")
)

// WeightsMode says where matrix products find their weights.
type WeightsMode uint8

const (
	WeightsAuto   WeightsMode = iota // packed if the memory the process may use suffices, else mapped
	WeightsPacked                    // packed once, in memory
	WeightsMapped                    // packed at each use, from the mapped file
)

// ParseWeightsMode reads "auto", "packed" or "mapped".
func ParseWeightsMode(s string) (WeightsMode, error) {
	for i, name := range weightsModes {
		if s == name {
			return WeightsMode(i), nil
		}
	}
	return 0, fmt.Errorf("weights %q is not one of auto, packed, mapped", s)
}

var weightsModes = [...]string{"auto", "packed", "mapped"}

func (w WeightsMode) String() string { return weightsModes[w] }

// Options says how to run a model. The zero value is a good default.
type Options struct {
	Threads int         // 0: the physical cores the process may use, performance cores where there are some
	CPU     string      // tier; "": the best one of this machine
	Exact   bool        // two-term (int16) activations everywhere
	Weights WeightsMode // packed or mapped
	KV      kv.Types    // element types of the cache
	// Context is the positions a sequence may hold; 0: as the model was trained.
	// More are possible with rotary embeddings, at the cost of what the model
	// makes of them, and an error where positions are learned.
	Context int
	Batch   int // most tokens of one forward pass; 0: 512
	// Progress is called, by one goroutine at a time, while weights are packed,
	// with the bytes done and in all.
	Progress func(done, total int64)
}

const (
	defaultBatch = 512
	maxBatch     = 1 << 16
	maxThreads   = 1 << 10
	maxContext   = 1 << 27
)

// Model is a model ready to run. Its methods may be called concurrently.
type Model struct {
	opts   Options
	file   *loader.File
	arch   *arch.Model
	exec   *exec.Executor
	memory *mem.Region
	mapped bool
	queue  *queue

	// The pool's lock guards these.
	prepared      bool
	packed, total int64 // bytes of panels, so far and once all weights are packed

	loaded  atomic.Bool // all weights are packed
	closed  atomic.Bool
	failure atomic.Pointer[error]
}

// New binds the model in f, checking hyperparameters and tensors. It reads no
// weights. f stays open until after Close.
func New(f *loader.File, o Options) (*Model, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	set, err := kernels.Select(o.CPU)
	if err != nil {
		return nil, err
	}
	a, err := arch.New(f, o.Exact)
	if err != nil {
		return nil, f.Named(err)
	}
	if err := checkVocabulary(f, a.Config.Vocab); err != nil {
		return nil, f.Named(err)
	}
	if err := o.KV.CheckLayers(a.Layers); err != nil {
		return nil, f.Named(err)
	}
	if o.Context == 0 {
		o.Context = a.Config.ContextLength
	}
	if a.MaxContext > 0 && o.Context > a.MaxContext {
		return nil, f.Named(fmt.Errorf("a context of %d is more than the %d positions the model has learned", o.Context, a.MaxContext))
	}
	m := &Model{opts: o, file: f, arch: a}
	m.mapped = o.Weights == WeightsMapped || o.Weights == WeightsAuto && !m.packedFits(set)
	m.exec = exec.NewExecutor(set, o.Threads)
	m.exec.Release, m.exec.Packed = f.Release, m.notePacked
	c := &a.Config
	m.exec.PrepareAttention(a.Group(), c.KeyDim, c.ValueDim)
	m.queue = newQueue(m)
	return m, nil
}

// check puts defaults in place and refuses what is out of range.
func (o *Options) check() error {
	for _, v := range [...]struct {
		name   string
		n, max int
	}{{"batch", o.Batch, maxBatch}, {"threads", o.Threads, maxThreads}, {"context", o.Context, maxContext}} {
		if v.n < 0 || v.n > v.max {
			return fmt.Errorf("option %s is %d; it must be in 0…%d", v.name, v.n, v.max)
		}
	}
	if int(o.Weights) >= len(weightsModes) {
		return fmt.Errorf("option weights is %d, which does not exist", o.Weights)
	}
	if err := o.KV.Check(); err != nil {
		return err
	}
	if o.Batch == 0 {
		o.Batch = defaultBatch
	}
	if o.Threads == 0 {
		o.Threads = defaultThreads()
	}
	return nil
}

func checkVocabulary(f *loader.File, rows int) error {
	const key = "tokenizer.ggml.tokens"
	v, ok := f.Meta.Value(key)
	if ok && v.Kind() != loader.KindArray {
		return fmt.Errorf("%w: key %q is of type %s; it should be an array of string", ErrModel, key, v.Kind())
	}
	if ok && v.Len() != rows {
		return fmt.Errorf("%w: key %q has %d tokens, tensor %q %d rows", ErrModel, key, v.Len(), "token_embd.weight", rows)
	}
	return nil
}

// Config returns the model's hyperparameters.
func (m *Model) Config() arch.Config { return m.arch.Config }

// Tier names the kernels in use, as GPTRUN_CPU takes it.
func (m *Model) Tier() string { return m.exec.Set.Name }

// Threads is the number of threads that a forward pass uses.
func (m *Model) Threads() int { return m.opts.Threads }

// Context is the number of positions a sequence may hold.
func (m *Model) Context() int { return m.opts.Context }

// Mapped reports whether weights are packed at each use.
func (m *Model) Mapped() bool { return m.mapped }

// Close ends the model's workers and gives its memory back. No batch may be running.
func (m *Model) Close() error {
	if m.closed.Swap(true) {
		return nil
	}
	m.exec.Close()
	return m.memory.Free()
}

// err returns why the model cannot be used, if so.
func (m *Model) err() error {
	if m.closed.Load() {
		return ErrClosed
	}
	if f := m.failure.Load(); f != nil {
		return *f
	}
	return nil
}
