package token

import (
	"cmp"
	"fmt"
	"slices"
)

// specialMatcher finds the texts of special tokens in a text.
//
// The longest token goes first, wherever it is, and its occurrences are taken
// from left to right; then the next longest finds its own in what is left, and
// so on. To do that for all tokens at once, an Aho-Corasick automaton of the
// reversed texts reads the text from its end: after each byte it knows the
// longest token that begins there. (Aho and Corasick, "Efficient string
// matching: an aid to bibliographic search", 1975.)
type specialMatcher struct {
	tokens []specialToken // the longest first
	nodes  []matchNode    // a trie of the reversed texts; node 0 is the root
	first  [256]int32     // the root's children, 0: none
}

type specialToken struct {
	id     ID
	length int32
	hidden bool  // found only where special tokens are parsed
	prefix int32 // the longest other token that this one begins with, -1: none
	shown  int32 // the longest token that is not hidden and that this one begins with or is, -1: none
}

type matchNode struct {
	child, sibling int32 // 0: none
	fail           int32 // the node of the longest proper suffix that is in the trie
	token          int32 // the longest token that is a suffix, -1: none
	label          byte
}

// maxSpecialText bounds the automaton, which takes some twenty times the
// length of the texts. Vocabularies have under a megabyte of them.
const maxSpecialText = 4 << 20

func newSpecialMatcher(texts []string, attrs []attr) (*specialMatcher, error) {
	a := &specialMatcher{nodes: []matchNode{{token: -1}}}
	total := 0
	for id, at := range attrs {
		if at&(control|userDefined|unknown) == 0 {
			continue
		}
		a.tokens = append(a.tokens, specialToken{
			id: ID(id), length: int32(len(texts[id])), hidden: at&(control|unknown) != 0, prefix: -1,
		})
		if total += len(texts[id]); total > maxSpecialText {
			return nil, fmt.Errorf("%w: key %q: special tokens of more than %d bytes", ErrInvalid, "tokenizer.ggml.tokens", maxSpecialText)
		}
	}
	slices.SortStableFunc(a.tokens, func(x, y specialToken) int { return cmp.Compare(y.length, x.length) })
	ends := make([]int32, len(a.tokens))
	for i, s := range a.tokens {
		ends[i] = a.insert(texts[s.id], int32(i))
	}
	a.link()
	for i := int32(len(ends)) - 1; i >= 0; i-- {
		s := &a.tokens[i]
		s.prefix = a.nodes[a.nodes[ends[i]].fail].token
		switch {
		case !s.hidden:
			s.shown = i
		case s.prefix >= 0:
			s.shown = a.tokens[s.prefix].shown // set, since it is shorter
		default:
			s.shown = -1
		}
	}
	return a, nil
}

// insert adds a reversed text to the trie and returns its last node.
func (a *specialMatcher) insert(text string, token int32) int32 {
	node := int32(0)
	for i := len(text) - 1; i >= 0; i-- {
		next := a.child(node, text[i])
		if next == 0 {
			next = int32(len(a.nodes))
			a.nodes = append(a.nodes, matchNode{token: -1, label: text[i]})
			if node == 0 {
				a.first[text[i]] = next
			}
			a.nodes[next].sibling = a.nodes[node].child
			a.nodes[node].child = next
		}
		node = next
	}
	if a.nodes[node].token < 0 {
		a.nodes[node].token = token
	}
	return node
}

func (a *specialMatcher) child(node int32, label byte) int32 {
	if node == 0 {
		return a.first[label]
	}
	next := a.nodes[node].child
	for next != 0 && a.nodes[next].label != label {
		next = a.nodes[next].sibling
	}
	return next
}

// link sets fail, breadth first, and what it brings to token.
func (a *specialMatcher) link() {
	queue := make([]int32, 1, len(a.nodes))
	for len(queue) > 0 {
		parent := queue[0]
		queue = queue[1:]
		for n := a.nodes[parent].child; n != 0; n = a.nodes[n].sibling {
			queue = append(queue, n)
			if parent != 0 {
				a.nodes[n].fail = a.step(a.nodes[parent].fail, a.nodes[n].label)
			}
			if a.nodes[n].token < 0 {
				a.nodes[n].token = a.nodes[a.nodes[n].fail].token
			}
		}
	}
}

// step reads one byte.
func (a *specialMatcher) step(node int32, label byte) int32 {
	for {
		if next := a.child(node, label); next != 0 || node == 0 {
			return next
		}
		node = a.nodes[node].fail
	}
}

// findable is the longest of token and the tokens it begins with that may be
// found, -1: none.
func (a *specialMatcher) findable(token int32, parseSpecial bool) int32 {
	if token < 0 || parseSpecial {
		return token
	}
	return a.tokens[token].shown
}

// split yields the text in order, in fragments between special tokens, with id
// [None], and the special tokens. Hidden ones are found only with parseSpecial.
func (a *specialMatcher) split(text string, parseSpecial bool, yield func(fragment string, id ID)) {
	start := 0
	for _, f := range a.find(text, parseSpecial) {
		if f.start > start {
			yield(text[start:f.start], None)
		}
		s := a.tokens[f.token]
		yield("", s.id)
		start = f.start + int(s.length)
	}
	if start < len(text) {
		yield(text[start:], None)
	}
}

type foundToken struct {
	start int
	token int32
}

// find returns the special tokens of text in order.
func (a *specialMatcher) find(text string, parseSpecial bool) []foundToken {
	candidates := a.candidates(text, parseSpecial)
	if len(candidates.front) == 0 {
		return nil
	}
	candidates.order()
	var found []foundToken
	taken := make([]bool, len(text))
	for c, ok := candidates.pop(); ok; c, ok = candidates.pop() {
		start, token := int(uint32(c)), int32(c>>32)
		if taken[start] {
			continue
		}
		// What is taken is at least as long, so that it covers an end of what it overlaps.
		fits := token
		for fits >= 0 && taken[start+int(a.tokens[fits].length)-1] {
			fits = a.findable(a.tokens[fits].prefix, parseSpecial)
		}
		if fits != token {
			if fits >= 0 {
				candidates.push(uint64(fits)<<32 | uint64(start))
			}
			continue
		}
		for i := range a.tokens[token].length {
			taken[start+int(i)] = true
		}
		found = append(found, foundToken{start, token})
	}
	slices.SortFunc(found, func(x, y foundToken) int { return cmp.Compare(x.start, y.start) })
	return found
}

// candidates are token<<32 | start: the longest token that begins there.
func (a *specialMatcher) candidates(text string, parseSpecial bool) (q queue) {
	q.reset(0, len(a.tokens))
	node := int32(0)
	for i := len(text) - 1; i >= 0; i-- {
		node = a.step(node, text[i])
		if token := a.findable(a.nodes[node].token, parseSpecial); token >= 0 {
			q.add(uint64(token)<<32 | uint64(i))
		}
	}
	return q
}
