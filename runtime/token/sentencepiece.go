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
	ranks       []uint32 // of the tokens by their scores: 0 for the highest
	bytes       [256]ID
	longest     int       // bytes of the longest token
	joins       [256]bool // bytes that precede a blank within some token
	spacePrefix bool
}

func newSentencePiece(index *textIndex, c Config) (*sentencePiece, error) {
	s := &sentencePiece{index: index, ranks: make([]uint32, len(c.Scores)), spacePrefix: c.AddSpacePrefix}
	if err := s.rank(c.Scores); err != nil {
		return nil, err
	}
	for _, text := range index.texts {
		s.longest = max(s.longest, len(text))
		s.noteJoins(text)
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
			return nil, fmt.Errorf("%w: no token for byte 0x%02X, and no UNK token", ErrInvalid, b)
		}
		s.bytes[b] = id
	}
	return s, nil
}

// rank numbers the scores in descending order; equal ones share a number.
func (s *sentencePiece) rank(scores []float32) error {
	order := make([]uint64, len(scores)) // score, descending, << 32 | token
	for i, score := range scores {
		if score != score {
			return fmt.Errorf("%w: the score of token %d is not a number", ErrInvalid, i)
		}
		order[i] = uint64(descending(score))<<32 | uint64(i)
	}
	slices.Sort(order)
	rank := uint32(0)
	for i, o := range order {
		if i > 0 && o>>32 != order[i-1]>>32 {
			rank++
		}
		s.ranks[uint32(o)] = rank
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
	r := &sentencePieceRun{sentencePiece: s, text: strings.ReplaceAll(text, " ", blank), merger: m}
	m.reset()
	for i := 0; i < len(r.text); {
		end := min(i+charLen(r.text[i]), len(r.text))
		// No token spans this place, so that what is before it is done.
		if i > 0 && r.text[i:end] == blank && !s.joins[r.text[i-1]] {
			dst = r.finish(dst)
		}
		m.add(i, end, None)
		i = end
	}
	return r.finish(dst)
}

// sentencePieceRun is one text on its way.
type sentencePieceRun struct {
	*sentencePiece
	text   string
	merger *merger
}

// finish merges the symbols there are, appends their tokens and clears them.
func (r *sentencePieceRun) finish(dst []ID) []ID {
	m := r.merger
	m.run(r, len(r.ranks))
	for i := int32(0); i >= 0; i = m.symbols[i].next {
		s := &m.symbols[i]
		id := s.id
		if id == None {
			id = r.index.find(r.text[s.start:s.end])
		}
		if id >= 0 {
			dst = append(dst, id)
			continue
		}
		for j := s.start; j < s.end; j++ {
			dst = append(dst, r.bytes[r.text[j]])
		}
	}
	m.reset()
	return dst
}

// pair implements [pairs].
func (r *sentencePieceRun) pair(left, right *symbol) (uint32, ID) {
	if int(right.end-left.start) > r.longest {
		return noRank, None
	}
	if id := r.index.find(r.text[left.start:right.end]); id >= 0 {
		return r.ranks[id], id
	}
	return noRank, None
}
