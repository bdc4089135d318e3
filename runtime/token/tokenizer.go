package token

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// ID is the number of a token: its index in the vocabulary.
type ID = int32

// None is the ID of a special token that a vocabulary does not have.
const None ID = -1

var (
	// ErrUnsupported is a tokenizer model or pre-tokenizer that this package does not know.
	ErrUnsupported = errors.New("unsupported tokenizer")
	// ErrInvalid is a vocabulary that contradicts itself.
	ErrInvalid = errors.New("invalid vocabulary")
)

// Types of tokens, as tokenizer.ggml.token_type numbers them. Any other number
// is a token that is never rendered.
const (
	TypeNormal      = 1
	TypeUnknown     = 2
	TypeControl     = 3
	TypeUserDefined = 4
	TypeUnused      = 5
	TypeByte        = 6
)

// Config is a vocabulary and how to use it. Tokens and Merges are kept and must
// not change afterwards. An id may be [None].
type Config struct {
	Model string // tokenizer.ggml.model: "gpt2" (byte-level BPE) or "llama" (SentencePiece)
	Pre   string // tokenizer.ggml.pre: the pre-tokenizer of byte-level BPE; empty means "default"

	Tokens []string
	Scores []float32 // one per token; for SentencePiece only
	Types  []int32   // one per token; none: all are normal
	Merges []string  // "left right", the most frequent pair first; for byte-level BPE only

	BOS, EOS, UNK ID // beginning and end of a sequence, and what no token can spell
	EOT, EOM      ID // end of a turn and of a message

	// Fill in the middle: before, after and where to fill; padding, name of the
	// repository, and the separator of files. The last three end a generation.
	FIMPrefix, FIMSuffix, FIMMiddle, FIMPad, FIMRepo, FIMSeparator ID

	AddBOS, AddEOS bool // whether Encode adds them when asked for special tokens
	AddSpacePrefix bool // SentencePiece: a text begins with a space, which decoding takes away
}

// Tokenizer turns text into token ids and back. It never changes and is safe
// for concurrent use.
type Tokenizer struct {
	texts   []string
	attrs   []attr
	pieces  pieces
	special *specialMatcher
	model   model

	bos, eos       ID
	addBOS, addEOS bool
	addSpacePrefix bool
}

// model is an algorithm that spells text with tokens.
type model interface {
	// encode appends the ids of a text without special tokens. first says
	// that the text begins the sequence or follows a special token.
	encode(dst []ID, text string, first bool, m *merger) []ID
}

// New checks a vocabulary and prepares it for use. The error wraps [ErrInvalid] or
// [ErrUnsupported].
func New(c Config) (*Tokenizer, error) {
	t, err := build(c)
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	return t, nil
}

