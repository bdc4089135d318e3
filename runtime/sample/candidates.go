package sample

import (
	"math"

	"github.com/gptrun/gptrun/kernels"
)

// candidate is a token in play.
type candidate struct {
	id    int32
	logit float32
}

// likelier orders candidates: by logit, ties by the lower id.
func likelier(a, b candidate) bool {
	return a.logit > b.logit || a.logit == b.logit && a.id < b.id
}

func unlikelier(a, b candidate) bool { return likelier(b, a) }

// candidates are the tokens in play: all that logits holds, by id, until a
// sampler selects some of them into list. Logits that are NaN or −∞ are not in
// play.
type candidates struct {
	logits []float32
	list   []candidate
	listed bool // list holds them
	sorted bool // list is sorted, the likeliest first

	buffer []candidate // memory of list
	weight []float64   // of each of list, in draw
}

var negInf = float32(math.Inf(-1))

func (c *candidates) reset(logits []float32) {
	c.logits = logits
	c.list, c.listed, c.sorted = nil, false, false
}

// all lists the tokens in play.
func (c *candidates) all() []candidate {
	if !c.listed {
		list := c.buffer[:0]
		for i, l := range c.logits {
			if l > negInf {
				list = append(list, candidate{int32(i), l})
			}
		}
		c.take(list)
	}
	return c.list
}

// take makes list, which lies in buffer, the tokens in play.
func (c *candidates) take(list []candidate) {
	c.list, c.listed, c.buffer = list, true, list
}

// keepTop keeps the k likeliest, sorted.
func (c *candidates) keepTop(k int) {
	if c.sorted {
		c.list = c.list[:min(k, len(c.list))]
		return
	}
	if c.listed {
		list := c.list[:min(k, len(c.list))]
		heapify(list, unlikelier)
		for _, x := range c.list[len(list):] {
			if likelier(x, list[0]) {
				list[0] = x
				siftDown(list, 0, unlikelier)
			}
		}
		c.list = list
	} else {
		c.selectTop(k)
	}
	for n := len(c.list) - 1; n > 0; n-- {
		c.list[0], c.list[n] = c.list[n], c.list[0]
		siftDown(c.list[:n], 0, unlikelier)
	}
	c.sorted = true
}

// selectTop lists the k likeliest of logits as a heap, the unlikeliest first.
func (c *candidates) selectTop(k int) {
	list := c.buffer[:0]
	i := 0
	for ; i < len(c.logits) && len(list) < k; i++ {
		if l := c.logits[i]; l > negInf {
			list = append(list, candidate{int32(i), l})
		}
	}
	c.take(list)
	heapify(list, unlikelier)
	if len(list) < k {
		return // and i is at the end
	}
	least := list[0].logit
	for n, l := range c.logits[i:] {
		if l > least {
			list[0] = candidate{int32(i + n), l}
			siftDown(list, 0, unlikelier)
			least = list[0].logit
		}
	}
}

// max is the largest logit; there is at least one candidate.
func (c *candidates) max() float32 {
	list := c.all()
	if c.sorted {
		return list[0].logit
	}
	top := list[0].logit
	for _, x := range list {
		top = max(top, x.logit)
	}
	return top
}

// odds is a token's probability relative to that of a token with logit top.
func odds(logit, top float32) float64 {
	if logit == top {
		return 1 // infinite ones too
	}
	return kernels.Exp64(float64(logit) - float64(top))
}

// draw returns the token at the fraction r in [0, 1) of the cumulative
// probability, in the order of the list; −1 where there is none.
func (c *candidates) draw(r float64) int32 {
	list := c.all()
	if len(list) == 0 {
		return -1
	}
	if len(list) == 1 {
		return list[0].id
	}
	top := c.max()
	c.weight = c.weight[:0]
	total := 0.0
	for _, x := range list {
		w := odds(x.logit, top)
		total += w
		c.weight = append(c.weight, w)
	}
	target := r * total
	sum := 0.0
	last := list[0].id
	for i, w := range c.weight {
		if w == 0 {
			continue
		}
		sum += w
		last = list[i].id
		if sum > target {
			break
		}
	}
	return last
}

// heapify orders list so that no element's parent comes after it by first.
func heapify(list []candidate, first func(a, b candidate) bool) {
	for i := len(list)/2 - 1; i >= 0; i-- {
		siftDown(list, i, first)
	}
}

func siftDown(list []candidate, i int, first func(a, b candidate) bool) {
	for {
		child := 2*i + 1
		if child >= len(list) {
			return
		}
		if child+1 < len(list) && first(list[child+1], list[child]) {
			child++
		}
		if !first(list[child], list[i]) {
			return
		}
		list[i], list[child] = list[child], list[i]
		i = child
	}
}
