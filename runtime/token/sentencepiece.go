package token

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// blank is how SentencePiece writes a space: U+2581, lower one eighth block.
const blank = "▁"

// sentencePiece is SentencePiece's BPE: a text starts as one symbol a
// character, and neighbours join where what they spell is a token, the one
// with the highest score first. Characters that stay alone and are no token
// become the tokens of their bytes.
type sentencePiece struct {
	index       *textIndex
	tokenRanks  []uint32           // of the tokens by their scores: 0 for the highest
	asciiRanks  [asciiPairs]uint32 // of the tokens of two ASCII characters
	bytes       [256]ID
	longest     int       // bytes of the longest token
	joins       [256]bool // bytes that precede a blank within some token
	spacePrefix bool
}

const asciiPairs = 128 * 128

func newSentencePiece(index *textIndex, c Config) (*sentencePiece, error) {
	s := &sentencePiece{index: index, tokenRanks: make([]uint32, len(c.Scores)), spacePrefix: c.AddSpacePrefix}
	if err := s.rankScores(c.Scores); err != nil {
		return nil, err
	}
	for _, text := range index.texts {
		s.longest = max(s.longest, len(text))
		s.noteJoins(text)
	}
	for i := range s.asciiRanks {
		s.asciiRanks[i] = s.rankOf(string([]byte{byte(i >> 7), byte(i & 127)}))
	}
	for b := range s.bytes {
		id := index.find(fmt.Sprintf("<0x%02X>", b))
		if id < 0 {
			id = index.find(string([]byte{byte(b)}))
		}
		if id < 0 {
			id = c.UNK
		}
		if id == None {
			return nil, fmt.Errorf("%w: key %q: no token for byte 0x%02X, and no UNK token", ErrInvalid, "tokenizer.ggml.tokens", b)
		}
		s.bytes[b] = id
	}
	return s, nil
}

// rankScores numbers the scores in descending order; equal ones share a number.
func (s *sentencePiece) rankScores(scores []float32) error {
	order := make([]uint64, len(scores)) // score, descending, << 32 | token
	for i, score := range scores {
		if score != score {
			return fmt.Errorf("%w: key %q: the score of token %d is not a number", ErrInvalid, "tokenizer.ggml.scores", i)
		}
		order[i] = uint64(descending(score))<<32 | uint64(i)
	}
	slices.Sort(order)
	rank := uint32(0)
	for i, o := range order {
		if i > 0 && o>>32 != order[i-1]>>32 {
			rank++
		}
		s.tokenRanks[uint32(o)] = rank
	}
	return nil
}

// descending maps numbers to numbers in the opposite order; both zeros are equal.
func descending(score float32) uint32 {
	bits := math.Float32bits(score)
	switch {
	case score == 0:
		return ^uint32(1 << 31)
	case bits>>31 != 0:
		return bits
	}
	return ^(bits | 1<<31)
}

func (s *sentencePiece) rankOf(text string) uint32 {
	if id := s.index.find(text); id >= 0 {
		return s.tokenRanks[id]
	}
	return noRank
}

func (s *sentencePiece) noteJoins(text string) {
	for from := 1; from < len(text); {
		i := strings.Index(text[from:], blank)
		if i < 0 {
			return
		}
		s.joins[text[from+i-1]] = true
		from += i + 1
	}
}

func (s *sentencePiece) encode(dst []ID, text string, first bool, m *merger) []ID {
	if first && s.spacePrefix {
		text = " " + text
	}
	r := &sentencePieceRun{sentencePiece: s, text: strings.ReplaceAll(text, " ", blank)}
	m.reset()
	for i := 0; i < len(r.text); {
		end := min(i+charLen(r.text[i]), len(r.text))
		// No token spans this place, so that what is before it can be done alone.
		if i > 0 && r.text[i:end] == blank && !s.joins[r.text[i-1]] {
			dst = r.finish(dst, i, m)
		}
		m.add(int32(i))
		i = end
	}
	return r.finish(dst, len(r.text), m)
}

// sentencePieceRun is the [ranker] of one text's symbols, whose values are
// where they start.
type sentencePieceRun struct {
	*sentencePiece
	text string
	end  int // of the symbols
}

// finish merges the symbols there are, appends their tokens and clears them.
func (r *sentencePieceRun) finish(dst []ID, end int, m *merger) []ID {
	r.end = end
	m.run(r)
	for i := int32(0); i >= 0; i = m.symbols[i].next {
		spelled := r.text[m.symbols[i].value:r.endOf(m.symbols, i)]
		if id := r.index.find(spelled); id >= 0 {
			dst = append(dst, id)
			continue
		}
		for j := range len(spelled) {
			dst = append(dst, r.bytes[spelled[j]])
		}
	}
	m.reset()
	return dst
}

func (r *sentencePieceRun) endOf(symbols []symbol, i int32) int {
	if next := symbols[i].next; next >= 0 {
		return int(symbols[next].value)
	}
	return r.end
}

func (r *sentencePieceRun) rank(symbols []symbol, i int32) uint32 {
	start, end := int(symbols[i].value), r.endOf(symbols, symbols[i].next)
	if end-start > r.longest {
		return noRank
	}
	spelled := r.text[start:end]
	if len(spelled) == 2 && spelled[0]|spelled[1] < 128 {
		return r.asciiRanks[int(spelled[0])<<7|int(spelled[1])]
	}
	return r.rankOf(spelled)
}

func (r *sentencePieceRun) merged(s symbol) int32 { return s.value }

func (r *sentencePieceRun) ranks() int { return len(r.tokenRanks) }
