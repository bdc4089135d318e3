package exec

import (
	"time"

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

	// panels is nil where the rows are packed anew at each use; otherwise packed
	// says that they are in it.
	panels []byte
	packed bool
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

// Keep gives the matrix room for its panels, PackedBytes bytes, which belong to
// it from then on: Pack fills them, or else the first product. nil takes the
// room away, and rows are packed at each use.
func (m *Matrix) Keep(room []byte) { m.panels, m.packed = room, false }

// source is what panels [from, to) are packed from.
func (m *Matrix) source(s *kernels.Set, from, to int) []byte {
	perPanel := s.PanelRowsOf(m.Type) * (len(m.Source) / m.Rows)
	return m.Source[from*perPanel : min(to*perPanel, len(m.Source))]
}

// packPanel packs panel i of the matrix into dst.
func (m *Matrix) packPanel(s *kernels.Set, dst []byte, i int) {
	r := s.PanelRowsOf(m.Type)
	s.PackPanel(m.Type, dst, m.source(s, i, i+1), min(r, m.Rows-i*r), m.Cols)
}

// pack packs panels [from, to) of m and returns them: in their places, where m
// keeps them, or else in the worker's scratch.
func (x *Executor) pack(worker int, m *Matrix, from, to int) []byte {
	begin, s := time.Now(), &x.workers[worker]
	size := x.Set.PanelBytes(m.Type, m.Cols)
	dst := s.panels
	if m.panels != nil {
		dst = m.panels[from*size:]
	}
	dst = dst[:(to-from)*size]
	for i := range to - from {
		m.packPanel(x.Set, dst[i*size:(i+1)*size], from+i)
	}
	if m.panels != nil {
		s.packing += time.Since(begin)
	}
	return dst
}

// releaseBytes of a matrix's source are given back by the worker that has
// packed them, so that a large matrix is never in memory twice. The rest is
// given back when the whole matrix is packed: it takes a system call.
const releaseBytes = 512 << 10

// release gives back what panels [from, to) of m were packed from, if it is much.
func (x *Executor) release(m *Matrix, from, to int) {
	if source := m.source(x.Set, from, to); m.panels != nil && len(source) >= releaseBytes {
		x.Release(source)
	}
}

// finish notes that all panels of m have been packed.
func (x *Executor) finish(m *Matrix) {
	if m.panels == nil || m.packed {
		return
	}
	m.packed = true
	x.Release(m.Source)
	x.Packed(m)
}

// packTask packs the panels of one matrix, a run of panels an item.
type packTask struct {
	x           *Executor
	m           *Matrix
	panels, run int // in all, of an item
}

func (t *packTask) Do(worker, item int) {
	from, to := item*t.run, min((item+1)*t.run, t.panels)
	t.x.pack(worker, t.m, from, to)
	t.x.release(t.m, from, to)
}

// Pack packs the panels of a matrix that keeps them, unless it has been done.
// The caller holds the pool.
func (x *Executor) Pack(m *Matrix) error {
	if m.panels == nil || m.packed {
		return nil
	}
	t := packTask{x: x, m: m, panels: x.Set.Panels(m.Type, m.Rows)}
	perPanel := max(1, len(m.source(x.Set, 0, 1)))
	t.run = min(1+(releaseBytes-1)/perPanel, 1+t.panels/(8*x.Pool.Workers()))
	if err := x.Pool.Run(&t, (t.panels+t.run-1)/t.run); err != nil {
		return err
	}
	x.finish(m)
	return nil
}
