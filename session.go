package gptrun

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gptrun/gptrun/runtime"
)

// Session is one text in the making: the tokens so far and what the model
// remembers of them. It is used by one goroutine at a time.
type Session struct {
	model *Model
	cache *runtime.Sequence
	batch *runtime.Batch // of EvalAll
	// tokens are all of the text; those past cache.Len() wait to be evaluated.
	tokens []int32
	busy   atomic.Bool
	closed bool

	stop    StopReason
	timings Timings
	packing time.Duration // of evaluations so far, went into packing weights
}

// NewSession returns an empty session.
func (m *Model) NewSession() *Session {
	return &Session{model: m, cache: m.run.NewSequence(), batch: m.run.NewBatch()}
}

// acquire begins a use of the session; release ends it.
func (s *Session) acquire() error {
	if !s.busy.CompareAndSwap(false, true) {
		return ErrBusy
	}
	if s.closed {
		s.release()
		return ErrClosed
	}
	return nil
}

func (s *Session) release() { s.busy.Store(false) }

// Len is the number of tokens of the text.
func (s *Session) Len() int { return len(s.tokens) }

// Tokens returns the text's tokens.
func (s *Session) Tokens() []int32 { return slices.Clone(s.tokens) }

// Truncate forgets the tokens from n on. A model with sliding windows cannot go
// back further than they reach, except to 0.
func (s *Session) Truncate(n int) error {
	if err := s.acquire(); err != nil {
		return err
	}
	defer s.release()
	if n < 0 || n > len(s.tokens) {
		return fmt.Errorf("cannot truncate %d tokens to %d", len(s.tokens), n)
	}
	if err := s.cache.Truncate(min(n, s.cache.Len())); err != nil {
		return err
	}
	s.tokens = s.tokens[:n]
	return nil
}

// Reset forgets all tokens.
func (s *Session) Reset() error { return s.Truncate(0) }

// Close gives the session's memory back. Closing twice does nothing.
func (s *Session) Close() error {
	if err := s.acquire(); err != nil {
		if s.closed {
			return nil
		}
		return err
	}
	defer s.release()
	s.closed = true
	s.batch.Close()
	s.cache.Close()
	s.tokens = nil
	return nil
}

// append adds ids to the text, to be evaluated.
func (s *Session) append(ids []int32) error {
	if err := s.model.run.CheckTokens(len(s.tokens), ids); err != nil {
		return err
	}
	s.tokens = append(s.tokens, ids...)
	return nil
}

// waiting is the number of tokens to be evaluated.
func (s *Session) waiting() int { return len(s.tokens) - s.cache.Len() }

// chunk evaluates the next waiting tokens, as many as fit a pass that sessions
// share, and returns the logits after the last token of the text, once none waits.
func (s *Session) chunk(ctx context.Context) ([]float32, error) {
	if err := s.model.enter(); err != nil {
		return nil, err
	}
	defer s.model.leave()
	before := s.cache.Packing()
	logits, err := s.cache.Evaluate(ctx, s.tokens[s.cache.Len():])
	s.packing += s.cache.Packing() - before
	return logits, err
}

// chunkOfAll evaluates the next waiting tokens, as many as fit a batch. Of the last
// `outputs` tokens of the text, those among them get logits.
func (s *Session) chunkOfAll(ctx context.Context, outputs int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.model.enter(); err != nil {
		return err
	}
	defer s.model.leave()
	n := min(s.waiting(), s.batch.Capacity())
	after := s.waiting() - n
	done := s.cache.Len()
	s.batch.Reset()
	if err := s.batch.Add(s.cache, s.tokens[done:done+n], min(n, max(0, outputs-after))); err != nil {
		return err
	}
	err := s.batch.Run(ctx)
	s.packing += s.batch.Packing()
	return err
}

// logits returns the logits of output i of the last chunk.
func (s *Session) logits(i int) ([]float32, error) {
	if err := s.model.enter(); err != nil {
		return nil, err
	}
	defer s.model.leave()
	before := s.batch.Packing()
	row, err := s.batch.Logits(i)
	s.packing += s.batch.Packing() - before
	return row, err
}

// prompt counts the time of f, which evaluates a part of the prompt.
func (s *Session) prompt(f func() error) error {
	begin, before := time.Now(), s.packing
	err := f()
	load := s.packing - before
	s.timings.Load += load
	s.timings.Prompt += time.Since(begin) - load
	return err
}

// evaluate evaluates all waiting tokens and returns the logits after the last.
// Where none waits, the last token is evaluated again.
func (s *Session) evaluate(ctx context.Context) ([]float32, error) {
	if len(s.tokens) == 0 {
		return nil, ErrEmpty
	}
	if s.waiting() == 0 {
		if err := s.cache.Truncate(len(s.tokens) - 1); err != nil {
			return nil, err
		}
	}
	for {
		if logits, err := s.chunk(ctx); err != nil || s.waiting() == 0 {
			return logits, err
		}
	}
}

// Eval appends ids to the text, evaluates them, and returns the logits after
// the last: one for each token of the vocabulary. They are the caller's until
// the session is used again. After an error, tokens that were not evaluated
// stay part of the text and are evaluated next.
func (s *Session) Eval(ctx context.Context, ids []int32) ([]float32, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
	if err := s.append(ids); err != nil {
		return nil, err
	}
	return s.evaluate(ctx)
}

// EvalAll appends ids to the text and yields, in their order, the logits after
// each. They are the caller's until the next step of the iteration.
func (s *Session) EvalAll(ctx context.Context, ids []int32) iter.Seq2[[]float32, error] {
	return func(yield func([]float32, error) bool) {
		if err := s.acquire(); err != nil {
			yield(nil, err)
			return
		}
		defer s.release()
		s.timings = Timings{}
		if err := s.append(ids); err != nil {
			yield(nil, err)
			return
		}
		s.timings.PromptTokens = s.waiting()
		defer s.batch.Reset()
		for s.waiting() > 0 {
			if err := s.prompt(func() error { return s.chunkOfAll(ctx, len(ids)) }); err != nil {
				yield(nil, err)
				return
			}
			for i := range s.batch.Outputs() {
				var row []float32
				err := s.prompt(func() (err error) {
					row, err = s.logits(i)
					return err
				})
				if !yield(row, err) || err != nil {
					return
				}
			}
		}
	}
}

// NegLogLikelihood returns −ln p(id), where p is the softmax of the logits:
// within 1e-6 of the exact value, and the same bits on every machine.
func (m *Model) NegLogLikelihood(logits []float32, id int32) float64 {
	s := m.run.NewSoftmax()
	s.Reset(logits)
	return s.NegLogLikelihood(logits[id])
}
