package token

import "slices"

// symbol is a run of bytes of a word that merges with its neighbours. The
// symbols of a word are a doubly linked list in an array, small since long words
// are walked in no order that a cache could foresee.
type symbol struct {
	value      int32 // what the model knows it by
	prev, next int32 // -1: none
	rank       uint32
}

// noRank is the rank of a symbol that does not merge with the next one.
const noRank = ^uint32(0)

// ranker says which neighbours merge, and when.
type ranker interface {
	// rank is that of symbol i with the next one, which there is: lower ranks
	// merge first, noRank not at all.
	rank(symbols []symbol, i int32) uint32
	// merged returns the value of symbol s when it has taken in the next one.
	merged(s symbol) int32
	// ranks is above all ranks but noRank.
	ranks() int
}

// merger joins neighbouring symbols, best pair first.
type merger struct {
	symbols []symbol
	queue   queue // of rank<<32 | symbol: the lowest rank first, the leftmost among equals
}

func (m *merger) reset() { m.symbols = m.symbols[:0] }

// add appends a symbol to the word.
func (m *merger) add(value int32) {
	n := int32(len(m.symbols))
	if n > 0 {
		m.symbols[n-1].next = n
	}
	if len(m.symbols) == cap(m.symbols) {
		m.symbols = slices.Grow(m.symbols, max(32, len(m.symbols)))
	}
	m.symbols = append(m.symbols, symbol{value: value, prev: n - 1, next: -1, rank: noRank})
}

// run merges until no pair of neighbours has a rank. What is queued is not
// removed when a merge changes its pair: it is out of date where the symbol's
// rank differs. What is left is the list that starts at symbol 0.
func (m *merger) run(r ranker) {
	m.queue.reset(len(m.symbols), r.ranks())
	for i := range len(m.symbols) - 1 {
		rank := r.rank(m.symbols, int32(i))
		m.symbols[i].rank = rank
		if rank != noRank {
			m.queue.add(uint64(rank)<<32 | uint64(i))
		}
	}
	m.queue.order()
	for {
		top, ok := m.queue.pop()
		if !ok {
			if !m.queue.refill() {
				return
			}
			m.dropOutdated()
			m.queue.order()
			continue
		}
		i := int32(uint32(top))
		s := &m.symbols[i]
		if s.rank != uint32(top>>32) {
			continue
		}
		gone := &m.symbols[s.next]
		gone.rank = noRank
		s.value, s.next = r.merged(*s), gone.next
		if s.next >= 0 {
			m.symbols[s.next].prev = i
		}
		m.update(r, i)
		if s.prev >= 0 {
			m.update(r, s.prev)
		}
	}
}

// dropOutdated removes what is out of date from the front of the queue. It
// also brings the symbols into the cache, many at a time, before they are
// needed one after the other.
func (m *merger) dropOutdated() {
	m.queue.front = slices.DeleteFunc(m.queue.front, func(key uint64) bool {
		return m.symbols[uint32(key)].rank != uint32(key>>32)
	})
}

// update ranks symbol i with the one after it.
func (m *merger) update(r ranker, i int32) {
	s := &m.symbols[i]
	s.rank = noRank
	if s.next < 0 {
		return
	}
	if s.rank = r.rank(m.symbols, i); s.rank != noRank {
		m.queue.push(uint64(s.rank)<<32 | uint64(i))
	}
}
