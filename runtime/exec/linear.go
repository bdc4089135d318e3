package exec

import (
	"github.com/gptrun/gptrun/kernels"
)

// Product is one matrix product of a Linear call: Dst = In·Wᵀ + bias, plus
// what Dst holds where Add is set.
type Product struct {
	Dst Rows
	W   *Matrix
	Add bool
}

const (
	// tokenBlock tokens share a sweep over an item's panels, so that their
	// activation records stay in the second-level cache.
	tokenBlock = 60 // a multiple of every tier's group of tokens
	// itemBytes of packed weights are an item at least: some microseconds.
	itemBytes = 24 << 10
	// inlineRecords is up to how many activation records the caller packs
	// alone: less work than waking the workers.
	inlineRecords = 256
)

// Linear multiplies the rows of in with several matrices of equal width: one
// packing of the activations for each form they want, one fork and join.
func (p *Pass) Linear(in Rows, products ...Product) {
	p.linear(in, 0, p.n, products...)
}

// linear is Linear on the rows [from, to) of in, written to rows 0… of the
// products' destinations.
func (p *Pass) linear(in Rows, from, to int, products ...Product) {
	if p.err != nil || from == to {
		return
	}
	t := &p.mul
	t.products = append(t.products[:0], products...)
	t.tokens = to - from
	t.panels = t.panels[:0]
	total, bytes := 0, 0
	var packed [kernels.NumForms]bool
	for i := range t.products {
		w := t.products[i].W
		if f := w.Form(); !packed[f] {
			packed[f] = true
			p.packActivations(in, f, from, to)
		}
		total += p.x.Set.Panels(w.Type, w.Rows)
		bytes += w.PackedBytes(p.x.Set)
		t.panels = append(t.panels, total)
	}
	workers := p.x.Pool.Workers()
	items := min(total, max(1, bytes*min(t.tokens, 16)/itemBytes), 16*workers)
	t.total, t.items = total, items
	p.run(t, items)
}

// packActivations writes the rows' activation records of one form.
func (p *Pass) packActivations(in Rows, f kernels.Form, from, to int) {
	set := p.x.Set
	t := &p.pack
	t.in, t.form, t.from, t.tokens = in, f, from, to-from
	n := set.ActBytes(f, t.tokens, in.Width)
	if cap(p.act[f]) < n {
		p.act[f] = alignedBytes(n)
	}
	p.act[f] = p.act[f][:n]
	group := set.GroupTokens(f)
	groups := (t.tokens + group - 1) / group
	if t.tokens*in.Width/32 <= inlineRecords {
		for g := range groups {
			t.Do(0, g)
		}
		return
	}
	p.run(t, groups)
}

type actTask struct {
	p            *Pass
	in           Rows
	form         kernels.Form
	from, tokens int
}

func (t *actTask) Do(_, group int) {
	x := t.in.Data[t.from*t.in.Width:]
	t.p.x.Set.PackAct(t.form, t.p.act[t.form], x, t.in.Width, t.in.Width, t.tokens, group)
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
// kept are packed into the worker's scratch, as many at a time as fit.
func (t *mulTask) multiply(worker int, pr *Product, from, to int) {
	set, w := t.p.x.Set, pr.W
	size := set.PanelBytes(w.Type, w.Cols)
	if w.panels != nil {
		t.sweep(worker, pr, w.panels[from*size:to*size], from, to)
		return
	}
	scratch := t.p.x.workers[worker].panels
	step := max(1, len(scratch)/size)
	for ; from < to; from += step {
		n := min(step, to-from)
		for i := range n {
			w.packPanel(set, scratch[i*size:(i+1)*size], from+i)
		}
		t.sweep(worker, pr, scratch[:n*size], from, from+n)
	}
}

// sweep multiplies the given panels, [from, to) of the product, with all tokens.
func (t *mulTask) sweep(worker int, pr *Product, panels []byte, from, to int) {
	set, w := t.p.x.Set, pr.W
	f := w.Form()
	size := set.PanelBytes(w.Type, w.Cols)
	r := set.PanelRowsOf(w.Type)
	act, s := t.p.act[f], &t.p.x.workers[worker]
	perToken := set.ActBytes(f, 1, w.Cols)
	ld := pr.Dst.Width
	for tok := 0; tok < t.tokens; tok += tokenBlock {
		n := min(tokenBlock, t.tokens-tok)
		a := act[tok*perToken : (tok+n)*perToken]
		for i := from; i < to; i++ {
			row := i * r
			rows := min(r, w.Rows-row)
			panel := panels[(i-from)*size : (i-from+1)*size]
			dst := pr.Dst.Data[tok*ld+row:]
			// What is added to dst has its bias first.
			out, outLD := dst, ld
			if pr.Add {
				out, outLD = s.sum, rows
			}
			set.MulPanel(out, outLD, w.Type, panel, rows, w.Cols, f, a, n, s.tile)
			for j := range n {
				o := out[j*outLD : j*outLD+rows]
				if w.Bias != nil {
					set.Add(o, w.Bias[row:row+rows])
				}
				if pr.Add {
					set.Add(dst[j*ld:j*ld+rows], o)
				}
			}
		}
	}
}
