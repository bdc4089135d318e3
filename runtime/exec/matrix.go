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

// packStretch is how much of a matrix's source is packed before its pages are
// given back.
const packStretch = 16 << 20

// packTask packs panels of one matrix, a run of panels an item.
type packTask struct {
	set   *kernels.Set
	m     *Matrix
	dst   []byte
	first int // first panel
	count int // panels in all
	run   int // panels in an item
}

func (t *packTask) Do(_, item int) {
	size := t.set.PanelBytes(t.m.Type, t.m.Cols)
	for i := item * t.run; i < min((item+1)*t.run, t.count); i++ {
		p := t.first + i
		t.m.packPanel(t.set, t.dst[p*size:(p+1)*size], p)
	}
}

// Pack writes the matrix's panels to dst, which has PackedBytes bytes and
// belongs to the matrix from then on. As it goes it calls release with what it
// has read of the source. The caller holds the pool.
func (m *Matrix) Pack(x *Executor, dst []byte, release func(source []byte)) error {
	panels, rowBytes := x.Set.Panels(m.Type, m.Rows), len(m.Source)/m.Rows
	perPanel := x.Set.PanelRowsOf(m.Type) * rowBytes
	stretch := max(1, packStretch/perPanel)
	t := packTask{set: x.Set, m: m, dst: dst, run: max(1, 64<<10/perPanel)}
	for t.first = 0; t.first < panels; t.first += stretch {
		t.count = min(stretch, panels-t.first)
		if err := x.Pool.Run(&t, (t.count+t.run-1)/t.run); err != nil {
			return err
		}
		release(m.Source[t.first*perPanel : min((t.first+t.count)*perPanel, len(m.Source))])
	}
	m.panels = dst
	return nil
}
