//go:build unix

package kernels

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/gptrun/gptrun/quant"
)

// guarded are pages of memory between two that may not be touched: reading or
// writing past either end ends the test program.
type guarded []byte

func newGuarded(t *testing.T, n int) guarded {
	page := os.Getpagesize()
	size := (n + page - 1) / page * page
	b, err := unix.Mmap(-1, 0, size+2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, unix.Munmap(b)) })
	require.NoError(t, unix.Mprotect(b[:page], unix.PROT_NONE))
	require.NoError(t, unix.Mprotect(b[page+size:], unix.PROT_NONE))
	return guarded(b[page : page+size])
}

// bytes returns n bytes against the upper guard, or the lower one.
func (g guarded) bytes(n int, upper bool) []byte {
	b := g[:n:n]
	if upper {
		b = g[len(g)-n:]
	}
	for i := range b {
		b[i] = 0xa5
	}
	return b
}

func (g guarded) floats(n int, upper bool) []float32 {
	b := g.bytes(4*n, upper)
	return unsafe.Slice((*float32)(unsafe.Pointer(&b[0])), n)
}

func TestNothingTouchesMemoryBesideItsOperands(t *testing.T) {
	const maxCols, maxRows, maxTokens = 512, 130, 2*MaxTokens + 1
	weights, panel := newGuarded(t, 4*maxRows*maxCols), newGuarded(t, 4*64*maxCols)
	values, records := newGuarded(t, 4*maxTokens*maxCols), newGuarded(t, 4*maxTokens*maxCols*RecordBytes/32)
	output, scratch := newGuarded(t, 4*maxRows*maxTokens), newGuarded(t, 4*64*MaxTokens)
	for _, s := range Available() {
		for _, typ := range quant.Types() {
			t.Run(fmt.Sprintf("%s/%s", s.Name, typ), func(t *testing.T) {
				r := rand.New(rand.NewPCG(9, uint64(typ)))
				info, _ := quant.Lookup(typ)
				for i := range 24 {
					upper := i%2 == 0
					full := s.PanelRowsOf(typ)
					rows, tokens := full, 1+r.IntN(maxTokens)
					if i%3 == 0 {
						rows = 1 + r.IntN(full)
					}
					cols := info.BlockLen * (1 + r.IntN(maxCols/max(info.BlockLen, 32)))
					f := forms(typ)[i%len(forms(typ))]

					random, _ := randomRows(r, typ, rows, cols)
					src := weights.bytes(len(random), upper)
					copy(src, random)
					x := values.floats(tokens*cols, upper)
					copy(x, randomValues(r, len(x)))
					act := records.bytes(s.ActBytes(f, tokens, cols), upper)
					g := s.GroupTokens(f)
					for group := range (tokens + g - 1) / g {
						s.PackAct(f, act, x, cols, cols, tokens, group)
					}
					p := panel.bytes(s.PanelBytes(typ, cols), upper)
					s.PackPanel(typ, p, src, rows, cols)
					dst := output.floats(tokens*rows, upper)
					tmp := scratch.floats(full*MaxTokens, upper)
					s.MulPanel(dst, rows, typ, p, rows, cols, f, act, tokens, tmp)
					requireSame(t, multiply(Generic(), typ, random, rows, cols, x, tokens, f), dst, typ.String())
				}
			})
		}
	}
}
