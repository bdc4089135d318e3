package gptrun

import (
	"os"
	"slices"

	"github.com/gptrun/gptrun/runtime"
	"github.com/gptrun/gptrun/runtime/chat"
)

// Info describes a model and how it runs.
type Info struct {
	Architecture   string
	Name           string // as the file has it; may be empty
	Vocabulary     int    // tokens
	Embedding      int    // width of a hidden state
	Layers         int
	TrainedContext int   // tokens
	Parameters     int64 // elements of all tensors
	FileBytes      int64
	Quantization   string // the file's mix of types, such as "Q4_K - Medium"
	Tier           string // kernels in use
	Threads        int
	Mapped         bool // weights are packed at each use
	ChatTemplate   bool // the file holds one
}

// Info returns a description of the model.
func (m *Model) Info() (Info, error) {
	if err := m.enter(); err != nil {
		return Info{}, err
	}
	defer m.leave()
	c := m.run.Config()
	name, _, err := m.file.Meta.String("general.name")
	if err != nil {
		return Info{}, m.file.Named(err)
	}
	mix, err := m.file.Mix()
	if err != nil {
		return Info{}, err
	}
	info := Info{
		Architecture: c.Arch, Name: name, Vocabulary: c.Vocab, Embedding: c.Embedding, Layers: c.Layers,
		TrainedContext: c.ContextLength, FileBytes: m.file.Size(), Quantization: mix,
		Tier: m.run.Tier(), Threads: m.run.Threads(), Mapped: m.run.Mapped(), ChatTemplate: chat.HasTemplate(&m.file.Meta),
	}
	for _, t := range m.file.Tensors {
		info.Parameters += int64(t.Elements())
	}
	return info, nil
}

// ContextLength is the number of tokens that a session may hold.
func (m *Model) ContextLength() int { return m.run.Context() }

// MetadataKeys lists the file's metadata keys in file order.
func (m *Model) MetadataKeys() ([]string, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	return slices.Clone(m.file.Meta.Keys()), nil
}

// Metadata returns the value of a metadata key: a string, bool or number of the
// size that the file has, or a slice of one of those. A missing key is no error.
func (m *Model) Metadata(key string) (value any, ok bool, err error) {
	if err := m.enter(); err != nil {
		return nil, false, err
	}
	defer m.leave()
	v, ok := m.file.Meta.Value(key)
	if !ok {
		return nil, false, nil
	}
	value, err = v.Any()
	return value, err == nil, err
}

// Tensor describes one of the file's tensors.
type Tensor struct {
	Name  string
	Type  string // as GGUF names it
	Shape []int  // innermost dimension first
	Bytes int
}

// Tensors lists the file's tensors in file order.
func (m *Model) Tensors() ([]Tensor, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	list := make([]Tensor, len(m.file.Tensors))
	for i, t := range m.file.Tensors {
		list[i] = Tensor{Name: t.Name, Type: t.Type.String(), Shape: slices.Clone(t.Shape), Bytes: len(t.Data)}
	}
	return list, nil
}

// Memory is an estimate in bytes.
type Memory struct {
	Weights int64 // packed, or what a step reads of the mapped file
	KV      int64 // a session's cache, full
	Compute int64 // a session's activations and logits
}

// Total is the sum.
func (e Memory) Total() int64 { return e.Weights + e.KV + e.Compute }

// MemoryEstimate estimates what the model and one session of the given number
// of tokens need.
func (m *Model) MemoryEstimate(context int) (Memory, error) {
	if err := m.enter(); err != nil {
		return Memory{}, err
	}
	defer m.leave()
	e := m.run.Memory(context)
	return Memory{Weights: e.Weights, KV: e.KV, Compute: e.Compute}, nil
}

// Machine describes the CPU that the process runs on.
type Machine struct {
	CPU        string   // its name
	Tier       string   // that models use: GPTRUN_CPU's, or else the best
	Tiers      []string // that can run, the best first
	Features   []string // that tiers of kernels need, as far as CPU and system have them
	Cores      string   // how many of which kind there are and may be used, in words
	Threads    int      // of a model by default
	ThreadsWhy string   // why so many, in words
}

// ThisMachine describes the machine. It fails where GPTRUN_CPU names a tier
// that cannot run.
func ThisMachine() (Machine, error) {
	c, err := runtime.CPU(os.Getenv("GPTRUN_CPU"))
	return Machine{
		CPU: c.Name, Tier: c.Tier, Tiers: c.Tiers, Features: c.Features,
		Cores: c.Cores, Threads: c.Threads, ThreadsWhy: c.ThreadsWhy,
	}, err
}
