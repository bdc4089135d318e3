package runtime

import (
	"context"
	"math"
	goruntime "runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/loader/gguftest"
	"github.com/gptrun/gptrun/quant"
	"github.com/gptrun/gptrun/runtime/kv"
)

// Bounds of a refusal.
const (
	refusalTime  = time.Second
	refusalBytes = 100 << 20
)

// hostile is a tiny model with something changed. Its refusal names what is wrong.
type hostile struct {
	name   string
	arch   string
	change func(f *gguftest.File)
	says   []string
}

func set(key string, value any) func(*gguftest.File) {
	return func(f *gguftest.File) { f.Set(key, value) }
}

func without(key string) func(*gguftest.File) {
	return func(f *gguftest.File) { f.Remove(key) }
}

func withoutTensor(name string) func(*gguftest.File) {
	return func(f *gguftest.File) { f.RemoveTensor(name) }
}

// shaped gives a tensor another shape, and zeros.
func shaped(name string, typ quant.Type, shape ...uint64) func(*gguftest.File) {
	return func(f *gguftest.File) {
		f.RemoveTensor(name)
		f.Tensors = append(f.Tensors, gguftest.Tensor{Name: name, Type: typ, Shape: shape})
	}
}

func all(changes ...func(*gguftest.File)) func(*gguftest.File) {
	return func(f *gguftest.File) {
		for _, c := range changes {
			c(f)
		}
	}
}

var nan, inf = float32(math.NaN()), float32(math.Inf(1))

