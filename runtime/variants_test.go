package runtime

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/loader/gguftest"
	"github.com/gptrun/gptrun/quant"
)

// logitsOf evaluates a short text with the model in file.
func logitsOf(t testing.TB, file *gguftest.File, o Options, chunk int) [][]float32 {
	f, err := loader.OpenBytes(file.Bytes())
	require.NoError(t, err)
	m, err := New(f, o)
	require.NoError(t, err)
	defer m.Close()
	ids := make([]int32, 40)
	for i := range ids {
		ids[i] = int32(i * 7 % m.Config().Vocab)
	}
	return evaluate(t, m, ids, chunk)
}

// fuse joins a layer's q, k and v weights into one tensor.
func fuse(f *gguftest.File, layer int, kind string) {
	name := func(s string) string { return fmt.Sprintf("blk.%d.attn_%s.%s", layer, s, kind) }
	whole := *f.Tensor(name("q"))
	whole.Name = name("qkv")
	whole.Shape = append([]uint64(nil), whole.Shape...)
	whole.Data = bytes.Clone(whole.Data)
	for _, s := range []string{"k", "v"} {
		part := f.Tensor(name(s))
		whole.Shape[len(whole.Shape)-1] += part.Shape[len(part.Shape)-1]
		whole.Data = append(whole.Data, part.Data...)
	}
	for _, s := range []string{"q", "k", "v"} {
		f.RemoveTensor(name(s))
	}
	f.Tensors = append(f.Tensors, whole)
}

// addBiases gives a layer's q, k and v random biases.
func addBiases(f *gguftest.File, layer int) {
	r := rand.New(rand.NewPCG(1, uint64(layer)))
	for _, s := range []string{"q", "k", "v"} {
		name := fmt.Sprintf("blk.%d.attn_%s", layer, s)
		n := f.Tensor(name + ".weight").Shape[1]
		f.Tensors = append(f.Tensors, gguftest.Tensor{Name: name + ".bias", Type: quant.F32, Shape: []uint64{n}, Data: randomData(r, quant.F32, int(n), 1)})
	}
}

func TestOneModelInSeveralFormsGivesTheSameBits(t *testing.T) {
	for _, c := range []struct {
		name, arch string
		both       func(f *gguftest.File) // done to both files
		form       func(f *gguftest.File) // done to one
	}{
		{"fused attention weights", "llama", nil, func(f *gguftest.File) {
			for i := range layersOf(f) {
				fuse(f, i, "weight")
			}
		}},
		{"fused attention weights and biases", "llama", func(f *gguftest.File) { addBiases(f, 1) }, func(f *gguftest.File) {
			fuse(f, 1, "weight")
			fuse(f, 1, "bias")
		}},
		{"fused attention weights with biases of their own", "llama", func(f *gguftest.File) { addBiases(f, 1) }, func(f *gguftest.File) {
			fuse(f, 1, "weight")
		}},
		{"an output head that repeats the embedding table", "gpt2", nil, func(f *gguftest.File) {
			head := *f.Tensor("token_embd.weight")
			head.Name = "output.weight"
			f.Tensors = append(f.Tensors, head)
		}},
		{"a tied output head", "llama", func(f *gguftest.File) {
			f.Tensor("output.weight").Data = f.Tensor("token_embd.weight").Data
		}, withoutTensor("output.weight")},
		{"heads by layer", "llama", nil, all(
			set("llama.attention.head_count", []int32{4, 4, 4}),
			set("llama.attention.head_count_kv", []uint8{2, 2, 2}),
			set("llama.feed_forward_length", []uint64{160, 160, 160}))},
		{"head sizes left to the embedding", "llama", nil, all(
			without("llama.attention.key_length"), without("llama.attention.value_length"),
			without("llama.rope.dimension_count"), without("llama.rope.freq_base"))},
		{"numbers of other types", "llama", nil, all(
			set("llama.attention.layer_norm_rms_epsilon", float64(float32(1e-5))),
			set("llama.rope.freq_base", uint32(10000)),
			set("llama.block_count", uint32(3)))},
		{"the older key of linear scaling", "llama", set("llama.rope.scaling.factor", float32(4)), all(
			without("llama.rope.scaling.factor"), set("llama.rope.scale_linear", float32(4)))},
		{"a factor that scaling of type none ignores", "llama", nil, all(
			set("llama.rope.scaling.type", "none"), set("llama.rope.scaling.factor", float32(4)))},
		{"frequency factors of one", "llama", nil, func(f *gguftest.File) {
			var ones []byte
			for range 8 {
				ones = appendFloat(ones, 1)
			}
			f.Tensors = append(f.Tensors, gguftest.Tensor{Name: "rope_freqs.weight", Type: quant.F32, Shape: []uint64{8}, Data: ones})
		}},
		{"the window pattern as a period", "gemma3", nil, set("gemma3.attention.sliding_window_pattern", uint32(6))},
		{"the window pattern by layer", "gemma3", nil, set("gemma3.attention.sliding_window_pattern", []bool{true, true, true, true, true, false, true})},
		{"the window pattern by layer in integers", "gemma3", nil, set("gemma3.attention.sliding_window_pattern", []int32{1, 1, 1, 1, 1, 0, 1})},
		{"a local RoPE base left out", "gemma3", nil, without("gemma3.rope.freq_base_swa")},
	} {
		t.Run(c.name, func(t *testing.T) {
			base, form := tinyFile(t, c.arch, "q8_0"), tinyFile(t, c.arch, "q8_0")
			if c.both != nil {
				c.both(base)
				c.both(form)
			}
			c.form(form)
			o := Options{Threads: 2}
			requireSameBits(t, logitsOf(t, base, o, 40), logitsOf(t, form, o, 40), c.name)
		})
	}
}

