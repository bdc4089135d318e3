package sample

import "github.com/gptrun/gptrun/kernels"

// minP keeps the tokens whose probability is at least p times that of the
// likeliest (Nguyen et al., arXiv:2407.01082).
type minP struct {
	memoryless
	log float64 // ln p
}

func newMinP(p Params, _ int) stage {
	if p.MinP <= 0 || p.greedy() {
		return nil
	}
	return minP{log: kernels.Log(float64(p.MinP))}
}

func (s minP) apply(c *candidates) {
	list := c.all()
	if len(list) == 0 {
		return
	}
	limit := float64(c.max()) + s.log
	kept := list[:0]
	for _, x := range list {
		if float64(x.logit) >= limit {
			kept = append(kept, x)
		}
	}
	c.list = kept
}
