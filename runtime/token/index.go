package token

import (
	"hash/maphash"
	"math/bits"
	"slices"
)

// textIndex finds the id of a token by its text. It is an open-addressing hash
// table over texts that it does not own; the seed is random, so that no file
// can be made to collide.
type textIndex struct {
	texts []string
	slots []textSlot
	seed  maphash.Seed

	unique bool // all texts differ
}

type textSlot struct {
	hash uint32
	id   ID // -1: free
}

// newTextIndex indexes texts by position. Of equal texts the last one is found.
func newTextIndex(texts []string) *textIndex {
	x := &textIndex{texts: slices.Clip(texts), seed: maphash.MakeSeed(), unique: true}
	x.grow(len(texts))
	return x
}

// grow makes room for n texts and inserts those there are.
func (x *textIndex) grow(n int) {
	x.slots = make([]textSlot, tableSize(n))
	for i := range x.slots {
		x.slots[i].id = -1
	}
	for id, text := range x.texts {
		x.insert(text, ID(id))
	}
}

func (x *textIndex) insert(text string, id ID) {
	h := maphash.String(x.seed, text)
	for i := x.slot(h); ; i = (i + 1) & (len(x.slots) - 1) {
		s := &x.slots[i]
		if s.id < 0 || s.hash == uint32(h) && x.texts[s.id] == text {
			x.unique = x.unique && s.id < 0
			*s = textSlot{hash: uint32(h), id: id}
			return
		}
	}
}

// add appends a text that is not there yet and returns its id.
func (x *textIndex) add(text string) ID {
	id := ID(len(x.texts))
	x.texts = append(x.texts, text)
	if tableSize(len(x.texts)) > len(x.slots) {
		x.grow(2 * len(x.texts))
	} else {
		x.insert(text, id)
	}
	return id
}

// find returns the id of text, -1 where there is none.
func (x *textIndex) find(text string) ID {
	h := maphash.String(x.seed, text)
	for i := x.slot(h); ; i = (i + 1) & (len(x.slots) - 1) {
		s := x.slots[i]
		if s.id < 0 || s.hash == uint32(h) && x.texts[s.id] == text {
			return s.id
		}
	}
}

// findBytes is find.
func (x *textIndex) findBytes(text []byte) ID {
	h := maphash.Bytes(x.seed, text)
	for i := x.slot(h); ; i = (i + 1) & (len(x.slots) - 1) {
		s := x.slots[i]
		if s.id < 0 || s.hash == uint32(h) && x.texts[s.id] == string(text) {
			return s.id
		}
	}
}

// slot is where the search for hash h begins: its upper bits, since the slots
// keep the lower ones.
func (x *textIndex) slot(h uint64) int { return int(h>>32) & (len(x.slots) - 1) }

// mergeIndex finds a merge by the pair of symbols it joins: an open-addressing
// hash table keyed by the pair.
type mergeIndex struct {
	slots []mergeSlot
	seed  uint64
}

type mergeSlot struct {
	left, right ID // left -1: free
	rank        uint32
}

// newMergeIndex makes room for n merges.
func newMergeIndex(n int) *mergeIndex {
	x := &mergeIndex{
		slots: make([]mergeSlot, tableSize(n)),
		seed:  maphash.String(maphash.MakeSeed(), "") | 1,
	}
	for i := range x.slots {
		x.slots[i].left = -1
	}
	return x
}

// insert adds a merge. Of several merges of one pair the first one counts.
func (x *mergeIndex) insert(m mergeSlot) {
	if s := x.find(m.left, m.right); s.left < 0 {
		*s = m
	}
}

// find returns the merge of the pair, or the free slot where it would be.
func (x *mergeIndex) find(left, right ID) *mergeSlot {
	hi, lo := bits.Mul64(uint64(uint32(left))<<32|uint64(uint32(right)), x.seed)
	for i := int(hi^lo) & (len(x.slots) - 1); ; i = (i + 1) & (len(x.slots) - 1) {
		s := &x.slots[i]
		if s.left < 0 || s.left == left && s.right == right {
			return s
		}
	}
}

// tableSize is the power of two that leaves at least a third of the slots free
// for n entries.
func tableSize(n int) int { return 1 << bits.Len(uint(n+n/2)) }
