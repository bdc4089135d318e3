package sample

// temperature divides the logits by t; t ≤ 0 keeps the likeliest token alone.
// The largest logit is taken off first, so that a small t overflows towards
// zero probabilities only.
type temperature struct {
	memoryless
	t float32
}

func newTemperature(p Params, _ int) stage {
	if p.Temperature == 1 {
		return nil
	}
	return temperature{t: p.Temperature}
}

func (s temperature) apply(c *candidates) {
	if s.t <= 0 {
		c.keepTop(1)
		return
	}
	list := c.all()
	if len(list) == 0 {
		return
	}
	top := c.max()
	for i, x := range list {
		if x.logit == top {
			list[i].logit = 0 // infinite ones too
		} else {
			list[i].logit = (x.logit - top) / s.t
		}
	}
}