// hostileKeys are the tests of metadata.
var hostileKeys = []hostile{
	{"no architecture", "llama", without("general.architecture"), []string{`"general.architecture"`, "missing"}},
	{"an architecture that is a number", "llama", set("general.architecture", uint32(3)), []string{`"general.architecture"`, "string"}},
	{"an unknown architecture", "llama", set("general.architecture", "mam\x1bba"), []string{`"mam\x1bba"`, "llama"}},
	{"an architecture of a megabyte", "llama", set("general.architecture", strings.Repeat("x", 1<<20)), []string{`"general.architecture"`, "1048576"}},
	{"another known architecture", "llama", set("general.architecture", "gpt2"), []string{`"gpt2.block_count"`, "missing"}},

	{"no layers", "llama", set("llama.block_count", uint32(0)), []string{`"llama.block_count"`, "0"}},
	{"four billion layers", "llama", set("llama.block_count", uint32(math.MaxUint32)), []string{`"llama.block_count"`, "4294967295"}},
	{"a negative number of layers", "llama", set("llama.block_count", int32(-4)), []string{`"llama.block_count"`, "-4"}},
	{"layers that are text", "llama", set("llama.block_count", "four"), []string{`"llama.block_count"`, "string"}},
	{"layers that are a fraction", "llama", set("llama.block_count", float32(4)), []string{`"llama.block_count"`, "float32"}},
	{"missing layers", "llama", without("llama.block_count"), []string{`"llama.block_count"`, "missing"}},
	{"more layers than tensors", "llama", set("llama.block_count", uint32(1000)), []string{"tensor", "missing"}},
	{"fewer layers than tensors", "gpt2", set("gpt2.block_count", uint32(1)), []string{`"blk.1.`, "no place"}},

	{"no context", "llama", set("llama.context_length", uint32(0)), []string{`"llama.context_length"`}},
	{"an endless context", "llama", set("llama.context_length", uint64(math.MaxUint64)), []string{`"llama.context_length"`, "18446744073709551615"}},
	{"a context that the position table lacks", "gpt2", set("gpt2.context_length", uint32(1<<20)), []string{`"position_embd.weight"`}},

	{"no embedding", "llama", set("llama.embedding_length", uint32(0)), []string{`"llama.embedding_length"`}},
	{"a vast embedding", "llama", set("llama.embedding_length", uint32(1<<31)), []string{`"llama.embedding_length"`}},
	{"an embedding of another width", "llama", set("llama.embedding_length", uint32(64*3)), []string{"tensor", "shape"}},
	{"an embedding that heads do not divide", "gpt2", set("gpt2.embedding_length", uint32(97)), []string{`"gpt2.attention.key_length"`, "97"}},

	{"no heads", "llama", set("llama.attention.head_count", uint32(0)), []string{`"llama.attention.head_count"`}},
	{"no heads in 62 layers", "gemma3", all(set("gemma3.block_count", uint32(62)), set("gemma3.attention.head_count", uint32(0))), []string{`"gemma3.attention.head_count"`}},
	{"more heads than the embedding has values in 62 layers", "gemma3", all(set("gemma3.block_count", uint32(62)), set("gemma3.attention.head_count", uint32(1000)), set("gemma3.attention.head_count_kv", uint32(1)), set("gemma3.embedding_length", uint32(32))), []string{`"gemma3.attention.head_count"`, "1000"}},
	{"no KV heads", "llama", set("llama.attention.head_count_kv", uint32(0)), []string{`"llama.attention.head_count_kv"`}},
	{"KV heads that do not divide the heads", "llama", set("llama.attention.head_count_kv", uint32(3)), []string{`"llama.attention.head_count_kv"`, "3 KV heads"}},
	{"more KV heads than heads", "llama", set("llama.attention.head_count_kv", uint32(512)), []string{`"llama.attention.head_count_kv"`}},
	{"heads that are text by layer", "llama", set("llama.attention.head_count", []string{"a", "b", "c"}), []string{`"llama.attention.head_count"`, "array of string"}},
	{"heads for too few layers", "llama", set("llama.attention.head_count", []uint32{4}), []string{`"llama.attention.head_count"`, "1 values"}},
	{"heads for too many layers", "llama", set("llama.attention.head_count", make([]uint8, 10<<20)), []string{`"llama.attention.head_count"`, "10485760 values"}},
	{"a layer without heads", "llama", perLayer("llama.attention.head_count", 0), []string{`"llama.attention.head_count"`, "layer 1"}},
	{"a layer with a negative width", "llama", perLayer("llama.feed_forward_length", -8), []string{`"llama.feed_forward_length"`, "layer 1"}},
	{"no feed-forward", "llama", without("llama.feed_forward_length"), []string{`"llama.feed_forward_length"`, "missing"}},
	{"a vast feed-forward", "gpt2", set("gpt2.feed_forward_length", uint32(1<<31)), []string{`"gpt2.feed_forward_length"`}},

	{"a head size of 0", "llama", set("llama.attention.key_length", uint32(0)), []string{`"llama.attention.key_length"`}},
	{"a vast head", "gemma3", set("gemma3.attention.value_length", uint32(1<<30)), []string{`"gemma3.attention.value_length"`}},
	{"heads too wide together", "llama", all(set("llama.attention.head_count", uint32(1024)), set("llama.attention.key_length", uint32(4096)), set("llama.attention.value_length", uint32(1))), []string{`"llama.attention.head_count"`}},

	{"no epsilon", "llama", without("llama.attention.layer_norm_rms_epsilon"), []string{`"llama.attention.layer_norm_rms_epsilon"`, "missing"}},
	{"an epsilon that is no number", "llama", set("llama.attention.layer_norm_rms_epsilon", nan), []string{`"llama.attention.layer_norm_rms_epsilon"`, "NaN"}},
	{"a negative epsilon", "gpt2", set("gpt2.attention.layer_norm_epsilon", float32(-1)), []string{`"gpt2.attention.layer_norm_epsilon"`, "-1"}},
	{"an epsilon that is text", "gemma3", set("gemma3.attention.layer_norm_rms_epsilon", "small"), []string{`"gemma3.attention.layer_norm_rms_epsilon"`, "string"}},

	{"an odd rotary dimension", "llama", set("llama.rope.dimension_count", uint32(5)), []string{`"llama.rope.dimension_count"`, "5"}},
	{"a rotary dimension past the head", "llama", set("llama.rope.dimension_count", uint32(4096)), []string{`"llama.rope.dimension_count"`, "4096"}},
	{"no rotary dimension", "llama", set("llama.rope.dimension_count", uint32(0)), []string{`"llama.rope.dimension_count"`}},
	{"a RoPE base that is no number", "llama", set("llama.rope.freq_base", nan), []string{`"llama.rope.freq_base"`, "NaN"}},
	{"an infinite RoPE base", "gemma3", set("gemma3.rope.freq_base", inf), []string{`"gemma3.rope.freq_base"`, "Inf"}},
	{"a RoPE base of 1", "llama", set("llama.rope.freq_base", float32(1)), []string{`"llama.rope.freq_base"`}},
	{"a local RoPE base of 0", "gemma3", set("gemma3.rope.freq_base_swa", float32(0)), []string{`"gemma3.rope.freq_base_swa"`}},
	{"an unknown scaling", "llama", set("llama.rope.scaling.type", "longrope"), []string{`"llama.rope.scaling.type"`, `"longrope"`}},
	{"a scaling that is a number", "llama", set("llama.rope.scaling.type", uint8(1)), []string{`"llama.rope.scaling.type"`}},
	{"a scaling of a megabyte", "llama", set("llama.rope.scaling.type", strings.Repeat("\n", 1<<20)), []string{`"llama.rope.scaling.type"`, "1048576"}},
	{"a negative factor", "llama", set("llama.rope.scaling.factor", float32(-2)), []string{`"llama.rope.scaling.factor"`}},
	{"an infinite factor", "gemma3", set("gemma3.rope.scaling.factor", inf), []string{`"gemma3.rope.scaling.factor"`}},
	{"an original context of 0", "llama", set("llama.rope.scaling.original_context_length", uint32(0)), []string{`"llama.rope.scaling.original_context_length"`}},
	{"a YaRN attention factor that is no number", "llama", set("llama.rope.scaling.attn_factor", nan), []string{`"llama.rope.scaling.attn_factor"`}},
	{"a YaRN beta of 0", "llama", set("llama.rope.scaling.yarn_beta_fast", float32(0)), []string{`"llama.rope.scaling.yarn_beta_fast"`}},

	{"an endless window", "gemma3", set("gemma3.attention.sliding_window", uint64(1<<40)), []string{`"gemma3.attention.sliding_window"`}},
	{"a negative window", "gemma3", set("gemma3.attention.sliding_window", int64(-1)), []string{`"gemma3.attention.sliding_window"`}},
	{"a window pattern of period 0", "gemma3", set("gemma3.attention.sliding_window_pattern", uint32(0)), []string{`"gemma3.attention.sliding_window_pattern"`}},
	{"a window pattern of too few layers", "gemma3", set("gemma3.attention.sliding_window_pattern", []bool{true}), []string{`"gemma3.attention.sliding_window_pattern"`, "1 values"}},
	{"a window pattern of text", "gemma3", set("gemma3.attention.sliding_window_pattern", "local"), []string{`"gemma3.attention.sliding_window_pattern"`}},
	{"a soft cap that is no number", "gemma3", set("gemma3.final_logit_softcapping", nan), []string{`"gemma3.final_logit_softcapping"`}},
	{"experts", "llama", set("llama.expert_count", uint32(8)), []string{`"llama.expert_count"`, "experts"}},
	{"attention both ways", "llama", set("llama.attention.causal", false), []string{`"llama.attention.causal"`}},

	{"a vocabulary that is too short", "llama", set("tokenizer.ggml.tokens", []string{"a", "b"}), []string{`"tokenizer.ggml.tokens"`, "2 tokens"}},
	{"a vocabulary of text", "llama", set("tokenizer.ggml.tokens", "abc"), []string{`"tokenizer.ggml.tokens"`, "string"}},
}

