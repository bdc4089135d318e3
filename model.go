package gptrun

import (
	"context"
	"os"
	"sync"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/runtime"
	"github.com/gptrun/gptrun/runtime/chat"
	"github.com/gptrun/gptrun/runtime/token"
)

// Model is an opened model. Its methods may be called concurrently.
type Model struct {
	file      *loader.File
	run       *runtime.Model
	tokenizer func() (*token.Tokenizer, error)
	templates func() (*chat.Templates, error)

	use    sync.RWMutex // held for reading while the file or the weights are in use
	closed bool
}

// Open maps the model file at path and checks it; the weights are read when
// first used, or by Load. Of a split model, path is the first part.
func Open(path string, opts ...Option) (*Model, error) {
	f, err := loader.Open(path)
	if err != nil {
		return nil, err
	}
	return newModel(f, opts)
}

// OpenBytes opens a model file that lies in memory. The data is not copied and
// must not change until the model is closed.
func OpenBytes(data []byte, opts ...Option) (*Model, error) {
	f, err := loader.OpenBytes(data)
	if err != nil {
		return nil, err
	}
	return newModel(f, opts)
}

func newModel(f *loader.File, opts []Option) (*Model, error) {
	var o options
	for _, set := range opts {
		set(&o)
	}
	if o.CPU == "" {
		o.CPU = os.Getenv("GPTRUN_CPU")
	}
	run, err := runtime.New(f, o.Options)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	m := &Model{file: f, run: run}
	m.tokenizer = sync.OnceValues(func() (*token.Tokenizer, error) {
		t, err := token.FromMetadata(&f.Meta)
		return t, f.Named(err)
	})
	m.templates = sync.OnceValues(func() (*chat.Templates, error) {
		t, err := m.tokenizer()
		if err != nil {
			return nil, err
		}
		templates, err := chat.FromMetadata(&f.Meta, t)
		return templates, f.Named(err)
	})
	return m, nil
}

// enter begins a use of the file or the weights; leave ends it.
func (m *Model) enter() error {
	m.use.RLock()
	if m.closed {
		m.use.RUnlock()
		return ErrClosed
	}
	return nil
}

func (m *Model) leave() { m.use.RUnlock() }

// Load packs the weights and builds the tokenizer, side by side and unless it
// has been done, so that the first use need not: the first evaluation packs
// weights as it comes to them, which takes less time than Load before it. A tokenizer that cannot be
// built is an error of what needs it. Where ctx ends first, its error is
// returned, and Load may be called again.
func (m *Model) Load(ctx context.Context) error {
	if err := m.enter(); err != nil {
		return err
	}
	defer m.leave()
	var tokenizer sync.WaitGroup
	tokenizer.Go(func() { _, _ = m.tokenizer() })
	defer tokenizer.Wait()
	return m.run.Load(ctx)
}

// Close waits for evaluations under way, ends the model's threads and gives its
// memory back. Sessions of the model fail afterwards with ErrClosed.
func (m *Model) Close() error {
	m.use.Lock()
	defer m.use.Unlock()
	if m.closed {
		return nil
	}
	m.closed = true
	err := m.run.Close()
	if e := m.file.Close(); err == nil {
		err = e
	}
	return err
}

// tokens returns the tokenizer, made at its first use.
func (m *Model) tokens() (*token.Tokenizer, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	return m.tokenizer()
}

// Tokenize returns the ids of text as a prompt: with a begin-of-text token if
// the model adds one, the names of special tokens in the text read as those tokens.
func (m *Model) Tokenize(text string) ([]int32, error) {
	t, err := m.tokens()
	if err != nil {
		return nil, err
	}
	return t.Encode(nil, text, true, true), nil
}

// TokenizeText returns the ids of text and nothing else: no token is added, and
// names of special tokens are text like any other.
func (m *Model) TokenizeText(text string) ([]int32, error) {
	t, err := m.tokens()
	if err != nil {
		return nil, err
	}
	return t.Encode(nil, text, false, false), nil
}

// Detokenize returns the text of ids, without special tokens.
func (m *Model) Detokenize(ids []int32) (string, error) {
	t, err := m.tokens()
	if err != nil {
		return "", err
	}
	return t.Decode(ids), nil
}