func TestWhatChangesAModelChangesItsLogits(t *testing.T) {
	for _, c := range []struct {
		name, arch string
		change     func(f *gguftest.File)
	}{
		{"biases", "llama", func(f *gguftest.File) { addBiases(f, 1) }},
		{"linear scaling", "llama", set("llama.rope.scaling.factor", float32(4))},
		{"YaRN's attention factor", "llama", all(set("llama.rope.scaling.type", "yarn"), set("llama.rope.scaling.attn_factor", float32(2)))},
		{"another RoPE base", "llama", set("llama.rope.freq_base", float32(500))},
		{"another local RoPE base", "gemma3", set("gemma3.rope.freq_base_swa", float32(500))},
		{"a window of 8", "gemma3", set("gemma3.attention.sliding_window", uint32(8))},
		{"other local layers", "gemma3", set("gemma3.attention.sliding_window_pattern", uint32(2))},
		{"a soft cap", "gemma3", set("gemma3.final_logit_softcapping", float32(2))},
		{"another epsilon", "gpt2", set("gpt2.attention.layer_norm_epsilon", float32(0.1))},
	} {
		t.Run(c.name, func(t *testing.T) {
			base, changed := tinyFile(t, c.arch, "q8_0"), tinyFile(t, c.arch, "q8_0")
			c.change(changed)
			o := Options{Threads: 1}
			require.NotEqual(t, logitsOf(t, base, o, 40), logitsOf(t, changed, o, 40))
		})
	}
}

// oddFile is a random llama of widths that no block or vector divides.
func oddFile(typ quant.Type) *gguftest.File {
	const embedding, ff, heads, kvHeads, keyDim, valueDim, vocab, layers = 45, 37, 6, 2, 10, 7, 101, 2
	r := rand.New(rand.NewPCG(3, uint64(typ)))
	f := &gguftest.File{}
	f.Set("general.architecture", "llama")
	for key, n := range map[string]uint32{
		"block_count": layers, "context_length": 300, "embedding_length": embedding, "feed_forward_length": ff,
		"attention.head_count": heads, "attention.head_count_kv": kvHeads,
		"attention.key_length": keyDim, "attention.value_length": valueDim, "rope.dimension_count": 6,
	} {
		f.Set("llama."+key, n)
	}
	f.Set("llama.attention.layer_norm_rms_epsilon", float32(1e-5))
	add := func(name string, typ quant.Type, cols, rows int) {
		t := gguftest.Tensor{Name: name, Type: typ, Shape: []uint64{uint64(cols)}, Data: randomData(r, typ, cols, rows)}
		if rows > 1 {
			t.Shape = append(t.Shape, uint64(rows))
		}
		f.Tensors = append(f.Tensors, t)
	}
	add("token_embd.weight", typ, embedding, vocab)
	add("output_norm.weight", quant.F32, embedding, 1)
	for i := range layers {
		p := fmt.Sprintf("blk.%d.", i)
		add(p+"attn_norm.weight", quant.F32, embedding, 1)
		add(p+"ffn_norm.weight", quant.F32, embedding, 1)
		add(p+"attn_q.weight", typ, embedding, heads*keyDim)
		add(p+"attn_k.weight", typ, embedding, kvHeads*keyDim)
		add(p+"attn_v.weight", typ, embedding, kvHeads*valueDim)
		add(p+"attn_output.weight", typ, heads*valueDim, embedding)
		add(p+"ffn_gate.weight", typ, embedding, ff)
		add(p+"ffn_up.weight", typ, embedding, ff)
		add(p+"ffn_down.weight", typ, ff, embedding)
	}
	return f
}

// randomData is rows of cols normal values in a float type.
func randomData(r *rand.Rand, typ quant.Type, cols, rows int) []byte {
	var b []byte
	for range cols * rows {
		x := float32(r.NormFloat64())
		switch typ {
		case quant.F16:
			b = binary.LittleEndian.AppendUint16(b, quant.F32ToF16(x))
		case quant.BF16:
			b = binary.LittleEndian.AppendUint16(b, uint16(math.Float32bits(x)>>16))
		default:
			b = appendFloat(b, x)
		}
	}
	return b
}

func TestFloatModelsOfOddWidthsGiveTheSameBitsHoweverTheyRun(t *testing.T) {
	for _, typ := range []quant.Type{quant.F32, quant.F16, quant.BF16} {
		file := oddFile(typ)
		want := logitsOf(t, file, Options{Threads: 1, CPU: "generic"}, 40)
		for _, row := range want {
			for _, x := range row {
				require.False(t, x-x != 0, "a logit of %v", x)
			}
		}
		for _, s := range kernels.Available() {
			for _, o := range []Options{
				{CPU: s.Name, Threads: 1, Weights: WeightsPacked},
				{CPU: s.Name, Threads: 3, Weights: WeightsMapped},
				{CPU: s.Name, Threads: 70, Weights: WeightsPacked},
			} {
				for _, chunk := range []int{1, 7, 40} {
					requireSameBits(t, want, logitsOf(t, file, o, chunk), fmt.Sprintf("type %d, %+v, chunks of %d", typ, o, chunk))
				}
			}
		}
	}
}
