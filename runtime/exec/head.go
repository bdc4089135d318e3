package exec

import "github.com/gptrun/gptrun/kernels"

// Select makes the given rows of H, which ascend, its first ones.
func (p *Pass) Select(rows []int) {
	for i, from := range rows {
		if i != from {
			copy(p.H.Row(i), p.H.Row(from))
		}
	}
}

// Logits multiplies the rows [from, to) of H with the output head and writes
// them to dst, from row 0 on; softCap c > 0 replaces each x by c·tanh(x/c).
func (p *Pass) Logits(dst Rows, head *Matrix, from, to int, softCap float32) error {
	p.linear(Plain(p.H), from, to, Product{Dst: dst, W: head})
	if p.err == nil && softCap > 0 {
		softCapRows(p.x.Set, dst.Data[:(to-from)*dst.Width], softCap)
	}
	return p.err
}

// softCapRows computes c·tanh(x/c) as c − 2c/(exp(2x/c) + 1).
func softCapRows(s *kernels.Set, x []float32, c float32) {
	s.Scale(x, 2/c)
	s.Exp(x, x)
	for i, e := range x {
		x[i] = c - 2*c/(e+1)
	}
}
