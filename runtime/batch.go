package runtime

import (
	"context"
	"fmt"
	"time"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/runtime/exec"
)

// logitRows is the number of output rows the head computes at a time: enough
// to read its weights seldom, and few enough for a large vocabulary.
const logitRows = 16

// Batch evaluates tokens of one or several sequences in one forward pass. It
// is used by one goroutine at a time; batches of one model take turns.
type Batch struct {
	model    *Model
	pass     *exec.Pass
	tokens   []int32
	segments []exec.Segment
	members  []*Sequence
	outputs  []int // rows that get logits

	logits   exec.Rows
	from, to int // outputs whose logits are computed
	ran      bool
	packing  time.Duration

	ctx     context.Context
	guarded func() error
}

// NewBatch returns an empty batch.
func (m *Model) NewBatch() *Batch {
	b := &Batch{model: m, pass: exec.NewPass(m.exec, m.arch.Sizes())}
	b.guarded = b.forward
	return b
}

// Capacity is the most tokens a batch takes.
func (b *Batch) Capacity() int { return b.model.opts.Batch }

// Reset empties the batch.
func (b *Batch) Reset() {
	for _, s := range b.members {
		s.busy = false
	}
	b.tokens, b.segments = b.tokens[:0], b.segments[:0]
	b.members, b.outputs = b.members[:0], b.outputs[:0]
	b.from, b.to, b.ran, b.packing = 0, 0, false, 0
}

// Add appends tokens to what Run evaluates as the continuation of s; the last
// `outputs` of them get logits. A sequence is added once.
func (b *Batch) Add(s *Sequence, tokens []int32, outputs int) error {
	m := b.model
	switch {
	case b.ran:
		return fmt.Errorf("the batch has been run: Reset comes before Add")
	case s.model != m || s.busy:
		return fmt.Errorf("the sequence belongs to another model or is in a batch")
	case len(tokens) == 0 || outputs < 0 || outputs > len(tokens):
		return fmt.Errorf("cannot evaluate %d tokens with %d outputs", len(tokens), outputs)
	case len(b.tokens)+len(tokens) > b.Capacity():
		return fmt.Errorf("%d tokens do not fit a batch of %d", len(b.tokens)+len(tokens), b.Capacity())
	}
	if err := m.CheckTokens(s.Len(), tokens); err != nil {
		return err
	}
	b.segments = append(b.segments, exec.Segment{Cache: s.cache, Row: len(b.tokens), Count: len(tokens)})
	b.tokens = append(b.tokens, tokens...)
	for i := range outputs {
		b.outputs = append(b.outputs, len(b.tokens)-outputs+i)
	}
	s.busy = true
	b.members = append(b.members, s)
	return nil
}

// Run evaluates the batch; weights that are not packed yet are packed as they
// are used. On an error the sequences are as they were.
func (b *Batch) Run(ctx context.Context) error {
	if len(b.tokens) == 0 || b.ran {
		return fmt.Errorf("the batch is empty or has been run")
	}
	for _, s := range b.segments {
		s.Cache.Reserve(s.Count)
	}
	b.ctx = ctx
	// A fault in mapped memory is an error.
	if err := b.withPool(func() error { return loader.Guard(b.guarded) }); err != nil {
		return err
	}
	for _, s := range b.segments {
		s.Cache.Advance(s.Count)
	}
	b.ran = true
	return nil
}

// withPool runs f, which evaluates a part of the batch, with the pool, and counts
// what of its time went into packing.
func (b *Batch) withPool(f func() error) error {
	m := b.model
	m.exec.Pool.Lock()
	defer m.exec.Pool.Unlock()
	if err := m.prepare(); err != nil {
		return err
	}
	before := m.exec.Packing()
	err := f()
	b.packing += m.exec.Packing() - before
	return m.check(err)
}

func (b *Batch) forward() error {
	b.pass.Begin(b.ctx, b.tokens, b.segments)
	if err := b.model.arch.Forward(b.pass); err != nil {
		return err
	}
	b.pass.Select(b.outputs)
	return nil
}

// Packing is how much of the time of Run and Logits, since Reset, went into
// packing weights.
func (b *Batch) Packing() time.Duration { return b.packing }

// Outputs is the number of tokens that get logits.
func (b *Batch) Outputs() int { return len(b.outputs) }

// Logits returns the logits of output i, after Run; they are valid until the
// next call of Logits or Run.
func (b *Batch) Logits(i int) ([]float32, error) {
	if !b.ran || i < 0 || i >= len(b.outputs) {
		return nil, fmt.Errorf("the batch has no output %d", i)
	}
	if i < b.from || i >= b.to {
		n, vocab := min(logitRows, len(b.outputs)-i), b.model.arch.Config.Vocab
		if cap(b.logits.Data) < n*vocab {
			b.logits.Data = make([]float32, n*vocab)
		}
		b.logits = exec.Rows{Data: b.logits.Data[:n*vocab], Width: vocab}
		b.from, b.to = 0, 0
		if err := b.head(b.logits, i, n); err != nil {
			return nil, err
		}
		b.from, b.to = i, i+n
	}
	return b.logits.Row(i - b.from), nil
}

// head computes the logits of n outputs from i on.
func (b *Batch) head(dst exec.Rows, i, n int) error {
	m := b.model.arch
	return b.withPool(func() error { return b.pass.Logits(dst, m.Head, i, i+n, m.SoftCap) })
}

// Close empties the batch and gives its memory back.
func (b *Batch) Close() {
	b.Reset()
	b.pass = exec.NewPass(b.model.exec, b.model.arch.Sizes())
	b.logits = exec.Rows{}
}
