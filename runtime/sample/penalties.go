package sample

// penalties weakens the tokens among the last n of the text: a positive logit
// is divided by the penalty, another multiplied with it, once for each distinct
// token (Keskar et al., CTRL, arXiv:1909.05858, section 4.1).
type penalties struct {
	repeat float32
	n      int
	recent []int32  // ring of the last n tokens, once it is full
	next   int      // the oldest of a full ring
	marks  []uint32 // by token: the round in which it was last weakened
	round  uint32
}

// recentReserve bounds the tokens that memory is set aside for at once.
const recentReserve = 4096

func newPenalties(p Params, context int) stage {
	n := p.RepeatLastN
	if n < 0 {
		n = context
	}
	if n == 0 || p.RepeatPenalty == 0 || p.RepeatPenalty == 1 {
		return nil
	}
	return &penalties{repeat: p.RepeatPenalty, n: n, recent: make([]int32, 0, min(n, recentReserve))}
}

func (s *penalties) accept(id int32) {
	if len(s.recent) < s.n {
		s.recent = append(s.recent, id)
		return
	}
	s.recent[s.next] = id
	s.next = (s.next + 1) % s.n
}

func (s *penalties) apply(c *candidates) {
	if len(s.marks) < len(c.logits) {
		s.marks = make([]uint32, len(c.logits))
	}
	if s.round++; s.round == 0 {
		clear(s.marks)
		s.round = 1
	}
	for _, id := range s.recent {
		if id < 0 || int(id) >= len(c.logits) || s.marks[id] == s.round {
			continue
		}
		s.marks[id] = s.round
		if c.logits[id] > 0 {
			c.logits[id] /= s.repeat
		} else {
			c.logits[id] *= s.repeat
		}
	}
}