// perLayer sets a key to an array, an ordinary value for each layer but the second.
func perLayer(key string, second int32) func(*gguftest.File) {
	return func(f *gguftest.File) {
		v := make([]int32, layersOf(f))
		for i := range v {
			v[i] = 4
		}
		v[1] = second
		f.Set(key, v)
	}
}

func layersOf(f *gguftest.File) (n int) {
	for _, p := range f.Meta {
		if strings.HasSuffix(p.Key, ".block_count") {
			n = int(p.Value.(uint32))
		}
	}
	return n
}

// hostileTensors are the tests of tensors.
var hostileTensors = []hostile{
	{"no embedding table", "llama", withoutTensor("token_embd.weight"), []string{`"token_embd.weight"`, "missing"}},
	{"an embedding table of one dimension", "gpt2", shaped("token_embd.weight", quant.F32, 4096), []string{`"token_embd.weight"`, "matrix"}},
	{"an embedding table of another width", "gpt2", shaped("token_embd.weight", quant.F32, 32, 300), []string{`"token_embd.weight"`, "[32 300]"}},
	{"a norm that is missing", "llama", withoutTensor("blk.1.attn_norm.weight"), []string{`"blk.1.attn_norm.weight"`, "missing"}},
	{"a norm that is a matrix", "llama", shaped("blk.0.ffn_norm.weight", quant.F32, 64, 2), []string{`"blk.0.ffn_norm.weight"`, "[64 2]"}},
	{"a norm that is too short", "gemma3", shaped("output_norm.weight", quant.F32, 7), []string{`"output_norm.weight"`, "[7]"}},
	{"a query norm that is missing", "gemma3", withoutTensor("blk.0.attn_q_norm.weight"), []string{`"blk.0.attn_q_norm.weight"`}},
	{"a weight that is missing", "llama", withoutTensor("blk.1.ffn_down.weight"), []string{`"blk.1.ffn_down.weight"`, "missing"}},
	{"a weight that is transposed", "llama", shaped("blk.0.ffn_down.weight", quant.F32, 64, 999), []string{`"blk.0.ffn_down.weight"`, "[64 999]"}},
	{"a weight of four dimensions", "llama", shaped("blk.0.ffn_up.weight", quant.F32, 2, 2, 2, 2), []string{`"blk.0.ffn_up.weight"`, "[2 2 2 2]"}},
	{"a fused weight that is too short", "gpt2", shaped("blk.0.attn_qkv.weight", quant.F32, 64, 64), []string{`"blk.0.attn_qkv.weight"`}},
	{"a bias that is too short", "gpt2", shaped("blk.0.attn_qkv.bias", quant.F32, 3), []string{`"blk.0.attn_qkv.bias"`}},
	{"a bias of a fused weight that is missing", "gpt2", withoutTensor("blk.0.attn_qkv.bias"), []string{`"blk.0.attn_qkv.bias"`, "missing"}},
	{"a bias that is missing", "gpt2", withoutTensor("blk.2.ffn_down.bias"), []string{`"blk.2.ffn_down.bias"`, "missing"}},
	{"a norm's bias that is missing", "gpt2", withoutTensor("output_norm.bias"), []string{`"output_norm.bias"`, "missing"}},
	{"an output head of another vocabulary", "gpt2", shaped("output.weight", quant.F32, 64, 3), []string{`"output.weight"`}},
	{"frequency factors that are too few", "llama", shaped("rope_freqs.weight", quant.F32, 1), []string{`"rope_freqs.weight"`}},
	{"a tensor that has no place", "llama", shaped("blk.0.attn_q_norm.weight", quant.F32, 16), []string{`"blk.0.attn_q_norm.weight"`, "no place"}},
	{"a tensor past the last layer", "gemma3", shaped("blk.99.attn_norm.weight", quant.F32, 1), []string{`"blk.99.attn_norm.weight"`, "no place"}},
}

