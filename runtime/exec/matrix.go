package exec

import (
	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/quant"
)

// Matrix is a weight matrix of Rows outputs by Cols inputs.
type Matrix struct {
	Name string
	Type quant.Type
	Rows int
	Cols int
	// Source holds the rows as the model file has them.
	Source []byte
	// Bias is added to each output; nil where there is none.
	Bias []float32
	// Exact asks for two-term activations.
	Exact bool

	// panels is nil where the rows are packed anew at each use.
	panels []byte
}

// Slice returns the rows [from, to) as a matrix of its own.
func (m *Matrix) Slice(from, to int) *Matrix {
	s := *m
	rowBytes := len(m.Source) / m.Rows
	s.Rows = to - from
	s.Source = m.Source[from*rowBytes : to*rowBytes]
	if m.Bias != nil {
		s.Bias = m.Bias[from:to]
	}
	return &s
}

// Form is how the matrix wants its inputs.
func (m *Matrix) Form() kernels.Form { return kernels.FormOf(m.Type, m.Exact) }

// PackedBytes is the memory the matrix takes in panels.
func (m *Matrix) PackedBytes(s *kernels.Set) int {
	return s.Panels(m.Type, m.Rows) * s.PanelBytes(m.Type, m.Cols)
}

// packPanel packs panel i of the matrix into dst.
func (m *Matrix) packPanel(s *kernels.Set, dst []byte, i int) {
	r := s.PanelRowsOf(m.Type)
	rows := min(r, m.Rows-i*r)
	rowBytes := len(m.Source) / m.Rows
	first := i * r * rowBytes
	s.PackPanel(m.Type, dst, m.Source[first:first+rows*rowBytes], rows, m.Cols)
}

// packTask packs one matrix, a run of panels an item.
type packTask struct {
	set   *kernels.Set
	m     *Matrix
	dst   []byte
	count int // panels in all
	run   int // panels in an item
}

func (t *packTask) Do(_, item int) {
	size := t.set.PanelBytes(t.m.Type, t.m.Cols)
	for i := item * t.run; i < min((item+1)*t.run, t.count); i++ {
		t.m.packPanel(t.set, t.dst[i*size:(i+1)*size], i)
	}
}

// Pack writes the matrix's panels to dst, which has PackedBytes bytes and
// belongs to the matrix from then on. The caller holds the pool.
func (m *Matrix) Pack(x *Executor, dst []byte) error {
	t := packTask{set: x.Set, m: m, dst: dst, count: x.Set.Panels(m.Type, m.Rows)}
	t.run = max(1, 64<<10/x.Set.PanelBytes(m.Type, m.Cols))
	if err := x.Pool.Run(&t, (t.count+t.run-1)/t.run); err != nil {
		return err
	}
	m.panels = dst
	return nil
}
