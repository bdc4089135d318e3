package arch

import "github.com/gptrun/gptrun/runtime/exec"

// gpt2 is GPT-2 (Radford et al., 2019): learned positions, LayerNorm before
// attention and feed-forward, GELU in its tanh form, biases everywhere.
type gpt2 struct {
	cfg              *Config
	embed, positions *exec.Matrix
	layers           []gpt2Layer
	norm             layerNorm
	scale            float32
}

type gpt2Layer struct {
	attnNorm layerNorm
	attention
	ffnNorm layerNorm
	feedForward
}

type layerNorm struct{ weight, bias []float32 }

func (b *binder) layerNorm(name string, n int) layerNorm {
	return layerNorm{b.vector(name+".weight", n), b.vector(name+".bias", n)}
}

func newGPT2(k *keys, b *binder) *Model {
	c := readConfig(k, "gpt2", "attention.layer_norm_epsilon")
	if k.err != nil {
		return nil
	}
	m := &Model{Config: c, MaxContext: c.ContextLength}
	g := &gpt2{cfg: &m.Config, layers: make([]gpt2Layer, c.Layers), scale: attentionScale(c.KeyDim)}
	g.embed, m.Head = b.embedding(&m.Config)
	g.positions = b.bare("position_embd", c.ContextLength, c.Embedding)
	b.biased = true // but for the head
	for i := range g.layers {
		g.layers[i] = gpt2Layer{
			attnNorm:    b.layerNorm(blk(i)+"attn_norm", c.Embedding),
			attention:   b.attention(&c, i),
			ffnNorm:     b.layerNorm(blk(i)+"ffn_norm", c.Embedding),
			feedForward: b.feedForward(&c, i),
		}
		if b.err != nil {
			return nil
		}
	}
	g.norm = b.layerNorm("output_norm", c.Embedding)
	m.Layers = c.layers(noWindow)
	m.forward = g
	return m
}

func (m *gpt2) forward(p *exec.Pass) {
	p.Embed(p.X, m.embed, 1)
	p.AddPositions(p.X, p.H, m.positions)
	for i := range m.layers {
		if p.Err() != nil {
			return
		}
		m.layers[i].forward(m, p, i)
	}
	p.FinalLayerNorm(m.norm.weight, m.norm.bias, m.cfg.NormEps)
}

func (l *gpt2Layer) forward(m *gpt2, p *exec.Pass, i int) {
	q, k, v, a := p.Q.Cut(l.Q.Rows), p.K.Cut(l.K.Rows), p.V.Cut(l.V.Rows), p.A.Cut(l.O.Cols)
	p.Linear(p.LayerNormed(l.attnNorm.weight, l.attnNorm.bias, m.cfg.NormEps),
		exec.Product{Dst: q, W: l.Q}, exec.Product{Dst: k, W: l.K}, exec.Product{Dst: v, W: l.V})
	p.Store(i, exec.Heads{Q: q, K: k, V: v})
	p.Attend(i, a, q, m.cfg.Heads[i], m.scale)
	p.Linear(exec.Plain(a), exec.Product{Dst: p.H, W: l.O})
	p.Residual(p.H, nil, 0)

	u := p.U.Cut(l.Up.Rows)
	p.Linear(p.LayerNormed(l.ffnNorm.weight, l.ffnNorm.bias, m.cfg.NormEps), exec.Product{Dst: u, W: l.Up})
	p.Linear(exec.GELU(u), exec.Product{Dst: p.H, W: l.Down})
	p.Residual(p.H, nil, 0)
}
