package gptrun

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/loader/gguftest"
	"github.com/gptrun/gptrun/runtime/token"
)

// generateAll returns the tokens of a generation.
func generateAll(t testing.TB, s *Session, prompt []int32, opts ...GenerateOption) (list []Token) {
	for tok, err := range s.GenerateTokens(context.Background(), prompt, opts...) {
		require.NoError(t, err)
		list = append(list, tok)
	}
	return list
}

// likeliest lists all tokens by their logits, ties by the lower id.
func likeliest(m *Model, logits []float32) []TokenLogprob {
	list := make([]TokenLogprob, len(logits))
	for i := range list {
		id := int32(i)
		text, _ := m.TokenText(id)
		list[i] = TokenLogprob{ID: id, Text: text, Logprob: -m.NegLogLikelihood(logits, id)}
	}
	slices.SortFunc(list, func(a, b TokenLogprob) int {
		return cmp.Or(cmp.Compare(logits[b.ID], logits[a.ID]), cmp.Compare(a.ID, b.ID))
	})
	return list
}

func TestLogprobsAreThoseOfTheModelsLogits(t *testing.T) {
	prompt := []int32{1, 5, 6, 7}
	for _, arch := range architectures {
		t.Run(arch, func(t *testing.T) {
			m := openTest(t, tiny(arch, "q8_0"))
			tokens := generateAll(t, newSession(t, m), prompt, Logprobs(5), MaxTokens(12), Seed(3),
				Temperature(4), RepeatPenalty(7, -1), TopK(3)) // samplers that change logits
			require.Len(t, tokens, 12)
			text := slices.Clone(prompt)
			for _, tok := range tokens {
				text = append(text, tok.ID)
			}
			i := 0
			for logits, err := range newSession(t, m).EvalAll(context.Background(), text) {
				require.NoError(t, err)
				at := i - (len(prompt) - 1)
				if i++; at < 0 || at == len(tokens) {
					continue
				}
				require.Equal(t, -m.NegLogLikelihood(logits, tokens[at].ID), tokens[at].Logprob)
				require.Equal(t, likeliest(m, logits)[:5], tokens[at].Top, "token %d", at)
			}
		})
	}
}

