package runtime

import (
	"context"
	"errors"

	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/runtime/exec"
	"github.com/gptrun/gptrun/runtime/mem"
)

// Load packs the weights that are not packed yet, which the first batch would do
// on its way. Where ctx ends first, its error is returned and the memory given
// back; Load may be called again.
func (m *Model) Load(ctx context.Context) error {
	if m.loaded.Load() {
		return m.err()
	}
	m.exec.Pool.Lock()
	defer m.exec.Pool.Unlock()
	if err := m.prepare(); err != nil {
		return err
	}
	err := loader.Guard(func() error { return m.packAll(ctx) })
	if err != nil {
		m.drop()
		return m.check(err)
	}
	m.loaded.Store(true)
	return nil
}

func (m *Model) packAll(ctx context.Context) error {
	for _, w := range m.arch.Matrices {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := m.exec.Pack(w); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes the model ready for its first batch: vectors are read, and there
// is room for what is to be packed. The caller holds the pool.
func (m *Model) prepare() error {
	if err := m.err(); err != nil || m.prepared {
		return err
	}
	err := loader.Guard(m.arch.LoadVectors)
	if err == nil {
		err = m.makeRoom()
	}
	if err != nil {
		return m.fail(err)
	}
	m.prepared = true
	return nil
}

// panelAlign is where a matrix's panels start: at a cache line.
const panelAlign = 128

func (m *Model) makeRoom() error {
	set := m.exec.Set
	if m.mapped {
		largest := 0
		for _, w := range m.arch.Matrices {
			largest = max(largest, set.PanelBytes(w.Type, w.Cols))
		}
		m.exec.PrepareScratch(largest)
		return nil
	}
	m.total = m.packedBytes(set)
	region, err := mem.Alloc(int(m.total))
	if err != nil {
		return err
	}
	m.memory = region
	buf := region.Bytes()
	for _, w := range m.arch.Matrices {
		n := w.PackedBytes(set)
		w.Keep(buf[:n:n])
		buf = buf[alignUp(n):]
	}
	return nil
}

// drop gives back what prepare got.
func (m *Model) drop() {
	for _, w := range m.arch.Matrices {
		w.Keep(nil)
	}
	_ = m.memory.Free()
	m.memory, m.packed, m.prepared = nil, 0, false
}

// notePacked reports progress.
func (m *Model) notePacked(w *exec.Matrix) {
	m.packed += int64(alignUp(w.PackedBytes(m.exec.Set)))
	if m.packed == m.total {
		m.loaded.Store(true)
	}
	if m.opts.Progress != nil {
		m.opts.Progress(m.packed, m.total)
	}
}

// check marks the model failed where err says that its file is gone.
func (m *Model) check(err error) error {
	if errors.Is(err, loader.ErrFault) {
		return m.fail(err)
	}
	return err
}

// fail marks the model failed.
func (m *Model) fail(err error) error {
	err = m.file.Named(err)
	m.failure.CompareAndSwap(nil, &err)
	return err
}

// packedBytes is the memory that all weights take in panels.
func (m *Model) packedBytes(set *kernels.Set) int64 {
	var total int64
	for _, w := range m.arch.Matrices {
		total += int64(alignUp(w.PackedBytes(set)))
	}
	return total
}

func alignUp(n int) int { return (n + panelAlign - 1) &^ (panelAlign - 1) }
