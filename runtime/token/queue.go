package token

import "math/bits"

// queue is a priority queue of keys, the smallest first. It is a heap for the
// keys up to some bound; of those above, it keeps ranges apart, unordered, until
// their turn comes. A text that is one long word would have a heap of a
// million keys, out of the reach of the caches.
type queue struct {
	now   heap
	later [][]uint64 // by key >> shift
	next  int        // the first range in later; what is below is in now
	shift int
}

const (
	queueRangeBits = 12
	queueRanges    = 1 << queueRangeBits
	queueThreshold = 4096 // keys for which one heap is good enough
)

// reset empties the queue for about n keys whose upper 32 bits are below ranks.
func (q *queue) reset(n, ranks int) {
	q.now = q.now[:0]
	q.next = queueRanges
	q.shift = 32 + max(0, bits.Len(uint(ranks))-queueRangeBits)
	if n <= queueThreshold {
		return
	}
	if q.later == nil {
		q.later = make([][]uint64, queueRanges)
	}
	q.next = 0
}

// add is push before the heap is in order: init must follow.
func (q *queue) add(key uint64) {
	if r := int(key >> q.shift); r >= q.next {
		q.later[r] = append(q.later[r], key)
	} else {
		q.now = append(q.now, key)
	}
}

func (q *queue) push(key uint64) {
	if r := int(key >> q.shift); r >= q.next {
		q.later[r] = append(q.later[r], key)
	} else {
		q.now.push(key)
	}
}

// pop removes the smallest key; ok is false where there is none.
func (q *queue) pop() (key uint64, ok bool) {
	for len(q.now) == 0 {
		if q.next == queueRanges {
			return 0, false
		}
		q.now, q.later[q.next] = q.later[q.next], q.now
		q.now.init()
		q.next++
	}
	return q.now.pop(), true
}

// heap is a priority queue of numbers, the smallest on top: a 4-ary heap,
// which is half as deep as a binary one and keeps siblings in one cache line.
type heap []uint64

// init orders arbitrary contents in linear time.
func (h heap) init() {
	for i := (len(h) - 2) >> 2; i >= 0; i-- {
		h.down(i)
	}
}

func (h *heap) push(v uint64) {
	*h = append(*h, v)
	a := *h
	i := len(a) - 1
	for i > 0 {
		up := (i - 1) >> 2
		if a[up] <= v {
			break
		}
		a[i] = a[up]
		i = up
	}
	a[i] = v
}

func (h *heap) pop() uint64 {
	a := *h
	top := a[0]
	last := len(a) - 1
	a[0] = a[last]
	*h = a[:last]
	h.down(0)
	return top
}

func (h heap) down(i int) {
	if i >= len(h) {
		return
	}
	v := h[i]
	for {
		child := 4*i + 1
		if child >= len(h) {
			break
		}
		least := child
		for j := child + 1; j < min(child+4, len(h)); j++ {
			if h[j] < h[least] {
				least = j
			}
		}
		if v <= h[least] {
			break
		}
		h[i] = h[least]
		i = least
	}
	h[i] = v
}
