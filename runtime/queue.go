package runtime

import (
	"context"
	"errors"
	goruntime "runtime"
	"slices"
	"sync"
	"time"

	"github.com/gptrun/gptrun/runtime/exec"
)

const (
	// patience bounds how long the next pass waits for sequences of the last one
	// that have not come back, and so does this part of the time that the last
	// one took. Who misses a pass loses all its time; who stays away must not
	// delay the others.
	patience     = 500 * time.Microsecond
	patiencePart = 8
	// promptShare is how many tokens prompts may add to a pass that other
	// sequences want a single token of: enough for a sweep over the weights, and
	// few enough for the others to go on.
	promptShare = 60
)

var (
	errEnded    = errors.New("the contexts of all sequences of the pass have ended")
	errPanicked = errors.New("a pass shared with other sequences has panicked")
)

// queue evaluates tokens of sequences that ask for it at the same time in one
// forward pass, which reads the weights once for all. Who asks while nobody
// leads runs the next pass with all that are waiting, and leaves the lead to one
// of those that have come meanwhile.
type queue struct {
	batch   *Batch        // these are the leader's
	members []*Sequence   // of the pass
	shared  sharedContext // the pass's

	mu      sync.Mutex
	waiting []*Sequence // in order of arrival
	led     bool
	round   uint64    // passes so far, and one
	absent  int       // sequences of the last pass that have not come back
	until   time.Time // when waiting for them ends
}

// request is what a sequence asks of the queue, and the answer.
type request struct {
	ctx    context.Context
	tokens []int32
	wake   chan struct{} // it is done, or has the lead
	done   bool
	logits []float32 // after the last token
	err    error

	round   uint64 // of the pass that it is waited for in
	packing time.Duration
}

func newQueue(m *Model) *queue {
	q := &queue{batch: m.NewBatch(), round: 1}
	q.shared.queue = q
	return q
}

// Evaluate evaluates tokens, or as many of the first of them as there is room
// for, at least one, as the continuation of s. It returns the logits after the
// last token, valid until the next call, or nil where tokens are left: Len tells
// how many. Sequences of one model share forward passes where they are evaluated
// at the same time.
func (s *Sequence) Evaluate(ctx context.Context, tokens []int32) ([]float32, error) {
	r := &s.request
	r.ctx, r.tokens, r.done, r.err = ctx, tokens, false, nil
	end := s.Len() + len(tokens)
	s.model.queue.evaluate(s)
	r.ctx, r.tokens = nil, nil
	if r.err != nil || s.Len() < end {
		return nil, r.err
	}
	return r.logits, nil
}

// Packing is how much of the time of all calls of Evaluate went into packing weights.
func (s *Sequence) Packing() time.Duration { return s.request.packing }

// evaluate returns when s has been answered.
func (q *queue) evaluate(s *Sequence) {
	q.mu.Lock()
	if s.request.round == q.round {
		s.request.round = 0
		q.absent--
	}
	q.waiting = append(q.waiting, s)
	follow := q.led
	q.led = true
	q.mu.Unlock()
	if follow {
		if <-s.request.wake; s.request.done {
			return
		}
	}
	q.await()
	q.lead(s)
}

// await lets the sequences of the last pass come back.
func (q *queue) await() {
	for {
		q.mu.Lock()
		enough := q.absent == 0 || !time.Now().Before(q.until)
		q.mu.Unlock()
		if enough {
			return
		}
		goruntime.Gosched()
	}
}

// lead runs one pass, in which s takes part.
func (q *queue) lead(s *Sequence) {
	begin, err := time.Now(), errPanicked
	defer func() { q.settle(s, err, time.Since(begin)) }()
	q.gather()
	err = q.run()
}

// gather makes members of those that are waiting, in their order, as far as
// their tokens fit: each gets at least one, and those in front more.
func (q *queue) gather() {
	q.mu.Lock()
	defer q.mu.Unlock()
	singles := 0
	for _, s := range q.waiting {
		if len(s.request.tokens) == 1 {
			singles++
		}
	}
	room := q.batch.Capacity()
	if singles > 0 {
		room = min(room, len(q.waiting)+promptShare)
	}
	q.members = q.members[:0]
	for room > 0 && len(q.waiting) > 0 {
		s := q.waiting[0]
		q.waiting = slices.Delete(q.waiting, 0, 1)
		q.members = append(q.members, s)
		room -= q.add(s, max(1, room-len(q.waiting)))
	}
}

// add makes up to n tokens of s part of the pass and returns how many.
func (q *queue) add(s *Sequence, n int) int {
	r := &s.request
	if r.err = r.ctx.Err(); r.err != nil {
		return 0
	}
	n = min(n, len(r.tokens))
	outputs := 0
	if n == len(r.tokens) {
		outputs = 1
	}
	if r.err = q.batch.Add(s, r.tokens[:n], outputs); r.err != nil {
		return 0
	}
	return n
}

// run evaluates the batch and gives each sequence whose tokens end in it a copy
// of its logits: the next pass does not wait until they have been read.
func (q *queue) run() error {
	b := q.batch
	if len(b.members) == 0 {
		return nil
	}
	if err := b.Run(&q.shared); err != nil {
		return err
	}
	outputs, vocab := 0, b.model.arch.Config.Vocab
	for i, s := range b.members {
		r := &s.request
		if b.segments[i].Count < len(r.tokens) {
			continue
		}
		if r.logits == nil {
			r.logits = make([]float32, vocab)
		}
		if b.Outputs() == 1 {
			return b.head(exec.Rows{Data: r.logits, Width: vocab}, 0, 1)
		}
		row, err := b.Logits(outputs)
		if err != nil {
			return err
		}
		copy(r.logits, row)
		outputs++
	}
	return nil
}

// settle answers the members of the pass that s has led, and passes the lead on.
func (q *queue) settle(s *Sequence, err error, took time.Duration) {
	packing := q.batch.Packing()
	for _, m := range q.members {
		r := &m.request
		if r.err != nil {
			continue // it was left out
		}
		r.packing += packing
		if r.err = err; err == errEnded {
			r.err = r.ctx.Err()
		}
	}
	q.batch.Reset()

	q.mu.Lock()
	defer q.mu.Unlock()
	q.round++
	q.absent = len(q.members)
	q.until = time.Now().Add(min(patience, took/patiencePart))
	for _, m := range q.members {
		m.request.done, m.request.round = true, q.round
		if m != s {
			m.request.wake <- struct{}{}
		}
	}
	if q.led = len(q.waiting) > 0; q.led {
		q.waiting[0].request.wake <- struct{}{}
	}
}

// sharedContext is the context of a pass: it ends when those of all members have.
type sharedContext struct {
	context.Context
	queue *queue
}

func (c *sharedContext) Err() error {
	for _, s := range c.queue.batch.members {
		if s.request.ctx.Err() == nil {
			return nil
		}
	}
	return errEnded
}
