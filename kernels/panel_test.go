package kernels

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/quant"
)

// readPanel returns the values of a panel's rows as the arithmetic takes them:
// scale·(code − offset) and the minimum, in the order in which quant decodes.
func readPanel(t quant.Type, panel []byte, rows, cols int) [][]float32 {
	l, f := &layouts[t], &formats[t]
	out := make([][]float32, rows)
	v := view{rows: rows}
	for i := range cols / blockCols {
		if l.head > 0 && i%8 == 0 {
			v.head, panel = panel[:l.head*rows], panel[l.head*rows:]
		}
		v.block, panel = panel[:l.block*rows], panel[l.block*rows:]
		for v.row = 0; v.row < rows; v.row += 2 {
			var c rowPair
			c.read(f, v)
			for k := range blockCols {
				c := c[k&^3|k&1<<1|k>>1&1]
				for n, code := range []int32{int32(c), upper(c)} {
					w := f.scales(v, v.row+n)
					out[v.row+n] = append(out[v.row+n], w.value(f, code-f.offset, k/16))
				}
			}
		}
	}
	return out
}

func (w *weights) value(f *format, code int32, half int) float32 {
	d, min := w.d, w.min
	if f.halves {
		d *= float32(w.group[half])
	}
	if f.min == twoMins {
		min *= float32(w.minOf[half])
	}
	if f.min == noMin {
		return d * float32(code)
	}
	return float32(d*float32(code)) + min
}

func TestAPanelHoldsTheFilesWeights(t *testing.T) {
	for _, panelRows := range []int{8, 16} {
		s := Generic()
		s.PanelRows = panelRows
		for _, typ := range quant.Types() {
			if !typ.Quantized() {
				continue
			}
			t.Run(typ.String(), func(t *testing.T) {
				r := rand.New(rand.NewPCG(5, uint64(typ)))
				for range 20 {
					rows, cols := 1+r.IntN(panelRows), colsOf(r, typ)
					src, values := randomRows(r, typ, rows, cols)
					panel := dirty(s.PanelBytes(typ, cols))
					s.PackPanel(typ, panel, src, rows, cols)
					for i, got := range readPanel(typ, panel, panelRows, cols) {
						if i < rows {
							requireSame(t, values[i*cols:(i+1)*cols], got, typ.String())
							continue
						}
						for _, v := range got {
							require.Zero(t, v, "%s: a padding row", typ)
						}
					}
				}
			})
		}
	}
}

func TestAFloatPanelHoldsColumnsOfRows(t *testing.T) {
	s := Generic()
	for _, typ := range []quant.Type{quant.F32, quant.F16, quant.BF16} {
		info, _ := quant.Lookup(typ)
		r := rand.New(rand.NewPCG(6, uint64(typ)))
		for range 30 {
			rows, cols := 1+r.IntN(s.FloatPanelRows), 1+r.IntN(130)
			src, values := randomRows(r, typ, rows, cols)
			panel := dirty(s.PanelBytes(typ, cols))
			s.PackPanel(typ, panel, src, rows, cols)
			got := make([]float32, s.FloatPanelRows*cols)
			info.Decode(got, panel)
			want := make([]float32, len(got))
			for i := range rows {
				for k := range cols {
					want[k*s.FloatPanelRows+i] = values[i*cols+k]
				}
			}
			requireSame(t, want, got, typ.String())
		}
	}
}

// dirty is memory that something else was in before.
func dirty(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = 0xa5
	}
	return b
}

func TestPanelsCoverAllRows(t *testing.T) {
	s := Generic()
	require.Equal(t, 1, s.Panels(quant.Q4_0, 1))
	require.Equal(t, 1, s.Panels(quant.Q4_0, 8))
	require.Equal(t, 2, s.Panels(quant.Q4_0, 9))
	require.Equal(t, 1, s.Panels(quant.F16, 64))
	require.Equal(t, 2, s.Panels(quant.F16, 65))
	require.Equal(t, 8*(64/32)*18, s.PanelBytes(quant.Q4_0, 64))
	require.Equal(t, 8*(2*4+16*18), s.PanelBytes(quant.Q4_K, 512))
	require.Equal(t, 64*3*2, s.PanelBytes(quant.BF16, 3))
}

func TestPackingAndMultiplyingAllocateNothing(t *testing.T) {
	const rows, cols, tokens = 20, 512, 7
	for _, s := range Available() {
		for _, typ := range quant.Types() {
			for _, f := range forms(typ) {
				r := rand.New(rand.NewPCG(8, 8))
				src, _ := randomRows(r, typ, rows, cols)
				x := randomValues(r, tokens*cols)
				act := packAct(s, f, x, cols, tokens)
				panels := packPanels(s, typ, src, rows, cols)
				n, size := s.PanelRowsOf(typ), s.PanelBytes(typ, cols)
				dst, tmp := make([]float32, rows*tokens), make([]float32, n*MaxTokens)
				require.Zero(t, testing.AllocsPerRun(1, func() {
					s.PackAct(f, act, x, cols, cols, tokens, 0)
					s.PackPanel(typ, panels[:size], src[:len(src)/rows*min(n, rows)], min(n, rows), cols)
					s.MulPanels(dst, rows, typ, panels[:size], min(n, rows), cols, f, act, tokens, tmp)
				}), "%s %s", s.Name, typ)
			}
		}
	}
}

func TestEveryTileTakesUpToItsNumberOfTokens(t *testing.T) {
	for _, s := range Available() {
		require.LessOrEqual(t, max(s.Tokens, s.FloatTokens), MaxTokens)
		for _, typ := range quant.Types() {
			for _, f := range forms(typ) {
				for n := 1; n <= s.GroupTokens(f); n++ {
					require.NotNil(t, s.Tile[typ][f][n], "%s %s form %d, %d tokens", s.Name, typ, f, n)
				}
			}
		}
	}
}
