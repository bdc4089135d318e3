package sample

import "slices"

// topP keeps the fewest likeliest tokens whose probabilities sum to at least p
// (Holtzman et al., nucleus sampling, arXiv:1904.09751).
type topP struct {
	memoryless
	p float64
}

func newTopP(p Params, _ int) stage {
	if p.TopP >= 1 || p.greedy() {
		return nil
	}
	return topP{p: float64(p.TopP)}
}

func (s topP) apply(c *candidates) {
	list := c.all()
	if len(list) == 0 {
		return
	}
	top := c.max()
	total := 0.0
	for _, x := range list {
		total += odds(x.logit, top)
	}
	limit := s.p * total
	sum := 0.0
	if c.sorted {
		for i, x := range list {
			if sum += odds(x.logit, top); sum >= limit {
				c.list = list[:i+1]
				return
			}
		}
		return
	}
	// The likeliest leave the heap at its front and gather, last come first,
	// behind it.
	heapify(list, likelier)
	n := len(list)
	for n > 0 {
		n--
		list[0], list[n] = list[n], list[0]
		siftDown(list[:n], 0, likelier)
		if sum += odds(list[n].logit, top); sum >= limit {
			break
		}
	}
	c.list = list[n:]
	slices.Reverse(c.list)
	c.sorted = true
}
