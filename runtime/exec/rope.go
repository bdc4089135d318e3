package exec

import (
	"github.com/gptrun/gptrun/kernels"
)

// RoPE is a rotary position embedding (Su et al., 2021, arXiv:2104.09864).
type RoPE struct {
	InvFreq []float32 // one for each pair
	Scale   float32   // multiplies sine and cosine: YaRN's attention factor, else 1
	Halves  bool      // pairs (i, i+n) rather than (2i, 2i+1)
}

// angles is a pass's table for one embedding: by row, then pair.
type angles struct {
	rope     *RoPE
	cos, sin []float32
}

// Tabulate computes the angles of r for the positions of the pass.
func (p *Pass) Tabulate(r *RoPE) {
	a := p.anglesOf(r)
	if a == nil {
		p.angles = append(p.angles, &angles{rope: r})
		a = p.angles[len(p.angles)-1]
	}
	n := len(r.InvFreq)
	if need := p.n * n; cap(a.cos) < need {
		a.cos, a.sin = make([]float32, need), make([]float32, need)
	}
	a.cos, a.sin = a.cos[:p.n*n], a.sin[:p.n*n]
	p.row.angles = a
	p.rows(16*n, func(t *rowTask, _, i int) {
		a, r := t.angles, t.angles.rope
		n := len(r.InvFreq)
		kernels.RoPETable(a.cos[i*n:(i+1)*n], a.sin[i*n:(i+1)*n], t.p.pos[i], r.InvFreq, r.Scale)
	})
}

func (p *Pass) anglesOf(r *RoPE) *angles {
	for _, a := range p.angles {
		if a.rope == r {
			return a
		}
	}
	return nil
}

// rotate rotates each head of headDim values of x, which is of the given row.
func (a *angles) rotate(s *kernels.Set, x []float32, headDim, row int) {
	n := len(a.rope.InvFreq)
	cos, sin := a.cos[row*n:(row+1)*n], a.sin[row*n:(row+1)*n]
	f := s.RoPEAdjacent
	if a.rope.Halves {
		f = s.RoPEHalves
	}
	for ; len(x) >= headDim; x = x[headDim:] {
		f(x[:2*n], cos, sin)
	}
}
