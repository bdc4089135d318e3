package gptrun

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/gptrun/gptrun/runtime/sample"
	"github.com/gptrun/gptrun/runtime/token"
)

// Token is one generated token and the text that has become certain with it:
// whole characters, and nothing that may yet turn out to be a stop string.
// The texts of all tokens together are the text generated.
type Token struct {
	ID   int32
	Text string

	// What [Logprobs] asks for, else 0 and nil.
	Logprob float64        // ln of the token's probability
	Top     []TokenLogprob // the likeliest tokens in its place, the likeliest first
}

// StopReason says why generation ended.
type StopReason string

const (
	StopNone      StopReason = ""          // it has not
	StopLength    StopReason = "length"    // as many tokens as asked for, or the context is full
	StopEOS       StopReason = "eos"       // the model ended the text
	StopString    StopReason = "stop"      // a stop string
	StopCancelled StopReason = "cancelled" // the context.Context ended, or the loop was left
	StopError     StopReason = "error"
)

// Timings says how long a generation or EvalAll took. Time in the caller's loop
// does not count.
type Timings struct {
	Load            time.Duration // packing weights, where it was not done before
	PromptTokens    int
	Prompt          time.Duration // less Load: weights are packed as they are used
	GeneratedTokens int
	Generate        time.Duration
}

// Generate continues the session's text with prompt and yields the tokens that
// the model generates. The prompt is taken as it is, without a chat template;
// names of special tokens in it are read as those tokens, and at the start of a
// session comes the token that begins texts, if the model adds one.
//
// A prompt that does not fit the context is an error, which wraps ErrContext,
// before any work. Generation ends with an end-of-text token (which is not
// yielded), a stop string, as many tokens as asked for, or a full context. An
// error, ctx's included, is yielded last. Then Stop and Timings tell about it.
// Every range over the iterator continues the text anew.
func (s *Session) Generate(ctx context.Context, prompt string, opts ...GenerateOption) iter.Seq2[Token, error] {
	return func(yield func(Token, error) bool) {
		s.generate(ctx, yield, opts, func(t *token.Tokenizer) []int32 {
			return t.Encode(nil, prompt, len(s.tokens) == 0, true)
		})
	}
}

// GenerateTokens is Generate with a prompt of token ids, to which nothing is
// added.
func (s *Session) GenerateTokens(ctx context.Context, prompt []int32, opts ...GenerateOption) iter.Seq2[Token, error] {
	return func(yield func(Token, error) bool) {
		s.generate(ctx, yield, opts, func(*token.Tokenizer) []int32 { return prompt })
	}
}

// Stop says why the last generation ended.
func (s *Session) Stop() StopReason { return s.stop }

// Timings tells how long the last generation or EvalAll took.
func (s *Session) Timings() Timings { return s.timings }

func (s *Session) generate(ctx context.Context, yield func(Token, error) bool, opts []GenerateOption, prompt func(*token.Tokenizer) []int32) {
	if err := s.acquire(); err != nil {
		yield(Token{}, err)
		return
	}
	defer s.release()
	s.stop, s.timings = StopNone, Timings{}
	g := generator{session: s, ctx: ctx, yield: yield}
	err := g.start(newGenerateOptions(opts), prompt)
	if err == nil {
		err = g.run()
	}
	if g.left {
		s.stop = StopCancelled
		return
	}
	if err != nil {
		s.stop = StopError
		if ctx.Err() != nil {
			s.stop = StopCancelled
		}
		yield(Token{}, err)
	}
}

// generator is a generation under way.
type generator struct {
	session   *Session
	ctx       context.Context
	yield     func(Token, error) bool
	left      bool // the caller has left its loop
	tokenizer *token.Tokenizer
	sampler   Sampler
	text      *token.Stream
	stopper   *sample.Stopper
	logprobs  logprobs
	max       int
	held      []Token // not yielded yet, since some of their text is not certain
	certain   string  // their text, as far as it is
}

func (g *generator) start(o generateOptions, prompt func(*token.Tokenizer) []int32) (err error) {
	s := g.session
	if g.tokenizer, err = s.model.tokens(); err != nil {
		return err
	}
	if g.sampler, err = o.chain(s.model.run.Context()); err != nil {
		return err
	}
	before := s.waiting()
	ids := prompt(g.tokenizer)
	if err := s.append(ids); err != nil {
		return err
	}
	g.logprobs = newLogprobs(o.logprobs, s.model.run, g.tokenizer)
	g.text, g.stopper, g.max = g.tokenizer.NewContinuation(), sample.NewStopper(o.stops), o.max
	for _, id := range s.tokens {
		g.sampler.Accept(id)
	}
	s.timings.PromptTokens = before + len(ids)
	return nil
}

// run evaluates the prompt and generates. It flushes the text that is held back
// before it returns.
func (g *generator) run() error {
	s, t := g.session, &g.session.timings
	var logits []float32
	err := s.prompt(func() (err error) {
		logits, err = s.evaluate(g.ctx)
		return err
	})
	for err == nil && s.stop == StopNone {
		if t.GeneratedTokens == g.max || len(s.tokens) == s.model.run.Context() {
			s.stop = StopLength
			break
		}
		begin := time.Now()
		if t.GeneratedTokens > 0 {
			logits, err = s.evaluate(g.ctx)
		}
		var picked Token
		if err == nil {
			picked, err = g.pick(logits)
		}
		t.Generate += time.Since(begin)
		if err == nil && s.stop == StopNone {
			g.emit(picked)
		}
		if g.left {
			return nil
		}
	}
	g.flush()
	return err
}

// pick samples a token and appends it to the text, unless it ends it.
func (g *generator) pick(logits []float32) (Token, error) {
	s := g.session
	vocabulary := len(logits)
	g.logprobs.keep(logits)
	id := g.sampler.Sample(logits)
	switch {
	case id == -1:
		return Token{}, s.model.file.Named(ErrLogits)
	case id < 0 || int(id) >= vocabulary:
		return Token{}, fmt.Errorf("sampled token %d: %w; the vocabulary has %d", id, ErrToken, vocabulary)
	case g.tokenizer.IsEOG(id):
		s.stop = StopEOS
		return Token{ID: id}, nil
	}
	g.sampler.Accept(id)
	s.tokens = append(s.tokens, id)
	s.timings.GeneratedTokens++
	return g.logprobs.token(id), nil
}

// emit yields the token, and those held, once their text is certain.
func (g *generator) emit(t Token) {
	text, stopped := g.stopper.Next(g.text.Next(t.ID))
	g.held = append(g.held, t)
	g.certain += text
	if stopped {
		g.session.stop = StopString
		g.text = g.tokenizer.NewContinuation() // what follows the stop string is not wanted
	}
	if stopped || !g.text.Holding() && !g.stopper.Holding() {
		g.release()
	}
}

// release yields the tokens held. The first has all of their text.
func (g *generator) release() {
	for _, t := range g.held {
		t.Text = g.certain
		if !g.left && !g.yield(t, nil) {
			g.left = true
		}
		g.certain = ""
	}
	clear(g.held) // their lists are the caller's
	g.held = g.held[:0]
}

// flush yields the tokens held with what remains of their text.
func (g *generator) flush() {
	text, stopped := g.stopper.Next(g.text.Flush())
	g.certain += text
	if !stopped {
		g.certain += g.stopper.Flush()
	}
	g.release()
}
