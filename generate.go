package gptrun

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/gptrun/gptrun/runtime/chat"
	"github.com/gptrun/gptrun/runtime/sample"
	"github.com/gptrun/gptrun/runtime/token"
)

// Token is one generated token and the text that has become certain with it:
// whole characters, and nothing that may yet turn out to be a stop string.
// The texts of all tokens together are the text generated.
type Token struct {
	ID   int32 // -1 where text has become certain that belongs to tokens before
	Text string
	// Thinking tells that the text is of the thinking before a chat's answer.
	Thinking bool

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
		s.generate(ctx, yield, opts, func(t *token.Tokenizer) ([]int32, error) {
			return t.Encode(nil, prompt, len(s.tokens) == 0, true), nil
		})
	}
}

// GenerateTokens is Generate with a prompt of token ids, to which nothing is
// added.
func (s *Session) GenerateTokens(ctx context.Context, prompt []int32, opts ...GenerateOption) iter.Seq2[Token, error] {
	return func(yield func(Token, error) bool) {
		s.generate(ctx, yield, opts, func(*token.Tokenizer) ([]int32, error) { return prompt, nil })
	}
}

// Stop says why the last generation ended.
func (s *Session) Stop() StopReason { return s.stop }

// Timings tells how long the last generation or EvalAll took.
func (s *Session) Timings() Timings { return s.timings }

func (s *Session) generate(ctx context.Context, yield func(Token, error) bool, opts []GenerateOption, prompt func(*token.Tokenizer) ([]int32, error)) {
	if err := s.acquire(); err != nil {
		yield(Token{}, err)
		return
	}
	defer s.release()
	g := generator{session: s, ctx: ctx, yield: yield}
	if err := g.generate(opts, prompt); err != nil {
		yield(Token{}, err)
	}
}

// generate generates and notes why that ended.
func (g *generator) generate(opts []GenerateOption, prompt func(*token.Tokenizer) ([]int32, error)) error {
	s := g.session
	s.stop, s.timings = StopNone, Timings{}
	err := g.start(newGenerateOptions(opts), prompt)
	if err == nil {
		err = g.run()
	}
	switch {
	case g.left:
		s.stop = StopCancelled
		return nil
	case err != nil && g.ctx.Err() != nil:
		s.stop = StopCancelled
	case err != nil:
		s.stop = StopError
	}
	return err
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
	answer    *chatAnswer // of a chat; else nil
	logprobs  logprobs
	max       int
	held      []Token      // not yielded yet, since some of their text is not certain
	certain   []chat.Piece // their text, as far as it is
}

func (g *generator) start(o generateOptions, prompt func(*token.Tokenizer) ([]int32, error)) (err error) {
	s := g.session
	if g.tokenizer, err = s.model.tokens(); err != nil {
		return err
	}
	if g.sampler, err = o.chain(s.model.run.Context()); err != nil {
		return err
	}
	ids, err := prompt(g.tokenizer)
	if err != nil {
		return err
	}
	before := s.waiting()
	if err := s.append(ids); err != nil {
		return err
	}
	g.logprobs = newLogprobs(o.logprobs, s.model.run, g.tokenizer)
	g.text, g.stopper, g.max = g.tokenizer.NewContinuation(), sample.NewStopper(o.stops), o.max
	if g.answer != nil {
		g.text.Show(g.answer.Markers())
	}
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
	raw := g.text.Next(t.ID)
	text, stopped := g.stopper.Next(raw)
	g.held = append(g.held, t)
	if g.answer != nil {
		g.answer.note(raw, len(text), g.text.Holding())
	}
	g.add(text)
	if stopped {
		g.session.stop = StopString
		g.text = g.tokenizer.NewContinuation() // what follows the stop string is not wanted
	}
	if stopped || !g.text.Holding() && !g.stopper.Holding() && !g.answer.holding() {
		g.release()
	}
}

// add adds text to what is certain.
func (g *generator) add(text string) {
	if g.answer != nil {
		g.addPieces(g.answer.Next(text))
	} else if text != "" {
		g.addPiece(chat.Piece{Text: text})
	}
}

func (g *generator) addPieces(pieces []chat.Piece) {
	for _, p := range pieces {
		g.addPiece(p)
	}
}

func (g *generator) addPiece(p chat.Piece) {
	if n := len(g.certain); n > 0 && g.certain[n-1].Thinking == p.Thinking {
		g.certain[n-1].Text += p.Text
	} else {
		g.certain = append(g.certain, p)
	}
}

// release yields the tokens held with the pieces of text that are certain.
func (g *generator) release() {
	last := chat.Piece{Thinking: g.answer.thinking()}
	for i := range max(len(g.held), len(g.certain)) {
		tok, piece := Token{ID: token.None}, last
		if i < len(g.held) {
			tok = g.held[i]
		}
		if i < len(g.certain) {
			piece = g.certain[i]
		}
		tok.Text, tok.Thinking = piece.Text, piece.Thinking
		if !g.left && !g.yield(tok, nil) {
			g.left = true
		}
	}
	clear(g.held) // their lists are the caller's
	g.held, g.certain = g.held[:0], g.certain[:0]
}

// flush yields the tokens held with what remains of their text.
func (g *generator) flush() {
	raw := g.text.Flush()
	text, stopped := g.stopper.Next(raw)
	if !stopped {
		text += g.stopper.Flush()
	}
	if g.answer != nil {
		g.answer.noteRest(raw, len(text))
	}
	g.add(text)
	if g.answer != nil {
		g.addPieces(g.answer.Flush())
	}
	g.release()
}
