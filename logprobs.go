package gptrun

import (
	"fmt"

	"github.com/gptrun/gptrun/runtime"
	"github.com/gptrun/gptrun/runtime/sample"
	"github.com/gptrun/gptrun/runtime/token"
)

// TokenLogprob is how likely a token is in a place of a text.
type TokenLogprob struct {
	ID int32
	// Text is as [Model.TokenText] gives it.
	Text    string
	Logprob float64 // ln of its probability
}

// Logprobs gives each token its log-probability, and those of the n likeliest
// tokens in its place, of all where n is more; 0 gives the token's own alone, and
// −1, the default, none.
//
// A probability is the softmax of the model's logits, before penalties,
// temperature or any other sampler: what [Model.NegLogLikelihood] gives, within
// 1e-6 of the exact value, and the same bits on every machine. Equally likely tokens
// are listed by their ids; tokens that cannot be, of logit −∞ or NaN, are not listed.
// The lists are the caller's to keep.
//
// A token that is held back, because its text may yet turn out to be a stop
// string or lacks the end of a character, keeps its own values, while its text
// goes with the first of those that are held.
func Logprobs(n int) GenerateOption { return func(o *generateOptions) { o.logprobs = n } }

// TokenText returns the bytes that a token stands for: a piece of text, which need
// not be whole characters and then is not UTF-8, or the name of a special token.
func (m *Model) TokenText(id int32) (string, error) {
	t, err := m.tokens()
	if err != nil {
		return "", err
	}
	if id < 0 || int(id) >= t.Size() {
		return "", fmt.Errorf("token %d: %w; the vocabulary has %d", id, ErrToken, t.Size())
	}
	return t.Piece(id, true), nil
}

// logprobs works out the log-probabilities of a generation.
type logprobs struct {
	top       int              // tokens to list with each
	softmax   *runtime.Softmax // nil: nothing is to be done
	tokenizer *token.Tokenizer
	logits    []float32 // as the model gave them: samplers change theirs
	selection sample.Top
}

func newLogprobs(top int, m *runtime.Model, t *token.Tokenizer) logprobs {
	if top < 0 {
		return logprobs{}
	}
	return logprobs{top: top, softmax: m.NewSoftmax(), tokenizer: t}
}

// keep notes the logits from which a token will be sampled.
func (l *logprobs) keep(logits []float32) {
	if l.softmax != nil {
		l.logits = append(l.logits[:0], logits...)
	}
}

// token returns the token with its log-probabilities.
func (l *logprobs) token(id int32) Token {
	t := Token{ID: id}
	if l.softmax == nil {
		return t
	}
	l.softmax.Reset(l.logits)
	t.Logprob = l.softmax.Logprob(l.logits[id])
	if ids := l.selection.Select(l.logits, l.top); len(ids) > 0 {
		t.Top = make([]TokenLogprob, len(ids))
		for i, id := range ids {
			t.Top[i] = TokenLogprob{ID: id, Text: l.tokenizer.Piece(id, true), Logprob: l.softmax.Logprob(l.logits[id])}
		}
	}
	return t
}
