package token

import (
	"fmt"
	"math"

	"github.com/gptrun/gptrun/loader"
)

// FromMetadata makes the tokenizer that a GGUF file describes under
// tokenizer.ggml. The error wraps [ErrInvalid], [ErrUnsupported] or
// [loader.ErrMetadata].
func FromMetadata(m *loader.Metadata) (*Tokenizer, error) {
	c, err := configOf(m)
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	return New(c)
}

func configOf(m *loader.Metadata) (Config, error) {
	r := reader{m: m}
	c := Config{
		Model:  r.text("tokenizer.ggml.model"),
		Pre:    r.text("tokenizer.ggml.pre"),
		Tokens: r.texts("tokenizer.ggml.tokens"),
		Types:  r.types("tokenizer.ggml.token_type"),
	}
	defaultBOS, defaultEOS, defaultUNK := None, None, None
	switch c.Model {
	case modelBPE:
		c.Merges = r.required("tokenizer.ggml.merges")
	case modelSentencePiece:
		c.Scores = r.scores("tokenizer.ggml.scores")
		c.AddSpacePrefix = true
		defaultBOS, defaultEOS, defaultUNK = r.token(1, c), r.token(2, c), r.token(0, c)
	}
	c.BOS = r.id(defaultBOS, "tokenizer.ggml.bos_token_id")
	c.EOS = r.id(defaultEOS, "tokenizer.ggml.eos_token_id")
	c.UNK = r.id(defaultUNK, "tokenizer.ggml.unknown_token_id")
	c.EOT = r.id(None, "tokenizer.ggml.eot_token_id")
	c.EOM = r.id(None, "tokenizer.ggml.eom_token_id")
	c.FIMPrefix = r.id(None, "tokenizer.ggml.fim_pre_token_id", "tokenizer.ggml.prefix_token_id")
	c.FIMSuffix = r.id(None, "tokenizer.ggml.fim_suf_token_id", "tokenizer.ggml.suffix_token_id")
	c.FIMMiddle = r.id(None, "tokenizer.ggml.fim_mid_token_id", "tokenizer.ggml.middle_token_id")
	c.FIMPad = r.id(None, "tokenizer.ggml.fim_pad_token_id")
	c.FIMRepo = r.id(None, "tokenizer.ggml.fim_rep_token_id")
	c.FIMSeparator = r.id(None, "tokenizer.ggml.fim_sep_token_id")

	addsBOS := c.Model == modelSentencePiece || c.Model == modelBPE && presets[c.Pre].addBOS
	c.AddBOS = r.flag("tokenizer.ggml.add_bos_token", addsBOS && c.BOS != None)
	c.AddEOS = r.flag("tokenizer.ggml.add_eos_token", false)
	c.AddSpacePrefix = r.flag("tokenizer.ggml.add_space_prefix", c.AddSpacePrefix)
	return c, r.err
}

// reader reads metadata and keeps the first error.
type reader struct {
	m   *loader.Metadata
	err error
}

// read is one getter's answer, the zero value where the key is missing or there was an error.
func read[T any](r *reader, get func(string) (T, bool, error), key string) (v T, ok bool) {
	v, ok, err := get(key)
	if err != nil && r.err == nil {
		r.err = err
	}
	return v, ok && err == nil
}

func (r *reader) text(key string) string {
	v, _ := read(r, r.m.String, key)
	return v
}

func (r *reader) texts(key string) []string {
	v, _ := read(r, r.m.Strings, key)
	return v
}

func (r *reader) required(key string) []string {
	v, ok := read(r, r.m.Strings, key)
	if !ok && r.err == nil {
		r.err = fmt.Errorf("%w: no key %q", ErrInvalid, key)
	}
	return v
}

func (r *reader) scores(key string) []float32 {
	v, _ := read(r, r.m.Floats, key)
	return v
}

func (r *reader) types(key string) []int32 {
	v, ok := read(r, r.m.Ints, key)
	if !ok {
		return nil
	}
	types := make([]int32, len(v))
	for i, x := range v {
		if x == int64(int32(x)) { // others are no type there is, like 0
			types[i] = int32(x)
		}
	}
	return types
}

// id is the token that the first of keys to be there names.
func (r *reader) id(missing ID, keys ...string) ID {
	for _, key := range keys {
		v, ok := read(r, r.m.Uint, key)
		if !ok {
			continue
		}
		if v > math.MaxInt32 {
			r.err = fmt.Errorf("%w: %q is %d", ErrInvalid, key, v)
			return missing
		}
		return ID(v)
	}
	return missing
}

// token is id where the vocabulary has such a token, else None.
func (r *reader) token(id ID, c Config) ID {
	if int(id) < len(c.Tokens) {
		return id
	}
	return None
}

func (r *reader) flag(key string, missing bool) bool {
	if v, ok := read(r, r.m.Bool, key); ok {
		return v
	}
	return missing
}
