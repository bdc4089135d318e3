package runtime

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/runtime/kv"
)

// variant is one way to run a model that must not change a bit.
type variant struct {
	name  string
	opts  Options
	chunk int
}

// variants changes one thing at a time against the baseline of base and chunks
// of 512: the tier, the threads, the chunks, the place of the weights.
func variants(base Options) []variant {
	with := func(change func(*Options)) Options {
		o := base
		change(&o)
		return o
	}
	v := []variant{}
	for _, s := range kernels.Available() {
		v = append(v, variant{"tier " + s.Name, with(func(o *Options) { o.CPU = s.Name }), 512})
	}
	for n := 1; n <= 3; n++ {
		v = append(v, variant{fmt.Sprintf("%d threads", n), with(func(o *Options) { o.Threads = n }), 512})
	}
	for _, n := range []int{1, 7, 64, 512} {
		v = append(v, variant{fmt.Sprintf("chunks of %d", n), base, n})
	}
	for _, w := range []WeightsMode{WeightsPacked, WeightsMapped} {
		v = append(v, variant{"weights " + w.String(), with(func(o *Options) { o.Weights = w }), 512})
	}
	return v
}

// kinds are the arithmetics that a user chooses between; each has bits of its own.
func kinds() map[string]Options {
	if testing.Short() {
		return map[string]Options{"int8, f16 cache": {Threads: 2}}
	}
	return map[string]Options{
		"int8, f16 cache":                 {Threads: 2},
		"int16, f16 cache":                {Threads: 2, Exact: true},
		"int8, f32 cache":                 {Threads: 2, KV: kv.Both(kv.F32)},
		"int8, f16 keys and f32 values":   {Threads: 2, KV: kv.Types{Keys: kv.F16, Values: kv.F32}},
		"int8, q8_0 cache":                {Threads: 2, KV: kv.Both(kv.Q8_0)},
		"int8, q8_0 keys and f16 values":  {Threads: 2, KV: kv.Types{Keys: kv.Q8_0}},
		"int16, f32 keys and q8_0 values": {Threads: 2, Exact: true, KV: kv.Types{Keys: kv.F32, Values: kv.Q8_0}},
	}
}

func TestTinyModelsGiveTheSameBitsHoweverTheyRun(t *testing.T) {
	for _, arch := range tinyArchs {
		for _, typ := range []string{"f32", "q8_0"} {
			var g tinyGolden
			readJSON(t, &g, "tiny", arch, "golden.json")
			ids := longText(arch, g, 300)
			for kind, opts := range kinds() {
				if arch != "gemma3" && strings.Contains(kind, "q8_0") {
					continue // its heads are no whole blocks
				}
				t.Run(arch+"/"+typ+"/"+kind, func(t *testing.T) {
					want := evaluate(t, openModel(t, tinyPath(arch, typ), opts), ids, 512)
					for _, v := range variants(opts) {
						got := evaluate(t, openModel(t, tinyPath(arch, typ), v.opts), ids, v.chunk)
						requireSameBits(t, want, got, v.name)
					}
				})
			}
		}
	}
}

// longText strings the golden prompts together to n tokens: longer than a chunk
// of attention and any sliding window of the tiny models, but for GPT-2, which
// has only 256 positions.
func longText(arch string, g tinyGolden, n int) []int32 {
	if arch == "gpt2" {
		n = min(n, 256)
	}
	var ids []int32
	for len(ids) < n {
		for _, name := range []string{"long", "unicode", "ascii"} {
			ids = append(ids, g.Prompts[name].IDs...)
		}
	}
	return ids[:n]
}

func TestRealModelsGiveTheSameBitsHoweverTheyRun(t *testing.T) {
	for _, name := range []string{smolLM2, gemma} {
		for kind, opts := range kinds() {
			if opts.KV.Keys != opts.KV.Values || opts.KV.Keys == kv.F32 {
				continue // the tiny models cover it
			}
			t.Run(name+"/"+kind, func(t *testing.T) {
				path := labPath(t, name)
				ids := realText(t, name, 513)
				opts.Context = 1024
				want := lastLogits(t, openModel(t, path, opts), ids, 512)
				short := lastLogits(t, openModel(t, path, opts), ids[:128], 128)
				for _, v := range variants(opts) {
					if v.opts.CPU == "generic" {
						requireSameBits(t, short, lastLogits(t, openModel(t, path, v.opts), ids[:128], 128), v.name)
						continue
					}
					requireSameBits(t, want, lastLogits(t, openModel(t, path, v.opts), ids, v.chunk), v.name)
				}
			})
		}
	}
}

