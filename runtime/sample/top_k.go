package sample

// topK keeps the k likeliest tokens.
type topK struct {
	memoryless
	k int
}

func newTopK(p Params, _ int) stage {
	if p.TopK <= 0 || p.greedy() {
		return nil
	}
	return topK{k: p.TopK}
}

func (s topK) apply(c *candidates) {
	if s.k < len(c.logits) {
		c.keepTop(s.k)
	}
}