func TestLogprobsListAsManyTokensAsAskedFor(t *testing.T) {
	m := openTest(t, tiny("gpt2", "q8_0"))
	info, err := m.Info()
	require.NoError(t, err)
	vocabulary := info.Vocabulary
	for _, c := range []struct {
		name string
		opts []GenerateOption
		tops int
		own  bool
	}{
		{"nothing by default", nil, 0, false},
		{"nothing for -1", []GenerateOption{Logprobs(-1)}, 0, false},
		{"its own for 0", []GenerateOption{Logprobs(0)}, 0, true},
		{"one", []GenerateOption{Logprobs(1)}, 1, true},
		{"the vocabulary", []GenerateOption{Logprobs(vocabulary)}, vocabulary, true},
		{"no more than the vocabulary", []GenerateOption{Logprobs(math.MaxInt)}, vocabulary, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			tokens := generateAll(t, newSession(t, m), []int32{1, 2}, append(c.opts, MaxTokens(3), Seed(1))...)
			require.Len(t, tokens, 3)
			for _, tok := range tokens {
				require.Equal(t, c.own, tok.Logprob != 0)
				require.Len(t, tok.Top, c.tops)
				require.Equal(t, c.tops == 0, tok.Top == nil)
				if c.tops < vocabulary {
					continue
				}
				sum := 0.0
				for _, x := range tok.Top {
					sum += math.Exp(x.Logprob)
				}
				require.InDelta(t, 1, sum, 1e-6)
				require.Contains(t, tok.Top, TokenLogprob{tok.ID, must(m.TokenText(tok.ID)), tok.Logprob})
			}
		})
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestLogprobsAreTheSameBitsOnEveryTier(t *testing.T) {
	var want []Token
	for i, opts := range [][]Option{{Threads(1)}, {Threads(3), BatchSize(2)}, {CPU("generic")}, {Weights(WeightsMapped)}} {
		tokens := generateAll(t, newSession(t, openTest(t, tiny("llama", "q8_0"), opts...)), []int32{1, 5, 6, 7}, Logprobs(7), MaxTokens(8), Seed(2))
		if i == 0 {
			want = tokens
		}
		require.Equal(t, want, tokens)
	}
}

func TestTokensOfEqualLogprobAreListedByID(t *testing.T) {
	file, err := loader.Open(tiny("llama", "q8_0"))
	require.NoError(t, err)
	defer file.Close()
	f := gguftest.From(t, file)
	norm := f.Tensor("output_norm.weight")
	norm.Data = make([]byte, len(norm.Data)) // every logit is 0
	m, err := OpenBytes(f.Bytes())
	require.NoError(t, err)
	defer m.Close()
	tokens := generateAll(t, newSession(t, m), []int32{1}, Logprobs(4), MaxTokens(1), Temperature(0))
	require.Len(t, tokens, 1)
	for i, x := range tokens[0].Top {
		require.EqualValues(t, i, x.ID)
		require.InDelta(t, -math.Log(640), x.Logprob, 1e-6)
	}
}

func TestHeldTokensKeepTheirLogprobs(t *testing.T) {
	m := openTest(t, tiny("gpt2", "q8_0"))
	say := func(opts ...GenerateOption) []Token {
		ids, err := m.TokenizeText("abcé") // é is two tokens
		require.NoError(t, err)
		return generateAll(t, newSession(t, m), []int32{1, 2}, append(opts, Logprobs(2), MaxTokens(len(ids)), WithSampler(&script{ids: ids}))...)
	}
	free := say()
	for name, opts := range map[string]GenerateOption{
		"until it is no stop string":     StopAt("bcx"),
		"until the end":                  StopAt("éx"),
		"as a part of the stop string":   StopAt("bcé"),
		"as a stop string of one itself": StopAt("b"),
	} {
		t.Run(name, func(t *testing.T) {
			held := say(opts)
			require.NotEmpty(t, held)
			for i, tok := range held {
				tok.Text = free[i].Text // alone is another
				require.Equal(t, free[i], tok)
			}
		})
	}
	require.NotEqual(t, free[0].Top, free[1].Top)
}

func TestTheTextOfATokenIsItsBytesOrItsName(t *testing.T) {
	m := openTest(t, tiny("gpt2", "q8_0"))
	ids, err := m.TokenizeText("é")
	require.NoError(t, err)
	require.Len(t, ids, 2)
	require.Equal(t, "\xc3", must(m.TokenText(ids[0])))
	require.Equal(t, "\xa9", must(m.TokenText(ids[1])))
	require.Equal(t, "</s>", must(openTest(t, tiny("llama", "q8_0")).TokenText(2)))
	for _, id := range []int32{-1, 512, math.MaxInt32} {
		_, err := m.TokenText(id)
		require.ErrorIs(t, err, ErrToken)
	}
}

func TestALogprobIsOneAllocationOfItsList(t *testing.T) {
	m := openTest(t, tiny("llama", "q8_0"), Threads(2))
	for n, want := range []float64{0, 1, 1, 1} {
		s := newSession(t, m)
		g := generator{session: s, ctx: context.Background(), yield: func(Token, error) bool { return true }}
		o := newGenerateOptions([]GenerateOption{Logprobs(n), WithSampler(SamplerFunc(func([]float32) int32 { return 300 }))})
		require.NoError(t, g.start(o, func(*token.Tokenizer) ([]int32, error) { return []int32{1, 2, 3}, nil }))
		step := func() {
			logits, err := s.evaluate(g.ctx)
			if err != nil {
				panic(err)
			}
			tok, err := g.pick(logits)
			if err != nil {
				panic(err)
			}
			g.emit(tok)
		}
		for range 20 {
			step()
		}
		require.Equal(t, want, testing.AllocsPerRun(100, step), "Logprobs(%d)", n)
	}
}

// The truth is Hugging Face's, computed in fp32 on the same weights.
func TestLogprobsOfRealModelsAreTheTruths(t *testing.T) {
	lab := os.Getenv("GPTRUN_LAB")
	if lab == "" {
		t.Skip("GPTRUN_LAB is not set")
	}
	for _, name := range []string{"smollm2-135m-instruct-q4_1", "gemma3-270m-q4_k_m"} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", "real", name+".json"))
			require.NoError(t, err)
			var golden struct {
				Prompts []struct {
					IDs   []int32
					Truth struct{ Top20 [][2]float64 }
				}
			}
			require.NoError(t, json.Unmarshal(data, &golden))
			require.NotEmpty(t, golden.Prompts)
			m := openTest(t, filepath.Join(lab, "models", name+".gguf"), Activations(Int16), KV(F32), ContextLength(1024))
			for _, p := range golden.Prompts {
				tokens := generateAll(t, newSession(t, m), p.IDs, Logprobs(25), MaxTokens(1), Temperature(0), TopK(1))
				if len(tokens) == 0 { // the likeliest ends the text
					continue
				}
				got := map[int32]float64{}
				for _, x := range tokens[0].Top {
					got[x.ID] = x.Logprob
				}
				for i, top := range p.Truth.Top20 {
					require.Contains(t, got, int32(top[0]))
					require.InDelta(t, top[1], got[int32(top[0])], 1e-2) // the error of unlikely ones
					if i == 0 {
						require.EqualValues(t, top[0], tokens[0].ID)
						require.Equal(t, tokens[0].Top[0].Logprob, tokens[0].Logprob)
					}
				}
			}
		})
	}
}