// tinyFile is a tiny model, to be changed.
func tinyFile(t testing.TB, arch, typ string) *gguftest.File {
	f, err := loader.Open(tinyPath(arch, typ))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return gguftest.From(t, f)
}

func TestHostileModelsAreRefusedByName(t *testing.T) {
	for _, group := range [][]hostile{hostileKeys, hostileTensors} {
		for _, h := range group {
			t.Run(h.name, func(t *testing.T) {
				file := tinyFile(t, h.arch, "q8_0")
				h.change(file)
				f, err := loader.Open(file.Write(t, "hostile.gguf"))
				require.NoError(t, err)
				defer f.Close()
				err = refused(t, f)
				require.ErrorIs(t, err, ErrModel)
				require.ErrorContains(t, err, f.Path())
				for _, s := range h.says {
					require.ErrorContains(t, err, s)
				}
			})
		}
	}
}

// refused binds and loads the model in f, which must fail within bounds and say so in a
// line of printable text.
func refused(t testing.TB, f *loader.File) error {
	var before, after goruntime.MemStats
	goruntime.ReadMemStats(&before)
	start := time.Now()
	m, err := New(f, Options{Threads: 1})
	if err == nil {
		err = m.Load(context.Background())
		require.NoError(t, m.Close())
	}
	took := time.Since(start)
	goruntime.ReadMemStats(&after)
	require.Error(t, err)
	require.Less(t, took, refusalTime)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(refusalBytes))
	require.Less(t, len(err.Error()), 1000)
	for _, r := range err.Error() {
		require.GreaterOrEqual(t, r, ' ', "control byte in %q", err.Error())
	}
	return err
}

