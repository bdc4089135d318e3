package token

// symbol is a run of bytes of the text that merges with its neighbours. The
// symbols of a word are a doubly linked list in an array.
type symbol struct {
	start, end int32 // its bytes in the text
	prev, next int32 // -1: none
	id         ID    // -1: not looked up
	pair       ID    // what it becomes when it merges with the next one
	rank       uint32
}

// noRank is the rank of a symbol that cannot merge with the next one.
const noRank = ^uint32(0)

// merger joins neighbouring symbols, best pair first.
type merger struct {
	symbols []symbol
	queue   queue // of rank<<32 | symbol: the lowest rank first, the leftmost among equals
}

// pairs says what two neighbouring symbols merge into, and how early: lower
// ranks first. The rank is noRank where they do not merge.
type pairs interface {
	pair(left, right *symbol) (rank uint32, id ID)
}

func (m *merger) reset() { m.symbols = m.symbols[:0] }

// add appends a symbol to the word.
func (m *merger) add(start, end int, id ID) {
	n := int32(len(m.symbols))
	if n > 0 {
		m.symbols[n-1].next = n
	}
	m.symbols = append(m.symbols, symbol{
		start: int32(start), end: int32(end), prev: n - 1, next: -1, id: id, rank: noRank,
	})
}

// run merges until no pair of neighbours has a rank; all ranks are below ranks. What is
// queued is not removed when a merge changes its pair: it is out of date
// where the symbol's rank differs. What is left is the list that starts at symbol 0.
func (m *merger) run(p pairs, ranks int) {
	m.queue.reset(len(m.symbols), ranks)
	for i := range len(m.symbols) - 1 {
		s := &m.symbols[i]
		if s.rank, s.pair = p.pair(s, &m.symbols[i+1]); s.rank != noRank {
			m.queue.add(uint64(s.rank)<<32 | uint64(i))
		}
	}
	m.queue.now.init()
	for {
		top, ok := m.queue.pop()
		if !ok {
			return
		}
		i := int32(uint32(top))
		s := &m.symbols[i]
		if s.rank != uint32(top>>32) {
			continue
		}
		gone := &m.symbols[s.next]
		gone.rank = noRank
		s.end, s.id, s.next = gone.end, s.pair, gone.next
		if s.next >= 0 {
			m.symbols[s.next].prev = i
		}
		m.update(p, i)
		if s.prev >= 0 {
			m.update(p, s.prev)
		}
	}
}

// update ranks symbol i with the one after it.
func (m *merger) update(p pairs, i int32) {
	s := &m.symbols[i]
	s.rank = noRank
	if s.next < 0 {
		return
	}
	if s.rank, s.pair = p.pair(s, &m.symbols[s.next]); s.rank != noRank {
		m.queue.push(uint64(s.rank)<<32 | uint64(i))
	}
}
