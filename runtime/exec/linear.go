package exec

import (
	"github.com/gptrun/gptrun/kernels"
)

// Product is one matrix product of a Linear call: Dst = In·Wᵀ + bias.
type Product struct {
	Dst Rows
	W   *Matrix
}

const (
	// tokenBlock tokens share a sweep over an item's panels, so that their
	// activation records stay in the second-level cache.
	tokenBlock = 60 // a multiple of every tier's group of tokens
	// itemBytes of packed weights are an item at least: some microseconds.
	itemBytes = 24 << 10
)

// Linear multiplies the rows of in with several matrices of equal width: one
// packing of the activations, one fork and join.
func (p *Pass) Linear(in Input, products ...Product) {
	p.linear(in, 0, p.n, products...)
}

// linear is Linear on the rows [from, to) of in, written to rows 0… of the
// products' destinations.
func (p *Pass) linear(in Input, from, to int, products ...Product) {
	if p.err != nil || from == to {
		return
	}
	t := &p.mul
	t.products = append(t.products[:0], products...)
	t.tokens = to - from
	t.panels = t.panels[:0]
	total, bytes := 0, 0
	var forms [kernels.NumForms]bool
	for i := range t.products {
		w := t.products[i].W
		forms[w.Form()] = true
		total += p.x.Set.Panels(w.Type, w.Rows)
		bytes += w.PackedBytes(p.x.Set)
		t.panels = append(t.panels, total)
	}
	p.packInput(in, forms, from, t.tokens)
	workers := p.x.Pool.Workers()
	items := min(total, max(1, bytes*min(t.tokens, 16)/itemBytes), 16*workers)
	t.total, t.items = total, items
	p.run(t, items)
	for i := range t.products {
		if p.err == nil {
			p.x.finish(t.products[i].W)
		}
	}
}

// mulTask multiplies runs of panels: the panels of all products are numbered
// in one sequence and split into items of equal counts.
type mulTask struct {
	p        *Pass
	products []Product
	panels   []int // end of each product's panels in the sequence
	tokens   int
	total    int
	items    int
}

func (t *mulTask) Do(worker, item int) {
	from, to := item*t.total/t.items, (item+1)*t.total/t.items
	start := 0
	for i := range t.products {
		end := t.panels[i]
		if a, b := max(from, start), min(to, end); a < b {
			t.multiply(worker, &t.products[i], a-start, b-start)
		}
		start = end
	}
}

// multiply computes the panels [from, to) of one product. Panels that are not
// there are packed just before, as many at a time as stay in the cache.
func (t *mulTask) multiply(worker int, pr *Product, from, to int) {
	x, w := t.p.x, pr.W
	size := x.Set.PanelBytes(w.Type, w.Cols)
	if w.packed {
		t.sweep(worker, pr, w.panels[from*size:to*size], from, to)
		return
	}
	step := max(1, scratchBytes/size)
	for at := from; at < to; at += step {
		end := min(at+step, to)
		t.sweep(worker, pr, x.pack(worker, w, at, end), at, end)
	}
	x.release(w, from, to)
}

// sweep multiplies the given panels, [from, to) of the product, with all tokens.
func (t *mulTask) sweep(worker int, pr *Product, panels []byte, from, to int) {
	set, w := t.p.x.Set, pr.W
	f := w.Form()
	row := from * set.PanelRowsOf(w.Type)
	rows := min(to*set.PanelRowsOf(w.Type), w.Rows) - row
	act, perToken := t.p.act[f], set.ActBytes(f, 1, w.Cols)
	ld := pr.Dst.Width
	for tok := 0; tok < t.tokens; tok += tokenBlock {
		n := min(tokenBlock, t.tokens-tok)
		dst := pr.Dst.Data[tok*ld+row:]
		set.MulPanels(dst, ld, w.Type, panels, rows, w.Cols, f, act[tok*perToken:(tok+n)*perToken], n, t.p.x.workers[worker].tile)
		if w.Bias == nil {
			continue
		}
		for j := range n {
			set.Add(dst[j*ld:j*ld+rows], w.Bias[row:row+rows])
		}
	}
}
