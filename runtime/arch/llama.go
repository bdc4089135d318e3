package arch

import "github.com/gptrun/gptrun/runtime/exec"

// llama is LLaMA (Touvron et al., 2023, arXiv:2302.13971) with grouped-query
// attention, and what shares its shape: Llama 2 and 3, TinyLlama, SmolLM2, Mistral 7B.
type llama struct {
	cfg    *Config
	embed  *exec.Matrix
	layers []llamaLayer
	norm   []float32
	rope   *exec.RoPE
	scale  float32
}

type llamaLayer struct {
	attnNorm []float32
	attention
	ffnNorm []float32
	feedForward
}

func newLlama(k *keys, b *binder) *Model {
	c := readConfig(k, "llama", "attention.layer_norm_rms_epsilon")
	c.readRoPE(k)
	s := readScaling(k, &c)
	if k.err != nil {
		return nil
	}
	m := &Model{Config: c}
	l := &llama{cfg: &m.Config, layers: make([]llamaLayer, c.Layers), scale: attentionScale(c.KeyDim)}
	l.embed, m.Head = b.embedding(&m.Config)
	for i := range l.layers {
		l.layers[i] = llamaLayer{
			attnNorm:    b.vector(blk(i)+"attn_norm.weight", c.Embedding),
			attention:   b.attention(&c, i),
			ffnNorm:     b.vector(blk(i)+"ffn_norm.weight", c.Embedding),
			feedForward: b.gatedFeedForward(&c, i),
		}
		if b.err != nil {
			return nil
		}
	}
	l.norm = b.vector("output_norm.weight", c.Embedding)
	l.rope = &exec.RoPE{}
	factors := b.optionalVector("rope_freqs.weight", c.RopeDim/2)
	m.finish = func() error {
		if err := checkFactors(factors); err != nil {
			return err
		}
		*l.rope = *newRoPE(c.RopeDim, c.RopeBase, false, s, factors)
		return nil
	}
	m.Layers = c.layers(noWindow)
	m.forward = l
	return m
}

func (m *llama) forward(p *exec.Pass) {
	p.Embed(p.X, m.embed, 1)
	p.Tabulate(m.rope)
	for i := range m.layers {
		if p.Err() != nil {
			return
		}
		m.layers[i].forward(m, p, i)
	}
	p.FinalRMSNorm(m.norm, m.cfg.NormEps)
}

func (l *llamaLayer) forward(m *llama, p *exec.Pass, i int) {
	q, k, v, a := p.Q.Cut(l.Q.Rows), p.K.Cut(l.K.Rows), p.V.Cut(l.V.Rows), p.A.Cut(l.O.Cols)
	p.Linear(p.RMSNormed(l.attnNorm, m.cfg.NormEps),
		exec.Product{Dst: q, W: l.Q}, exec.Product{Dst: k, W: l.K}, exec.Product{Dst: v, W: l.V})
	p.Store(i, exec.Heads{Q: q, K: k, V: v, RoPE: m.rope})
	p.Attend(i, a, q, m.cfg.Heads[i], m.scale)
	p.Linear(exec.Plain(a), exec.Product{Dst: p.H, W: l.O})
	p.Residual(p.H, nil, 0)

	g, u := p.G.Cut(l.Up.Rows), p.U.Cut(l.Up.Rows)
	p.Linear(p.RMSNormed(l.ffnNorm, m.cfg.NormEps), exec.Product{Dst: g, W: l.Gate}, exec.Product{Dst: u, W: l.Up})
	p.Linear(exec.SiLUGated(g, u), exec.Product{Dst: p.H, W: l.Down})
	p.Residual(p.H, nil, 0)
}
