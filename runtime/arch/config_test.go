package arch

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/loader/gguftest"
)

// keysOf reads metadata as architecture x: what every model has, and changes;
// a nil value takes a key out.
func keysOf(t *testing.T, changes map[string]any) *keys {
	f := &gguftest.File{}
	for key, value := range map[string]any{
		"block_count": uint32(3), "context_length": uint32(100), "embedding_length": uint32(64),
		"attention.head_count": uint32(4), "feed_forward_length": uint32(128), "eps": float32(1e-5),
	} {
		f.Set("x."+key, value)
	}
	for key, value := range changes {
		if f.Remove("x." + key); value != nil {
			f.Set("x."+key, value)
		}
	}
	file, err := loader.OpenBytes(f.Bytes())
	require.NoError(t, err)
	return &keys{meta: &file.Meta, prefix: "x."}
}

func TestConfigHasDefaults(t *testing.T) {
	k := keysOf(t, nil)
	c := readConfig(k, "x", "eps")
	c.readRoPE(k)
	require.NoError(t, k.err)
	require.Equal(t, Config{
		Arch: "x", Embedding: 64, Layers: 3, ContextLength: 100,
		Heads: []int{4, 4, 4}, KVHeads: []int{4, 4, 4}, FeedForward: []int{128, 128, 128},
		KeyDim: 16, ValueDim: 16, NormEps: 1e-5, RopeDim: 16, RopeBase: 10000,
	}, c)
	s := readScaling(k, &c)
	require.Equal(t, scaling{kind: "linear", factor: 1, original: 100, attnFactor: 1, betaFast: 32, betaSlow: 1}, s)
}

func TestConfigReadsKeysByLayer(t *testing.T) {
	k := keysOf(t, map[string]any{
		"attention.head_count":    []int32{4, 8, 2},
		"attention.head_count_kv": []uint64{2, 1, 2},
		"feed_forward_length":     []uint16{10, 20, 30},
		"attention.key_length":    int8(20),
		"attention.value_length":  uint64(12),
	})
	c := readConfig(k, "x", "eps")
	require.NoError(t, k.err)
	require.Equal(t, []int{4, 8, 2}, c.Heads)
	require.Equal(t, []int{2, 1, 2}, c.KVHeads)
	require.Equal(t, []int{10, 20, 30}, c.FeedForward)
	require.Equal(t, 8, c.largestGroup())
	m := Model{Config: c}
	s := m.Sizes()
	require.Equal(t, []int{64, 8 * 20, 2 * 20, 2 * 12, 8 * 12, 30},
		[]int{s.Embedding, s.Query, s.Key, s.Value, s.Attention, s.FeedFwd})
}

func TestConfigKeepsTheFirstError(t *testing.T) {
	for name, c := range map[string]struct {
		changes map[string]any
		says    string
	}{
		"missing":              {map[string]any{"embedding_length": nil, "eps": nil}, `"x.embedding_length" is missing`},
		"zero":                 {map[string]any{"attention.head_count": uint32(0)}, `"x.attention.head_count" is 0`},
		"text":                 {map[string]any{"context_length": "long"}, `"x.context_length" is of type string`},
		"a layer too many":     {map[string]any{"feed_forward_length": []int32{1, 2, 3, 4}}, `"x.feed_forward_length" has 4 values for 3 layers`},
		"floats by layer":      {map[string]any{"attention.head_count": []float32{1, 2, 3}}, `"x.attention.head_count" is of type array of float32`},
		"an indivisible width": {map[string]any{"attention.head_count": uint32(7)}, `"x.attention.key_length" is missing`},
		"a huge default head":  {map[string]any{"embedding_length": uint32(1 << 14), "attention.head_count": uint32(1)}, `"x.attention.key_length" is missing`},
		"one KV group too few": {map[string]any{"attention.head_count_kv": []int32{4, 4, 3}}, `"x.attention.head_count_kv"`},
		"causal as a number":   {map[string]any{"attention.causal": uint32(1)}, `"x.attention.causal"`},
	} {
		t.Run(name, func(t *testing.T) {
			k := keysOf(t, c.changes)
			readConfig(k, "x", "eps")
			require.ErrorIs(t, k.err, ErrModel)
			require.ErrorContains(t, k.err, c.says)
		})
	}
}

func TestLocalLayersFollowThePattern(t *testing.T) {
	for name, c := range map[string]struct {
		pattern any
		window  int
		want    []bool
	}{
		"five of six":  {nil, 8, []bool{true, true, true, true, true, false, true}},
		"one of two":   {uint32(2), 8, []bool{true, false, true, false, true, false, true}},
		"none":         {uint32(1), 8, make([]bool, 7)},
		"by layer":     {[]bool{false, true, true, false, false, false, true}, 8, []bool{false, true, true, false, false, false, true}},
		"no window":    {[]bool{true, true, true, true, true, true, true}, 0, make([]bool, 7)},
		"one in seven": {uint8(7), 8, []bool{true, true, true, true, true, true, false}},
	} {
		t.Run(name, func(t *testing.T) {
			k := keysOf(t, map[string]any{"attention.sliding_window_pattern": c.pattern})
			require.Equal(t, c.want, isLocal(k, &Config{Layers: 7, Window: c.window}))
			require.NoError(t, k.err)
		})
	}
}

func TestScalingOfTypeNoneScalesNothing(t *testing.T) {
	k := keysOf(t, map[string]any{"rope.scaling.type": "none", "rope.scaling.factor": float32(4)})
	s := readScaling(k, &Config{ContextLength: 100})
	require.NoError(t, k.err)
	require.Equal(t, 1.0, s.factor)
}

func TestScalingReadsYaRNsKeys(t *testing.T) {
	k := keysOf(t, map[string]any{
		"rope.scaling.type": "yarn", "rope.scaling.factor": float32(4), "rope.scaling.original_context_length": uint32(50),
		"rope.scaling.attn_factor": float32(0.5), "rope.scaling.yarn_beta_fast": float32(16), "rope.scaling.yarn_beta_slow": float32(2),
		"rope.scale_linear": float32(9),
	})
	s := readScaling(k, &Config{ContextLength: 100})
	require.NoError(t, k.err)
	require.Equal(t, scaling{kind: "yarn", factor: 4, original: 50, attnFactor: 0.5, betaFast: 16, betaSlow: 2}, s)
}
