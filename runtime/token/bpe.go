package token

import (
	"fmt"
	"slices"
	"strings"
)

// bpe is byte-level byte pair encoding. Texts of the vocabulary write each byte
// as a printable character; a word starts as one symbol a byte, and the
// merges join neighbouring symbols in the order of the list.
//
// Symbols are numbered like tokens; what merges make but the vocabulary lacks
// has numbers above the tokens'.
type bpe struct {
	index        *textIndex
	merges       *mergeIndex
	size         ID   // of the vocabulary
	joined       []ID // by rank: the symbol that the merge makes
	symbols      [256]ID
	asTokens     [256]ID // tokens whose text is this one byte, -1: none
	split        pretokenizer
	ignoreMerges bool
}

func newBPE(index *textIndex, merges []string, p preset) (*bpe, error) {
	b := &bpe{
		index: index, merges: newMergeIndex(len(merges)), size: ID(len(index.texts)), joined: make([]ID, len(merges)),
		split: p.split, ignoreMerges: p.ignoreMerges,
	}
	for c := range 256 {
		b.asTokens[c] = index.find(string([]byte{byte(c)}))
	}
	for c := range 256 {
		b.symbols[c] = b.symbol(byteChars[c])
	}
	made := None
	for rank, merge := range merges {
		left, right, ok := cutMerge(merge)
		if !ok {
			return nil, fmt.Errorf("%w: key %q: merge %d is %.100q, not two parts with a space between", ErrInvalid, "tokenizer.ggml.merges", rank, merge)
		}
		b.merges.insert(mergeSlot{left: b.symbol(left), right: b.symbol(right), rank: uint32(rank)})
		made = b.joinedSymbol(left, right, made)
		b.joined[rank] = made
	}
	return b, nil
}

func cutMerge(merge string) (left, right string, ok bool) {
	left, right, ok = strings.Cut(merge, " ")
	return left, right, ok && left != "" && right != "" && !strings.Contains(right, " ")
}

// symbol returns the number of the symbol with a text, a higher one than any
// before where there is none.
func (b *bpe) symbol(text string) ID {
	if id := b.index.find(text); id >= 0 {
		return id
	}
	return b.index.add(text)
}

// joinedSymbol is the symbol of left+right. Vocabularies number tokens in the
// order of the merges that make them, so that it is looked for at and after
// the one that the merge before made.
func (b *bpe) joinedSymbol(left, right string, before ID) ID {
	if before >= 0 && b.index.unique {
		for _, text := range b.index.texts[before:min(int(before)+2, len(b.index.texts))] {
			if len(text) == len(left)+len(right) && text[:len(left)] == left && text[len(left):] == right {
				return before
			}
			before++
		}
	}
	return b.symbol(left + right)
}

func (b *bpe) encode(dst []ID, text string, _ bool, m *merger) []ID {
	var written []byte
	b.split(repairUTF8(text), func(word string) {
		if b.ignoreMerges {
			written = written[:0]
			for i := range len(word) {
				written = append(written, byteChars[word[i]]...)
			}
			if id := b.index.findBytes(written); id >= 0 && id < b.size {
				dst = append(dst, id)
				return
			}
		}
		dst = b.encodeWord(dst, word, m)
	})
	return dst
}

func (b *bpe) encodeWord(dst []ID, word string, m *merger) []ID {
	m.reset()
	m.symbols = slices.Grow(m.symbols, len(word))
	for i := range len(word) {
		m.add(b.symbols[word[i]])
	}
	m.run(b)
	for i := int32(0); i >= 0; i = m.symbols[i].next {
		if id := m.symbols[i].value; id < b.size {
			dst = append(dst, id)
		} else {
			dst = b.spell(dst, b.index.texts[id])
		}
	}
	return dst
}

// spell appends the tokens of the bytes of a symbol that is no token, as far
// as there are any.
func (b *bpe) spell(dst []ID, text string) []ID {
	for i := range len(text) {
		if id := b.asTokens[text[i]]; id >= 0 {
			dst = append(dst, id)
		}
	}
	return dst
}

// bpe is the [ranker] of symbols whose values are their numbers.

func (b *bpe) rank(symbols []symbol, i int32) uint32 {
	s := &symbols[i]
	if m := b.merges.find(s.value, symbols[s.next].value); m.left >= 0 {
		return m.rank
	}
	return noRank
}

func (b *bpe) merged(s symbol) int32 { return b.joined[s.rank] }

func (b *bpe) ranks() int { return len(b.joined) }

// byteChars are the characters that byte-level vocabularies write for bytes:
// itself where the byte is a printable character of Latin-1, the characters
// from U+0100 on in order for the others.
var byteChars = func() (t [256]string) {
	next := rune(256)
	for c := range rune(256) {
		if printableLatin1(c) {
			t[c] = string(c)
		} else {
			t[c] = string(next)
			next++
		}
	}
	return t
}()

func printableLatin1(c rune) bool {
	return '!' <= c && c <= '~' || '¡' <= c && c <= '¬' || '®' <= c && c <= 'ÿ'
}