func build(c Config) (*Tokenizer, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	texts := nameEmpty(c.Tokens)
	index := newTextIndex(texts)
	t := &Tokenizer{
		texts: texts, attrs: c.attributes(index),
		bos: c.BOS, eos: c.EOS,
		addBOS: c.AddBOS, addEOS: c.AddEOS, addSpacePrefix: c.AddSpacePrefix,
	}
	var err error
	if t.special, err = newSpecialMatcher(texts, t.attrs); err != nil {
		return nil, err
	}
	byteLevel := c.Model == modelBPE
	if t.pieces, err = newPieces(texts, t.attrs, byteLevel); err != nil {
		return nil, err
	}
	if byteLevel {
		t.model, err = newBPE(index, c.Merges, presets[c.Pre])
	} else {
		t.model, err = newSentencePiece(index, c)
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// The values of tokenizer.ggml.model.
const (
	modelBPE           = "gpt2"
	modelSentencePiece = "llama"
)

// check refuses what the vocabulary's numbers say about each other.
func (c *Config) check() error {
	n := len(c.Tokens)
	if n == 0 {
		return fmt.Errorf("%w: key %q: no tokens", ErrInvalid, "tokenizer.ggml.tokens")
	}
	if n > math.MaxInt32/2 {
		return fmt.Errorf("%w: key %q: %d tokens", ErrInvalid, "tokenizer.ggml.tokens", n)
	}
	if c.Types != nil && len(c.Types) != n {
		return fmt.Errorf("%w: key %q: %d token types for %d tokens", ErrInvalid, "tokenizer.ggml.token_type", len(c.Types), n)
	}
	switch c.Model {
	case modelBPE:
		if _, ok := presets[c.Pre]; !ok {
			return fmt.Errorf("%w: key %q: pre-tokenizer %.100q", ErrUnsupported, "tokenizer.ggml.pre", c.Pre)
		}
	case modelSentencePiece:
		if len(c.Scores) != n {
			return fmt.Errorf("%w: key %q: %d scores for %d tokens", ErrInvalid, "tokenizer.ggml.scores", len(c.Scores), n)
		}
	default:
		return fmt.Errorf("%w: key %q: model %.100q", ErrUnsupported, "tokenizer.ggml.model", c.Model)
	}
	for _, s := range c.specialIDs() {
		if s.id != None && (s.id < 0 || int(s.id) >= n) {
			return fmt.Errorf("%w: key %q: %s token is %d, out of %d tokens", ErrInvalid, s.key, s.name, s.id, n)
		}
	}
	if c.AddBOS && c.BOS == None {
		return fmt.Errorf("%w: key %q: a BOS token is to be added but none is named", ErrInvalid, "tokenizer.ggml.add_bos_token")
	}
	if c.AddEOS && c.EOS == None {
		return fmt.Errorf("%w: key %q: an EOS token is to be added but none is named", ErrInvalid, "tokenizer.ggml.add_eos_token")
	}
	return nil
}

type namedID struct {
	name, key string
	id        ID
}

func (c *Config) specialIDs() []namedID {
	return []namedID{
		{"BOS", "tokenizer.ggml.bos_token_id", c.BOS},
		{"EOS", "tokenizer.ggml.eos_token_id", c.EOS},
		{"UNK", "tokenizer.ggml.unknown_token_id", c.UNK},
		{"EOT", "tokenizer.ggml.eot_token_id", c.EOT},
		{"EOM", "tokenizer.ggml.eom_token_id", c.EOM},
		{"FIM prefix", "tokenizer.ggml.fim_pre_token_id", c.FIMPrefix},
		{"FIM suffix", "tokenizer.ggml.fim_suf_token_id", c.FIMSuffix},
		{"FIM middle", "tokenizer.ggml.fim_mid_token_id", c.FIMMiddle},
		{"FIM pad", "tokenizer.ggml.fim_pad_token_id", c.FIMPad},
		{"FIM repo", "tokenizer.ggml.fim_rep_token_id", c.FIMRepo},
		{"FIM separator", "tokenizer.ggml.fim_sep_token_id", c.FIMSeparator},
	}
}

// nameEmpty gives tokens without text one by which they can be told apart.
func nameEmpty(texts []string) []string {
	cloned := false
	for i, text := range texts {
		if text != "" {
			continue
		}
		if !cloned {
			texts, cloned = slices.Clone(texts), true
		}
		texts[i] = fmt.Sprintf("[EMPTY_%d]", i)
	}
	return texts
}

// Encode appends the ids of text to dst and returns the extended slice.
// addSpecial adds the BOS and EOS tokens that the model wants. parseSpecial
// makes the text of a control token (such as "<|im_end|>") that token;
// without it such text is spelled like any other, as text from outside should be. The
// text of user-defined tokens always becomes those tokens.
//
// Bytes that are not UTF-8 become byte tokens in SentencePiece and U+FFFD in byte-level BPE. What
// the vocabulary cannot spell becomes the UNK token in SentencePiece and is
// left out in byte-level BPE.
func (t *Tokenizer) Encode(dst []ID, text string, addSpecial, parseSpecial bool) []ID {
	if addSpecial && t.addBOS {
		dst = append(dst, t.bos)
	}
	dst = t.encode(dst, text, true, parseSpecial)
	if addSpecial && t.addEOS {
		dst = append(dst, t.eos)
	}
	return dst
}

// EncodeNext appends the ids of text as what follows the text of dst. Texts of
// special tokens are parsed.
func (t *Tokenizer) EncodeNext(dst []ID, text string) []ID {
	first := len(dst) == 0 || t.attrs[dst[len(dst)-1]]&(control|userDefined|unknown) != 0
	return t.encode(dst, text, first, true)
}

// encode appends the ids of text. first says that it begins the sequence or
// follows a special token.
func (t *Tokenizer) encode(dst []ID, text string, first, parseSpecial bool) []ID {
	var m merger
	t.special.split(text, parseSpecial, func(fragment string, id ID) {
		if id != None {
			dst = append(dst, id)
			first = true
			return
		}
		dst = t.model.encode(dst, fragment, first, &m)
		first = false
	})
	return dst
}

// Size is the number of tokens.
func (t *Tokenizer) Size() int { return len(t.texts) }

// Text is the token as the vocabulary writes it, empty where id is out of range.
func (t *Tokenizer) Text(id ID) string {
	if !t.has(id) {
		return ""
	}
	return t.texts[id]
}

// IsEOG reports whether the token ends a generation: the end of the sequence, turn or
// message, and the tokens whose texts are known to.
func (t *Tokenizer) IsEOG(id ID) bool { return t.has(id) && t.attrs[id]&endOfGeneration != 0 }

// BOS is the token that begins a sequence; ok is false where there is none.
func (t *Tokenizer) BOS() (id ID, ok bool) { return t.bos, t.bos != None }

// EOS is the token that ends a sequence; ok is false where there is none.
func (t *Tokenizer) EOS() (id ID, ok bool) { return t.eos, t.eos != None }

// AddsBOS reports whether Encode begins with BOS when it adds special tokens.
func (t *Tokenizer) AddsBOS() bool { return t.addBOS }

func (t *Tokenizer) has(id ID) bool { return id >= 0 && int(id) < len(t.texts) }
