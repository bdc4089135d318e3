package exec

import "github.com/gptrun/gptrun/kernels"

// Input is what a Linear call multiplies: rows as they are, or computed from
// others while their activations are packed, so that they never leave a core's
// nearest cache. The zero Input has no rows.
type Input struct {
	// make writes row i, of rows' width; nil takes rows as they are.
	make func(p *Pass, in *Input, dst []float32, i int)

	rows, up     Rows
	weight, bias []float32
	eps          float32
	stream       bool // reads X, which is given its residual first
}

// Plain is rows as they are.
func Plain(rows Rows) Input { return Input{rows: rows} }

// RMSNormed is X, normalised by RMSNorm.
func (p *Pass) RMSNormed(w []float32, eps float32) Input {
	return Input{rows: p.X, stream: true, weight: w, eps: eps, make: func(p *Pass, in *Input, dst []float32, i int) {
		p.x.Set.RMSNorm(dst, p.stream(i), in.weight, in.eps)
	}}
}

// LayerNormed is X, normalised by LayerNorm.
func (p *Pass) LayerNormed(w, b []float32, eps float32) Input {
	return Input{rows: p.X, stream: true, weight: w, bias: b, eps: eps, make: func(p *Pass, in *Input, dst []float32, i int) {
		p.x.Set.LayerNorm(dst, p.stream(i), in.weight, in.bias, in.eps)
	}}
}

// SiLUGated is SiLU(gate)·up.
func SiLUGated(gate, up Rows) Input {
	return Input{rows: gate, up: up, make: func(p *Pass, in *Input, dst []float32, i int) {
		p.x.Set.SiLUMul(dst, in.rows.Row(i), in.up.Row(i))
	}}
}

// GELUGated is GELU(gate)·up, in the tanh form.
func GELUGated(gate, up Rows) Input {
	return Input{rows: gate, up: up, make: func(p *Pass, in *Input, dst []float32, i int) {
		p.x.Set.GELUMul(dst, in.rows.Row(i), in.up.Row(i))
	}}
}

// GELU is GELU(rows), in the tanh form.
func GELU(rows Rows) Input {
	return Input{rows: rows, make: func(p *Pass, in *Input, dst []float32, i int) {
		p.x.Set.GELU(dst, in.rows.Row(i))
	}}
}

// residual is what X is still to be given.
type residual struct {
	rows Rows
	norm []float32
	eps  float32
}

// Residual adds rows to X, normalised by RMSNorm first where norm is not nil.
// It is done row by row by what reads X next: RMSNormed, LayerNormed or a Final
// norm, which comes before another Residual. Until then rows must stay as they are.
func (p *Pass) Residual(rows Rows, norm []float32, eps float32) {
	p.residual = residual{rows, norm, eps}
}

// stream returns row i of X, after it has been given its residual.
func (p *Pass) stream(i int) []float32 {
	x := p.X.Row(i)
	r := &p.residual
	if r.rows.Data == nil {
		return x
	}
	y := r.rows.Row(i)
	if r.norm != nil {
		p.x.Set.RMSNorm(y, y, r.norm, r.eps)
	}
	p.x.Set.Add(x, y)
	return x
}

// given forgets the residual where all rows of X have been read.
func (p *Pass) given(in Input) {
	if in.stream {
		p.residual = residual{}
	}
}

// FinalRMSNorm normalises X into H, FinalLayerNorm likewise.
func (p *Pass) FinalRMSNorm(w []float32, eps float32) { p.compute(p.H, p.RMSNormed(w, eps)) }

func (p *Pass) FinalLayerNorm(w, b []float32, eps float32) {
	p.compute(p.H, p.LayerNormed(w, b, eps))
}

// compute writes all rows of in to dst.
func (p *Pass) compute(dst Rows, in Input) {
	t := &p.row
	t.dst, t.in = dst, in
	p.rows(dst.Width, func(t *rowTask, _, i int) { t.in.make(t.p, &t.in, t.dst.Row(i), i) })
	p.given(in)
}

// inlineRecords is up to how many blocks of 32 values the caller packs alone:
// less work than waking the workers.
const inlineRecords = 128

// actTask packs the activation records of rows of an input, a few whole groups
// of tokens an item, in every form that the products want.
type actTask struct {
	p            *Pass
	in           Input
	forms        [kernels.NumForms]bool
	from, tokens int
	run          int // tokens of an item
}

// packInput packs the rows [from, from+tokens) of in.
func (p *Pass) packInput(in Input, forms [kernels.NumForms]bool, from, tokens int) {
	set, width := p.x.Set, in.rows.Width
	t := &p.pack
	t.in, t.forms, t.from, t.tokens, t.run = in, forms, from, tokens, 1
	for f, wanted := range forms {
		if !wanted {
			continue
		}
		form := kernels.Form(f)
		n := set.ActBytes(form, tokens, width)
		if cap(p.act[f]) < n {
			p.act[f] = alignedBytes(n)
		}
		p.act[f] = p.act[f][:n]
		if g := set.GroupTokens(form); t.run == 1 {
			t.run = g
		} else if t.run%g != 0 {
			t.run = tokenBlock
		}
	}
	items := (tokens + t.run - 1) / t.run
	if items == 1 || tokens*width/32 <= inlineRecords {
		for i := range items {
			t.Do(0, i)
		}
	} else {
		p.run(t, items)
	}
	p.given(in)
}

func (t *actTask) Do(worker, item int) {
	set, width := t.p.x.Set, t.in.rows.Width
	first := item * t.run
	n := min(t.run, t.tokens-first)
	x := t.in.rows.Data[(t.from+first)*width:]
	if t.in.make != nil {
		x = t.p.x.workers[worker].inputs(n * width)
		for i := range n {
			t.in.make(t.p, &t.in, x[i*width:(i+1)*width], t.from+first+i)
		}
	}
	for f, wanted := range t.forms {
		if !wanted {
			continue
		}
		form := kernels.Form(f)
		group := set.GroupTokens(form)
		dst := t.p.act[f][set.ActBytes(form, first, width):]
		for g := range (n + group - 1) / group {
			set.PackAct(form, dst, x, width, width, n, g)
		}
	}
}
