package kernels

import "github.com/gptrun/gptrun/quant"

// MulPanels multiplies consecutive panels of type t with all tokens: for each
// token and each of the panels' rows, of which the last panel may have fewer,
// dst[token·ld+row] = Σ weight·activation. act is as PackAct writes it in form f.
// tmp has room for a panel's rows times MaxTokens and is used for a panel that is
// not full.
func (s *Set) MulPanels(dst []float32, ld int, t quant.Type, panels []byte, rows, cols int, f Form, act []byte, tokens int, tmp []float32) {
	steps := cols
	if f != FormFloat {
		steps = cols / blockCols
	}
	r, size, group := s.PanelRowsOf(t), s.PanelBytes(t, cols), s.GroupTokens(f)
	perToken := s.ActBytes(f, 1, cols)
	tiles := &s.Tile[t][f]
	if tokens == 1 { // the general loop's work for each panel shows
		tile, act := tiles[1], act[:perToken]
		for ; rows >= r; rows -= r {
			call(tile, dst[:r], ld, panels[:size], act, steps)
			if rows == r {
				return
			}
			dst, panels = dst[r:], panels[size:]
		}
	}
	for row := 0; row < rows; row += r {
		panel := panels[:size]
		panels = panels[size:]
		for from := 0; from < tokens; from += group {
			n := min(group, tokens-from)
			a := act[from*perToken : (from+n)*perToken]
			if rows-row >= r {
				out := dst[from*ld+row : (from+n-1)*ld+row+r]
				call(tiles[n], out, ld, panel, a, steps)
				continue
			}
			call(tiles[n], tmp[:n*r], r, panel, a, steps)
			for i := range n {
				copy(dst[(from+i)*ld+row:(from+i)*ld+rows], tmp[i*r:])
			}
		}
	}
}

// call is a real call around an assembly routine, where a goroutine can be
// stopped: a loop that calls nothing else could not be preempted.
//
//go:noinline
func call(tile TileFunc, dst []float32, ld int, panel, act []byte, steps int) {
	tile(&dst[0], ld, &panel[0], &act[0], steps)
}
