package runtime

import (
	"fmt"

	"github.com/gptrun/gptrun/runtime/kv"
)

// Sequence is a run of tokens that a model has seen: their keys and values. It
// is used by one goroutine at a time.
type Sequence struct {
	model *Model
	cache *kv.Cache
	busy  bool // part of a batch

	request request // of Evaluate
}

// NewSequence returns an empty sequence.
func (m *Model) NewSequence() *Sequence {
	s := &Sequence{model: m, cache: kv.New(m.opts.KV, m.arch.Layers)}
	s.request.wake = make(chan struct{}, 1)
	return s
}

// CheckTokens refuses tokens that cannot follow held others: past the context
// (ErrContext) or outside the vocabulary (ErrToken).
func (m *Model) CheckTokens(held int, tokens []int32) error {
	if held+len(tokens) > m.opts.Context {
		return fmt.Errorf("%d tokens after %d: %w of %d", len(tokens), held, ErrContext, m.opts.Context)
	}
	for _, t := range tokens {
		if t < 0 || int(t) >= m.arch.Config.Vocab {
			return fmt.Errorf("token %d: %w; the vocabulary has %d", t, ErrToken, m.arch.Config.Vocab)
		}
	}
	return nil
}

// Len is the number of tokens held.
func (s *Sequence) Len() int { return s.cache.Len() }

// Truncate forgets the tokens from n on. A model with a sliding window cannot
// go back past it, unless to the start.
func (s *Sequence) Truncate(n int) error { return s.cache.Truncate(n) }

// Close gives the sequence's memory back.
func (s *Sequence) Close() {
	s.cache.Close()
	s.request.logits = nil
}
