package token

import (
	"math/bits"
	"slices"
)

// queue is a priority queue of keys, the smallest first. It has a front with
// the keys up to some bound, in order; of those above, it keeps ranges apart,
// unordered, until their turn comes. A text that is one long word would have a
// heap of a million keys, out of the reach of the caches.
//
// After reset and any number of add, order makes the front ready for push and
// pop. When the front is empty, refill and order go on with the next range.
type queue struct {
	front  []uint64 // from popped on sorted, but for what pushed holds
	popped int
	pushed heap // keys of the front that came after it was in order
	later  [][]uint64
	next   int // the first range in later, by key >> shift; what is below is in the front
	shift  int
}

const (
	queueRangeBits = 12
	queueRanges    = 1 << queueRangeBits
	queueThreshold = 4096 // keys that one range is good enough for
)

// reset empties the queue for about n keys whose upper 32 bits are below ranks.
func (q *queue) reset(n, ranks int) {
	q.front, q.popped, q.pushed = q.front[:0], 0, q.pushed[:0]
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

func (q *queue) add(key uint64) {
	if r := int(key >> q.shift); r >= q.next {
		q.later[r] = append(q.later[r], key)
	} else {
		q.front = append(q.front, key)
	}
}

func (q *queue) order() { slices.Sort(q.front) }

func (q *queue) push(key uint64) {
	if r := int(key >> q.shift); r >= q.next {
		q.later[r] = append(q.later[r], key)
	} else {
		q.pushed.push(key)
	}
}

// pop removes the smallest key; ok is false where the front is empty.
func (q *queue) pop() (key uint64, ok bool) {
	switch {
	case q.popped < len(q.front) && (len(q.pushed) == 0 || q.front[q.popped] < q.pushed[0]):
		q.popped++
		return q.front[q.popped-1], true
	case len(q.pushed) > 0:
		return q.pushed.pop(), true
	}
	return 0, false
}

// refill moves the next range that has keys to the front, which must be empty, and
// leaves it unordered. It returns false where there is none.
func (q *queue) refill() bool {
	q.front, q.popped = q.front[:0], 0
	for len(q.front) == 0 {
		if q.next == queueRanges {
			return false
		}
		q.front, q.later[q.next] = q.later[q.next], q.front
		q.next++
	}
	return true
}

// heap is a binary heap, the smallest key on top.
type heap []uint64

func (h *heap) push(key uint64) {
	*h = append(*h, key)
	a := *h
	i := len(a) - 1
	for i > 0 {
		up := (i - 1) / 2
		if a[up] <= key {
			break
		}
		a[i] = a[up]
		i = up
	}
	a[i] = key
}

func (h *heap) pop() uint64 {
	a := *h
	top, key := a[0], a[len(a)-1]
	a = a[:len(a)-1]
	*h = a
	i := 0
	for {
		child := 2*i + 1
		if child >= len(a) {
			break
		}
		if child+1 < len(a) && a[child+1] < a[child] {
			child++
		}
		if key <= a[child] {
			break
		}
		a[i] = a[child]
		i = child
	}
	if len(a) > 0 {
		a[i] = key
	}
	return top
}