// realText returns n tokens of real text for a model.
func realText(t *testing.T, name string, n int) []int32 {
	var chunks []struct {
		IDs []int32 `json:"ids"`
	}
	readJSON(t, &chunks, "real", name+".ppl_chunks.json")
	var ids []int32
	for _, c := range chunks {
		ids = append(ids, c.IDs...)
	}
	return ids[:n]
}

// lastLogits returns the logits of the last 8 tokens, every one of which
// depends on all cached keys and values.
func lastLogits(t testing.TB, m *Model, ids []int32, n int) [][]float32 {
	const keep = 8
	s, b := m.NewSequence(), m.NewBatch()
	defer s.Close()
	defer b.Close()
	var all [][]float32
	for from := 0; from < len(ids); from += n {
		to := min(from+n, len(ids))
		b.Reset()
		outputs := min(to-from, max(0, to-(len(ids)-keep)))
		require.NoError(t, b.Add(s, ids[from:to], outputs))
		require.NoError(t, b.Run(context.Background()))
		for i := range outputs {
			row, err := b.Logits(i)
			require.NoError(t, err)
			all = append(all, append([]float32(nil), row...))
		}
	}
	require.Len(t, all, keep)
	return all
}

func TestSequencesInOneBatchGiveTheBitsTheyGiveAlone(t *testing.T) {
	for _, arch := range tinyArchs {
		t.Run(arch, func(t *testing.T) {
			var g tinyGolden
			readJSON(t, &g, "tiny", arch, "golden.json")
			ids := longText(arch, g, 280)
			m := openModel(t, tinyPath(arch, "q8_0"), Options{Threads: 2})
			want := evaluate(t, m, ids, 512)

			// Three sequences at different places in the text, decoding together
			// while a fourth is prefilled.
			at := []int{3, 100, len(ids) - 22}
			var seqs []*Sequence
			for _, n := range at {
				seqs = append(seqs, m.NewSequence())
				prefill(t, m, seqs[len(seqs)-1], ids[:n])
			}
			b := m.NewBatch()
			for step := range 20 {
				b.Reset()
				for i, s := range seqs {
					require.NoError(t, b.Add(s, ids[at[i]+step:at[i]+step+1], 1))
				}
				fourth := m.NewSequence()
				require.NoError(t, b.Add(fourth, ids[:50], 50))
				require.NoError(t, b.Run(context.Background()))
				for i := range seqs {
					row, err := b.Logits(i)
					require.NoError(t, err)
					requireSameBits(t, want[at[i]+step:][:1], [][]float32{row}, fmt.Sprintf("sequence %d, step %d", i, step))
				}
				for i := range 50 {
					row, err := b.Logits(3 + i)
					require.NoError(t, err)
					requireSameBits(t, want[i:i+1], [][]float32{row}, "prefill beside decoding")
				}
			}
		})
	}
}

func prefill(t testing.TB, m *Model, s *Sequence, ids []int32) {
	b := m.NewBatch()
	defer b.Close()
	require.NoError(t, b.Add(s, ids, 0))
	require.NoError(t, b.Run(context.Background()))
}

func TestGoingBackGivesTheSameBits(t *testing.T) {
	for _, arch := range tinyArchs {
		t.Run(arch, func(t *testing.T) {
			var g tinyGolden
			readJSON(t, &g, "tiny", arch, "golden.json")
			ids := longText(arch, g, 290)
			m := openModel(t, tinyPath(arch, "q8_0"), Options{Threads: 2})
			want := evaluate(t, m, ids, 512)
			s := m.NewSequence()
			prefill(t, m, s, ids)
			last := len(ids) - 1
			require.NoError(t, s.Truncate(last))
			b := m.NewBatch()
			require.NoError(t, b.Add(s, ids[last:], 1))
			require.NoError(t, b.Run(context.Background()))
			row, err := b.Logits(0)
			require.NoError(t, err)
			requireSameBits(t, want[last:], [][]float32{row}, "after going back by one")

			b.Close()
			require.NoError(t, s.Truncate(0))
			prefill(t, m, s, ids[:10])
			require.Equal(t, 10, s.Len())
		})
	}
}
