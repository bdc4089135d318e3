package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	goruntime "runtime"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/runtime"
	"github.com/gptrun/gptrun/runtime/kv"
)

// benchmark runs the tests of one command.
type benchmark struct {
	flags  *benchFlags
	tier   string // "": the best one
	cases  []benchCase
	status *benchStatus
}

// benchResult is what a test gave.
type benchResult struct {
	benchCase
	model   benchModel
	begin   time.Time
	samples []time.Duration
}

// run measures every case and hands the results on as they come. A model stays
// open between cases of the same settings.
func (b *benchmark) run(ctx context.Context, report func(benchResult) error) (err error) {
	var o *benchSession
	defer func() { closing(o, &err) }()
	for i, c := range b.cases {
		b.status.next(i, c)
		if o == nil || o.settings != c.benchSettings {
			if err := o.Close(); err != nil {
				return err
			}
			if o, err = b.open(ctx, c.benchSettings); err != nil {
				return err
			}
		}
		r := benchResult{benchCase: c, model: o.info, begin: time.Now()}
		if r.samples, err = o.measure(ctx, c, b.flags.repetitions, !b.flags.noWarmup); err != nil {
			return err
		}
		if err := report(r); err != nil {
			return err
		}
	}
	return nil
}

// benchSession is an open model and the sequences that tests leave behind.
type benchSession struct {
	settings  benchSettings
	status    *benchStatus
	file      *loader.File
	model     *runtime.Model
	info      benchModel
	batch     *runtime.Batch
	sequences []*runtime.Sequence
	random    *rand.Rand
	ids       []int32
}

// open opens a model with what all cases need of it, and packs its weights.
func (b *benchmark) open(ctx context.Context, s benchSettings) (o *benchSession, err error) {
	b.status.step("loading")
	options := s.options()
	options.CPU = b.tier
	for _, c := range b.cases {
		options.Context = max(options.Context, c.context())
		options.Batch = max(options.Batch, c.pass(), c.parallel)
	}
	file, err := loader.Open(s.path)
	if err != nil {
		return nil, err
	}
	o = &benchSession{settings: s, status: b.status, file: file}
	if o.model, err = runtime.New(file, options); err == nil {
		err = o.model.Load(ctx)
	}
	if err == nil {
		o.info, err = describeModel(file, o.model)
	}
	if err != nil {
		_ = o.Close()
		return nil, err
	}
	o.batch = o.model.NewBatch()
	return o, nil
}

// Close closes the model; there may be none.
func (o *benchSession) Close() error {
	if o == nil {
		return nil
	}
	var err error
	if o.model != nil {
		err = o.model.Close()
	}
	return errors.Join(err, o.file.Close())
}

// measure runs a test as llama-bench does and returns how long each repetition
// took. Tokens are drawn at random, the same ones whenever the test is run.
func (o *benchSession) measure(ctx context.Context, c benchCase, repetitions int, warmup bool) ([]time.Duration, error) {
	o.random = rand.New(rand.NewPCG(uint64(c.prompt), uint64(c.generation)))
	if warmup {
		first := c
		first.generation = min(c.generation, 1)
		if _, err := o.once(ctx, first, "warm-up"); err != nil {
			return nil, err
		}
	}
	samples := make([]time.Duration, repetitions)
	for i := range samples {
		var err error
		if samples[i], err = o.once(ctx, c, fmt.Sprintf("run %d/%d", i+1, repetitions)); err != nil {
			return nil, err
		}
	}
	return samples, nil
}

// once runs a test, shown as what, and returns the time without that of filling
// the cache before it.
func (o *benchSession) once(ctx context.Context, c benchCase, what string) (time.Duration, error) {
	if err := o.rewind(ctx, c); err != nil {
		return 0, err
	}
	o.status.step(what)
	goruntime.GC()
	begin := time.Now()
	if err := o.feed(ctx, o.sequences, c.prompt, c.pass()); err != nil {
		return 0, err
	}
	for range c.generation {
		if err := o.feed(ctx, o.sequences, 1, c.parallel); err != nil {
			return 0, err
		}
	}
	return time.Since(begin), nil
}

// rewind makes the sequences ready for a test, with depth tokens each. What they
// hold already is kept.
func (o *benchSession) rewind(ctx context.Context, c benchCase) error {
	for len(o.sequences) < c.parallel {
		o.sequences = append(o.sequences, o.model.NewSequence())
	}
	for _, s := range o.sequences[c.parallel:] {
		s.Close()
	}
	o.sequences = o.sequences[:c.parallel]
	for i, s := range o.sequences {
		err := s.Truncate(min(c.depth, s.Len()))
		if errors.Is(err, kv.ErrGone) { // a sliding window does not go back
			err = s.Truncate(0)
		}
		if err != nil {
			return err
		}
		if missing := c.depth - s.Len(); missing > 0 {
			o.status.step("filling the cache")
			if err := o.feed(ctx, o.sequences[i:i+1], missing, c.pass()); err != nil {
				return err
			}
		}
	}
	return nil
}

// feed evaluates n random tokens of each sequence, at most pass at a time, and
// the logits of the last.
func (o *benchSession) feed(ctx context.Context, sequences []*runtime.Sequence, n, pass int) error {
	o.batch.Reset()
	room := pass
	for _, s := range sequences {
		for left := n; left > 0; {
			take, outputs := min(left, room), 0
			left -= take
			if left == 0 {
				outputs = 1
			}
			if err := o.batch.Add(s, o.draw(take), outputs); err != nil {
				return err
			}
			if room -= take; room == 0 {
				if err := o.flush(ctx); err != nil {
					return err
				}
				room = pass
			}
		}
	}
	if room == pass {
		return nil
	}
	return o.flush(ctx)
}

// flush runs the batch and empties it.
func (o *benchSession) flush(ctx context.Context) error {
	if err := o.batch.Run(ctx); err != nil {
		return err
	}
	for i := range o.batch.Outputs() {
		if _, err := o.batch.Logits(i); err != nil {
			return err
		}
	}
	o.batch.Reset()
	return nil
}

// draw returns n random tokens, valid until the next call.
func (o *benchSession) draw(n int) []int32 {
	if len(o.ids) < n {
		o.ids = make([]int32, n)
	}
	vocabulary := int32(o.model.Config().Vocab)
	for i := range n {
		o.ids[i] = o.random.Int32N(vocabulary)
	}
	return o.ids[:n]
}
