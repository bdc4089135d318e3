package kernels

import "github.com/gptrun/gptrun/quant"

// MulPanel multiplies one panel of type t with all tokens: for each token and
// each of the panel's rows, dst[token·ld+row] = Σ weight·activation. act is as
// PackAct writes it in form f. tmp has room for a panel's rows times MaxTokens
// and is used where dst has fewer rows.
func (s *Set) MulPanel(dst []float32, ld int, t quant.Type, panel []byte, rows, cols int, f Form, act []byte, tokens int, tmp []float32) {
	steps := cols
	if f != FormFloat {
		steps = cols / blockCols
	}
	r, group := s.PanelRowsOf(t), s.GroupTokens(f)
	perToken := s.ActBytes(f, 1, cols)
	tiles := &s.Tile[t][f]
	for from := 0; from < tokens; from += group {
		n := min(group, tokens-from)
		a := act[from*perToken : (from+n)*perToken]
		if rows == r {
			out := dst[from*ld : (from+n-1)*ld+r]
			call(tiles[n], out, ld, panel, a, steps)
			continue
		}
		call(tiles[n], tmp[:n*r], r, panel, a, steps)
		for i := range n {
			copy(dst[(from+i)*ld:][:rows], tmp[i*r:])
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
