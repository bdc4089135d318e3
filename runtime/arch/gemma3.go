package arch

import (
	"math"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/runtime/exec"
)

// gemma3 is Gemma 3 (Gemma Team, 2025, arXiv:2503.19786): five layers with a
// sliding window for each global one, with RoPE bases of their own, norms on
// queries and keys, and norms after attention and feed-forward too. The file's
// norm weights include the +1 that checkpoints leave out.
type gemma3 struct {
	cfg           *Config
	embed         *exec.Matrix
	embedScale    float32
	layers        []gemma3Layer
	norm          []float32
	local, global *exec.RoPE
	scale         float32
}

type gemma3Layer struct {
	attnNorm []float32
	attention
	qNorm, kNorm []float32
	postAttnNorm []float32
	ffnNorm      []float32
	feedForward
	postFFNNorm []float32
	rope        *exec.RoPE
}

// layers27B is the number of layers of the 27B model, which alone scales
// queries by the embedding's share of a head rather than the head's size.
const layers27B = 62

func newGemma3(k *keys, b *binder) *Model {
	c := readConfig(k, "gemma3", "attention.layer_norm_rms_epsilon")
	c.readRoPE(k)
	c.Window = k.number("attention.sliding_window", 0, 0, maxContext)
	local := isLocal(k, &c)
	s := readScaling(k, &c)
	localBase := k.float("rope.freq_base_swa", 10000, ropeBase)
	softCap := k.float("final_logit_softcapping", 0, capValue)
	if k.err == nil && c.Layers == layers27B && c.Embedding < c.Heads[0] {
		k.fail("key %q: %d heads share an embedding of %d", k.prefix+"attention.head_count", c.Heads[0], c.Embedding)
	}
	if k.err != nil {
		return nil
	}
	m := &Model{Config: c, SoftCap: float32(softCap)}
	g := &gemma3{cfg: &m.Config, layers: make([]gemma3Layer, c.Layers)}
	g.embedScale = float32(math.Sqrt(float64(c.Embedding)))
	g.scale = attentionScale(c.KeyDim)
	if c.Layers == layers27B {
		g.scale = attentionScale(c.Embedding / c.Heads[0])
	}
	g.global = newRoPE(c.RopeDim, c.RopeBase, true, s, nil)
	g.local = newRoPE(c.RopeDim, localBase, true, scaling{kind: "none", factor: 1, attnFactor: 1}, nil)
	g.embed, m.Head = b.embedding(&m.Config)
	for i := range g.layers {
		rope := g.global
		if local[i] {
			rope = g.local
		}
		g.layers[i] = gemma3Layer{
			attnNorm:     b.vector(blk(i)+"attn_norm.weight", c.Embedding),
			attention:    b.attention(&c, i),
			qNorm:        b.vector(blk(i)+"attn_q_norm.weight", c.KeyDim),
			kNorm:        b.vector(blk(i)+"attn_k_norm.weight", c.KeyDim),
			postAttnNorm: b.vector(blk(i)+"post_attention_norm.weight", c.Embedding),
			ffnNorm:      b.vector(blk(i)+"ffn_norm.weight", c.Embedding),
			feedForward:  b.gatedFeedForward(&c, i),
			postFFNNorm:  b.vector(blk(i)+"post_ffw_norm.weight", c.Embedding),
			rope:         rope,
		}
		if b.err != nil {
			return nil
		}
	}
	g.norm = b.vector("output_norm.weight", c.Embedding)
	m.Layers = c.layers(func(i int) int {
		if local[i] {
			return c.Window
		}
		return 0
	})
	m.forward = g
	return m
}

// isLocal tells for each layer whether it has the sliding window: as the file's
// pattern says, a period whose last layer is global or a flag a layer, and five
// layers of six where it says nothing.
func isLocal(k *keys, c *Config) []bool {
	local := make([]bool, c.Layers)
	if c.Window == 0 {
		return local
	}
	const key = "attention.sliding_window_pattern"
	if v, ok := k.meta.Value(k.prefix + key); ok && v.Kind() == loader.KindArray {
		for i, n := range k.perLayer(key, c.Layers, nil, 0, 1) {
			local[i] = n != 0
		}
		return local
	}
	period := k.number(key, 6, 1, maxLayers)
	for i := range local {
		local[i] = (i+1)%period != 0
	}
	return local
}

func (m *gemma3) forward(p *exec.Pass) {
	p.Embed(p.X, m.embed, m.embedScale)
	p.Tabulate(m.local)
	p.Tabulate(m.global)
	for i := range m.layers {
		if p.Err() != nil {
			return
		}
		m.layers[i].forward(m, p, i)
	}
	p.FinalRMSNorm(m.norm, m.cfg.NormEps)
}

func (l *gemma3Layer) forward(m *gemma3, p *exec.Pass, i int) {
	eps := m.cfg.NormEps
	q, k, v, a := p.Q.Cut(l.Q.Rows), p.K.Cut(l.K.Rows), p.V.Cut(l.V.Rows), p.A.Cut(l.O.Cols)
	p.Linear(p.RMSNormed(l.attnNorm, eps),
		exec.Product{Dst: q, W: l.Q}, exec.Product{Dst: k, W: l.K}, exec.Product{Dst: v, W: l.V})
	p.Store(i, exec.Heads{Q: q, K: k, V: v, QNorm: l.qNorm, KNorm: l.kNorm, Eps: eps, RoPE: l.rope})
	p.Attend(i, a, q, m.cfg.Heads[i], m.scale)
	p.Linear(exec.Plain(a), exec.Product{Dst: p.H, W: l.O})
	p.Residual(p.H, l.postAttnNorm, eps)

	g, u := p.G.Cut(l.Up.Rows), p.U.Cut(l.Up.Rows)
	p.Linear(p.RMSNormed(l.ffnNorm, eps), exec.Product{Dst: g, W: l.Gate}, exec.Product{Dst: u, W: l.Up})
	p.Linear(exec.GELUGated(g, u), exec.Product{Dst: p.H, W: l.Down})
	p.Residual(p.H, l.postFFNNorm, eps)
}