func TestFrequencyFactorsThatAreNoPositiveNumbersAreRefused(t *testing.T) {
	for _, bad := range []float32{0, -1, nan, inf} {
		file := tinyFile(t, "llama", "q8_0")
		data := make([]byte, 0, 4*64)
		for range headPairs(t, "llama") {
			data = appendFloat(data, bad)
		}
		file.RemoveTensor("rope_freqs.weight")
		file.Tensors = append(file.Tensors, gguftest.Tensor{Name: "rope_freqs.weight", Type: quant.F32, Shape: []uint64{uint64(len(data) / 4)}, Data: data})
		f, err := loader.OpenBytes(file.Bytes())
		require.NoError(t, err)
		err = refused(t, f)
		require.ErrorIs(t, err, ErrModel)
		require.ErrorContains(t, err, `"rope_freqs.weight"`)
	}
}

func appendFloat(b []byte, x float32) []byte {
	v := math.Float32bits(x)
	return append(b, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
}

// headPairs is the number of pairs that RoPE turns in a head of a tiny model.
func headPairs(t testing.TB, arch string) int {
	return openModel(t, tinyPath(arch, "q8_0"), Options{Threads: 1}).Config().RopeDim / 2
}

// TestOddModelsRun changes tiny models in ways that real files differ; each runs,
// and gives the same bits in one batch and token by token.
func TestOddModelsRun(t *testing.T) {
	for _, h := range []hostile{
		{name: "without a vocabulary", arch: "llama", change: without("tokenizer.ggml.tokens")},
		{name: "tokens of no type", arch: "llama", change: without("tokenizer.ggml.token_type")},
		{name: "one local layer in two", arch: "gemma3", change: set("gemma3.attention.sliding_window_pattern", uint32(2))},
		{name: "no local layer", arch: "gemma3", change: set("gemma3.attention.sliding_window_pattern", uint32(1))},
		{name: "no window", arch: "gemma3", change: without("gemma3.attention.sliding_window")},
		{name: "a window of one", arch: "gemma3", change: set("gemma3.attention.sliding_window", uint32(1))},
		{name: "a window past the context", arch: "gemma3", change: set("gemma3.attention.sliding_window", uint32(1<<27))},
		{name: "a window flag a layer", arch: "gemma3", change: func(f *gguftest.File) {
			flags := make([]bool, layersOf(f))
			flags[0] = true
			f.Set("gemma3.attention.sliding_window_pattern", flags)
		}},
		{name: "a soft cap", arch: "gemma3", change: set("gemma3.final_logit_softcapping", float32(30))},
		{name: "a soft cap close to zero", arch: "gemma3", change: set("gemma3.final_logit_softcapping", float32(1e-38))},
		{name: "YaRN", arch: "llama", change: all(set("llama.rope.scaling.type", "yarn"), set("llama.rope.scaling.factor", float32(4)))},
		{name: "a factor close to zero", arch: "llama", change: set("llama.rope.scaling.factor", float32(1e-44))},
		{name: "the largest factor", arch: "llama", change: set("llama.rope.scaling.factor", float32(math.MaxFloat32))},
		{name: "a partial rotation", arch: "gemma3", change: set("gemma3.rope.dimension_count", uint32(2))},
		{name: "biases of zero", arch: "llama", change: func(f *gguftest.File) {
			for _, name := range []string{"blk.0.attn_q", "blk.0.ffn_down", "blk.1.ffn_gate"} {
				shaped(name+".bias", quant.F32, f.Tensor(name + ".weight").Shape[1])(f)
			}
		}},
		{name: "a quantized norm", arch: "llama", change: func(f *gguftest.File) {
			shaped("output_norm.weight", quant.Q8_0, f.Tensor("output_norm.weight").Shape[0])(f)
		}},
		{name: "a weight of zeros in the smallest type", arch: "llama", change: func(f *gguftest.File) {
			shaped("blk.0.ffn_up.weight", quant.Q4_0, f.Tensor("blk.0.ffn_up.weight").Shape...)(f)
		}},
	} {
		t.Run(h.name, func(t *testing.T) {
			file := tinyFile(t, h.arch, "q8_0")
			h.change(file)
			f, err := loader.OpenBytes(file.Bytes())
			require.NoError(t, err)
			m, err := New(f, Options{Threads: 5})
			require.NoError(t, err)
			defer m.Close()
			ids := []int32{1, 2, 3, 5, 8, 13}
			requireSameBits(t, evaluate(t, m, ids, 6), evaluate(t, m, ids, 1), "token by token")
		})
	}
}

func TestOptionsOutOfRangeAreRefused(t *testing.T) {
	f, err := loader.Open(tinyPath("gpt2", "q8_0"))
	require.NoError(t, err)
	defer f.Close()
	for want, o := range map[string]Options{
		"batch":      {Batch: -1},
		"threads":    {Threads: maxThreads + 1},
		"context":    {Context: maxContext + 1},
		"positions":  {Context: 1 << 20},
		"weights":    {Weights: WeightsMapped + 1},
		"key type":   {KV: kv.Types{Keys: 9}},
		"value type": {KV: kv.Types{Values: 9}},
		"no such":    {CPU: "no such"},
	} {
		_, err := New(f, o)
		require.ErrorContains(t, err, want)
	}
	_, err = New(f, Options{KV: kv.Both(kv.Q8_0)})
	require.ErrorContains(t, err, "gpt2-q8_0.gguf: keys cannot be kept as q8_0: heads of 16 channels")
}

func TestAModelClosedWhileBatchesExist(t *testing.T) {
	f, err := loader.Open(tinyPath("llama", "q8_0"))
	require.NoError(t, err)
	defer f.Close()
	m, err := New(f, Options{Threads: 2})
	require.NoError(t, err)
	s, b := m.NewSequence(), m.NewBatch()
	require.NoError(t, b.Add(s, []int32{1, 2, 3}, 3))
	require.NoError(t, b.Run(context.Background()))
	require.NoError(t, m.Close())
	_, err = b.Logits(0)
	require.ErrorIs(t, err, ErrClosed)
	b.Reset()
	require.NoError(t, b.Add(s, []int32{4}, 1))
	require.ErrorIs(t, b.Run(context.Background()), ErrClosed)
	b.Close()
	s.Close()
}

func TestABatchTakesNothingMoreAfterItsRun(t *testing.T) {
	m := openModel(t, tinyPath("llama", "q8_0"), Options{Threads: 1})
	b := m.NewBatch()
	require.NoError(t, b.Add(m.NewSequence(), []int32{1}, 1))
	require.NoError(t, b.Run(context.Background()))
	require.ErrorContains(t, b.Add(m.NewSequence(), []int32{1}, 1), "Reset")
	_, err := b.Logits(1)
	require.Error(t, err)
	b.Reset()
	require.NoError(t, b.Add(m.NewSequence(), []int32{1}, 1))
}
