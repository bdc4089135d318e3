package runtime

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/runtime/kv"
)

// tinyGolden is what Hugging Face transformers computes in fp32.
type tinyGolden struct {
	Prompts map[string]struct {
		IDs     []int32   `json:"ids"`
		Logits  []float32 `json:"logits_last"`
		NLL     []float64 `json:"nll"`
		Greedy  []int32   `json:"greedy"`
		Margins []float64 `json:"margins"`
		Top1    []int32   `json:"top1"`
	} `json:"prompts"`
}

func TestTinyModelsInF32AgreeWithTransformers(t *testing.T) {
	for _, arch := range tinyArchs {
		t.Run(arch, func(t *testing.T) {
			var g tinyGolden
			readJSON(t, &g, "tiny", arch, "golden.json")
			require.NotEmpty(t, g.Prompts)
			m := openModel(t, tinyPath(arch, "f32"), Options{KV: kv.Both(kv.F32)})
			for name, p := range g.Prompts {
				logits := evaluate(t, m, p.IDs, 512)
				require.InDeltaSlice(t, p.Logits, logits[len(logits)-1], 1e-3, name)
				require.InDeltaSlice(t, p.NLL, negLogLikelihood(logits, p.IDs), 1e-3, name)
				for i, row := range logits {
					require.EqualValues(t, p.Top1[i], argmax(row), "%s: position %d", name, i)
				}
				requireGreedy(t, p.Greedy, greedy(t, m, p.IDs, len(p.Greedy)), p.Margins, 1e-3, name)
			}
		})
	}
}

// requireGreedy demands equal tokens up to the first whose margin to the
// second-best is so small that it may fall either way.
func requireGreedy(t *testing.T, want, got []int32, margins []float64, least float64, what string) {
	t.Helper()
	for i := range want {
		if margins[i] <= least && want[i] != got[i] {
			return
		}
		require.Equal(t, want[i], got[i], "%s: token %d, margin %v", what, i, margins[i])
	}
}

// realGolden is the truth of a real model's quantised weights, computed in fp32
// on their decoded values, and llama.cpp's answer with its defaults.
type realGolden struct {
	Prompts []struct {
		Text  string  `json:"text"`
		IDs   []int32 `json:"ids"`
		Truth struct {
			NLL     []float64    `json:"nll"`
			Top20   [][2]float64 `json:"top20"`
			Greedy  []int32      `json:"greedy"`
			Margins []float64    `json:"margins"`
		} `json:"truth"`
	} `json:"prompts"`
}

// tailError bounds the error of any one log-probability under int16
// activations. Unlikely tokens, which hardly count in a divergence, are off by
// up to several thousandths.
const tailError = 1e-2

func TestRealModelsWithInt16ActivationsFollowTheTruth(t *testing.T) {
	for _, name := range []string{smolLM2, gemma} {
		t.Run(name, func(t *testing.T) {
			m := openModel(t, labPath(t, name), Options{Exact: true, KV: kv.Both(kv.F32), Context: 1024})
			var g realGolden
			readJSON(t, &g, "real", name+".json")
			require.NotEmpty(t, g.Prompts)
			for _, p := range g.Prompts {
				logits := evaluate(t, m, p.IDs, 512)
				require.InDeltaSlice(t, p.Truth.NLL, negLogLikelihood(logits, p.IDs), tailError, "%q", p.Text)
				last := logSoftmax(logits[len(logits)-1])
				for _, top := range p.Truth.Top20 {
					require.InDelta(t, top[1], last[int(top[0])], tailError, "%q: token %v", p.Text, top[0])
				}
				requireGreedy(t, p.Truth.Greedy, greedy(t, m, p.IDs, len(p.Truth.Greedy)), p.Truth.Margins, 1e-3, fmt.Sprintf("%q", p.Text))
			}
			kl, _ := chunkDivergence(t, m, name)
			t.Logf("mean KL to the truth: %.3g", mean(kl))
			require.Less(t, mean(kl), 1e-6)
		})
	}
}

func TestRealModelsWithDefaultsAreCloserToTheTruthThanLlamaCpp(t *testing.T) {
	for name, share := range map[string]float64{smolLM2: 0.85, gemma: 0.5} {
		t.Run(name, func(t *testing.T) {
			m := openModel(t, labPath(t, name), Options{Context: 1024})
			kl, peer := chunkDivergence(t, m, name)
			t.Logf("mean KL to the truth: %.3g, llama.cpp's: %.3g, ratio %.2f; median %.3g", mean(kl), mean(peer), mean(kl)/mean(peer), median(kl))
			require.LessOrEqual(t, mean(kl), share*mean(peer))
			requireTop1(t, m, name)
		})
	}
}

// A q8_0 cache costs a few ten-thousandths of divergence, far less than int8
// activations do.
func TestACacheOfQ8CostsLittle(t *testing.T) {
	for _, name := range []string{smolLM2, gemma} {
		t.Run(name, func(t *testing.T) {
			m := openModel(t, labPath(t, name), Options{Exact: true, KV: kv.Both(kv.Q8_0), Context: 1024})
			kl, peer := chunkDivergence(t, m, name)
			t.Logf("mean KL to the truth: %.3g, llama.cpp's with f16: %.3g", mean(kl), mean(peer))
			require.Less(t, mean(kl), 7e-4)
			m = openModel(t, labPath(t, name), Options{KV: kv.Both(kv.Q8_0), Context: 1024})
			kl, _ = chunkDivergence(t, m, name)
			t.Logf("with int8 activations: %.3g", mean(kl))
			require.Less(t, mean(kl), 4e-3)
		})
	}
}

// chunkDivergence returns the divergences from the truth at 128 positions, ours
// and llama.cpp's.
func chunkDivergence(t *testing.T, m *Model, name string) (ours, peer []float64) {
	z := readNPZ(t, "real", name+".chunk0.npz")
	ids, top, logp := asInts(z["ids"]), asInts(z["top_ids"]), asFloats(z["top_logprob"])
	require.Len(t, ids, 128)
	for i, row := range evaluate(t, m, ids, 512) {
		ours = append(ours, klOfTop(top[i*1024:(i+1)*1024], logp[i*1024:(i+1)*1024], row))
	}
	for _, v := range asFloats(z["llama_kl"]) {
		peer = append(peer, float64(v))
	}
	return ours, peer
}

// requireTop1 demands that the likeliest token is the truth's about as often as
// llama.cpp's is, over three chunks of 512 tokens.
func requireTop1(t *testing.T, m *Model, name string) {
	peerAgreement := map[string]float64{smolLM2: 0.9657, gemma: 0.9564}
	var chunks []struct {
		IDs  []int32 `json:"ids"`
		Top1 []int   `json:"truth_top1"`
	}
	readJSON(t, &chunks, "real", name+".ppl_chunks.json")
	agree, n := 0, 0
	for _, c := range chunks {
		for i, row := range evaluate(t, m, c.IDs, 512) {
			n++
			if argmax(row) == c.Top1[i] {
				agree++
			}
		}
	}
	t.Logf("top-1 agreement %.2f %% over %d positions", 100*float64(agree)/float64(n), n)
	require.GreaterOrEqual(t, float64(agree)/float64(n), peerAgreement[name]-0.01)
}
