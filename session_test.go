package gptrun

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	goruntime "runtime"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/loader/gguftest"
	"github.com/gptrun/gptrun/runtime/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// architectures have a small random model each in testdata/tiny.
var architectures = []string{"gpt2", "llama", "gemma3"}

func tiny(arch, kind string) string {
	return filepath.Join("testdata", "tiny", arch, arch+"-"+kind+".gguf")
}

func openTest(t testing.TB, path string, opts ...Option) *Model {
	m, err := Open(path, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

func newSession(t testing.TB, m *Model) *Session {
	s := m.NewSession()
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// collect runs a generation to its end.
func collect(s *Session, prompt string, opts ...GenerateOption) (ids []int32, text string, err error) {
	var b strings.Builder
	for tok, e := range s.Generate(context.Background(), prompt, opts...) {
		if e != nil {
			return ids, b.String(), e
		}
		ids = append(ids, tok.ID)
		b.WriteString(tok.Text)
	}
	return ids, b.String(), nil
}

// script is a sampler that says what it was told to.
type script struct {
	ids      []int32
	accepted []int32
}

func (s *script) Sample([]float32) int32 {
	id := s.ids[0]
	s.ids = s.ids[1:]
	return id
}

func (s *script) Accept(id int32) { s.accepted = append(s.accepted, id) }

func TestGreedyTokensAreHuggingFaces(t *testing.T) {
	for _, arch := range architectures {
		data, err := os.ReadFile(filepath.Join("testdata", "tiny", arch, "golden.json"))
		require.NoError(t, err)
		var golden struct {
			Prompts map[string]struct {
				Text    string
				IDs     []int32
				Greedy  []int32
				Margins []float64
			}
		}
		require.NoError(t, json.Unmarshal(data, &golden))
		m := openTest(t, tiny(arch, "f32"), KV(F32))
		for name, p := range golden.Prompts {
			t.Run(arch+"/"+name, func(t *testing.T) {
				ids, err := m.Tokenize(p.Text)
				require.NoError(t, err)
				require.Equal(t, p.IDs, ids)
				got, _, err := collect(newSession(t, m), p.Text, Temperature(0), MaxTokens(len(p.Greedy)))
				require.NoError(t, err)
				// Past a near tie the texts may differ.
				n := slices.IndexFunc(p.Margins, func(m float64) bool { return m < 1e-3 })
				if n < 0 {
					n = len(p.Greedy)
				}
				require.Equal(t, p.Greedy[:n], got[:n])
			})
		}
	}
}

func TestTheTextDoesNotDependOnThreadsOrBatches(t *testing.T) {
	prompt := strings.Repeat("The quick brown fox jumps over the lazy dog. ", 5)
	for _, arch := range architectures {
		var want []int32
		for i, opts := range [][]Option{
			{Threads(1)}, {Threads(3)}, {BatchSize(1)}, {BatchSize(7)}, {CPU("generic")}, {Weights(WeightsMapped)},
		} {
			m := openTest(t, tiny(arch, "q8_0"), opts...)
			ids, _, err := collect(newSession(t, m), prompt, MaxTokens(16), Seed(5))
			require.NoError(t, err)
			if i == 0 {
				want = ids
			}
			require.Equal(t, want, ids, "%s with options %d", arch, i)
		}
	}
}

func TestSessionsOfOneModelRunSideBySide(t *testing.T) {
	m := openTest(t, tiny("llama", "q8_0"), Threads(2))
	alone := make([][]int32, 4)
	for i := range alone {
		ids, _, err := collect(newSession(t, m), fmt.Sprint("Session ", i), MaxTokens(12), Seed(uint64(i)))
		require.NoError(t, err)
		alone[i] = ids
	}
	var wg sync.WaitGroup
	for i := range alone {
		wg.Go(func() {
			s := m.NewSession()
			defer s.Close()
			ids, _, err := collect(s, fmt.Sprint("Session ", i), MaxTokens(12), Seed(uint64(i)))
			if err != nil || !slices.Equal(alone[i], ids) {
				t.Errorf("session %d: %v, want %v (%v)", i, ids, alone[i], err)
			}
		})
	}
	wg.Wait()
}

func TestTheTextsOfTheTokensAreTheText(t *testing.T) {
	m := openTest(t, tiny("gpt2", "q8_0"))
	for seed := range uint64(10) {
		s := newSession(t, m)
		ids, text, err := collect(s, "Hello", Temperature(5), TopK(0), TopP(1), MinP(0), MaxTokens(40), Seed(seed), StopAt("never to be found"))
		require.NoError(t, err)
		whole, err := m.Detokenize(s.Tokens())
		require.NoError(t, err)
		require.Equal(t, strings.TrimPrefix(whole, "Hello"), text)
		require.Equal(t, ids, s.Tokens()[s.Len()-len(ids):])
	}
}

func TestGenerationEndsForAReason(t *testing.T) {
	m := openTest(t, tiny("gpt2", "q8_0"), ContextLength(20))
	tok, err := m.tokenizer()
	require.NoError(t, err)
	eos, ok := tok.EOS()
	require.True(t, ok)
	word := func(s string) []int32 {
		ids, err := m.TokenizeText(s)
		require.NoError(t, err)
		return ids
	}
	long := slices.Repeat(word("a"), 30)
	for _, c := range []struct {
		name   string
		says   []int32
		opts   []GenerateOption
		text   string
		tokens int
		stop   StopReason
	}{
		{"as many tokens as asked for", long, []GenerateOption{MaxTokens(3)}, "aaa", 3, StopLength},
		{"no token asked for", long, []GenerateOption{MaxTokens(0)}, "", 0, StopLength},
		{"a full context", long, nil, strings.Repeat("a", 15), 15, StopLength},
		{"an end-of-text token", append(word("ab"), eos), nil, "ab", len(word("ab")), StopEOS},
		{"an end-of-text token at once", []int32{eos}, nil, "", 0, StopEOS},
		{"a stop string", append(word("a"), append(word("b"), word("c")...)...), []GenerateOption{StopAt("bc")}, "a", 3, StopString},
		{"the beginning of a stop string, then the end", append(word("a"), append(word("b"), eos)...), []GenerateOption{StopAt("bc")}, "ab", 2, StopEOS},
		{"the beginning of a stop string, then the length", append(word("a"), word("b")...), []GenerateOption{StopAt("bc"), MaxTokens(2)}, "ab", 2, StopLength},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSession(t, m)
			sampler := &script{ids: slices.Clone(c.says)}
			var ids []int32
			var text string
			for tok, err := range s.GenerateTokens(context.Background(), []int32{1, 2, 3, 4, 5}, append(c.opts, WithSampler(sampler))...) {
				require.NoError(t, err)
				ids = append(ids, tok.ID)
				text += tok.Text
			}
			require.Equal(t, c.text, text)
			require.Equal(t, c.stop, s.Stop())
			require.Len(t, ids, c.tokens)
			require.Equal(t, 5+c.tokens, s.Len())
			require.Equal(t, c.tokens, s.Timings().GeneratedTokens)
			require.Equal(t, s.Tokens(), sampler.accepted, "a sampler is told of every token once")
		})
	}
}

func TestLeavingTheLoopEndsAGenerationThatCanGoOn(t *testing.T) {
	m := openTest(t, tiny("llama", "q8_0"))
	whole, _, err := collect(newSession(t, m), "Hello", Temperature(0), MaxTokens(10))
	require.NoError(t, err)
	s := newSession(t, m)
	var ids []int32
	for tok, err := range s.Generate(context.Background(), "Hello", Temperature(0)) {
		require.NoError(t, err)
		if ids = append(ids, tok.ID); len(ids) == 4 {
			break
		}
	}
	require.Equal(t, StopCancelled, s.Stop())
	rest, _, err := collect(s, "", Temperature(0), MaxTokens(6))
	require.NoError(t, err)
	require.Equal(t, whole, append(ids, rest...))
}

func TestACancelledEvaluationCanBeResumed(t *testing.T) {
	m := openTest(t, tiny("llama", "q8_0"), BatchSize(4))
	ids := []int32{1, 5, 6, 7, 8, 9, 10, 11, 12}
	want, err := newSession(t, m).Eval(context.Background(), ids)
	require.NoError(t, err)
	s := newSession(t, m)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for range s.EvalAll(ctx, ids) {
		cancel() // after the first of three chunks
	}
	got, err := s.Eval(context.Background(), nil)
	require.NoError(t, err)
	require.Equal(t, want, got)
	_, err = s.Eval(ctx, []int32{1})
	require.ErrorIs(t, err, context.Canceled)
}

func TestEvaluatingNothingRepeatsTheLastLogits(t *testing.T) {
	s := newSession(t, openTest(t, tiny("gpt2", "q8_0")))
	_, err := s.Eval(context.Background(), nil)
	require.ErrorIs(t, err, ErrEmpty)
	row, err := s.Eval(context.Background(), []int32{3, 4, 5})
	require.NoError(t, err)
	want := slices.Clone(row)
	row, err = s.Eval(context.Background(), nil)
	require.NoError(t, err)
	require.Equal(t, want, row)
	require.Equal(t, 3, s.Len())
}

func TestAnEmptyPromptNeedsABeginningOfTheModelsOwn(t *testing.T) {
	_, _, err := collect(newSession(t, openTest(t, tiny("gpt2", "q8_0"))), "", MaxTokens(1))
	require.ErrorIs(t, err, ErrEmpty)
	ids, _, err := collect(newSession(t, openTest(t, tiny("llama", "q8_0"))), "", MaxTokens(1))
	require.NoError(t, err)
	require.Len(t, ids, 1)
}

func TestAPromptPastTheContextDoesNoWork(t *testing.T) {
	worked := false
	m := openTest(t, tiny("llama", "q8_0"), ContextLength(4), Progress(func(int64, int64) { worked = true }), Weights(WeightsPacked))
	s := newSession(t, m)
	_, _, err := collect(s, "far more than four tokens")
	require.ErrorIs(t, err, ErrContext)
	require.Equal(t, StopError, s.Stop())
	require.Zero(t, s.Len())
	require.False(t, worked)
	_, err = s.Eval(context.Background(), []int32{1})
	require.NoError(t, err)
	require.True(t, worked)
}

func TestASamplersNonsenseIsAnError(t *testing.T) {
	m := openTest(t, tiny("gpt2", "q8_0"))
	for id, want := range map[int32]error{-1: ErrLogits, -2: ErrToken, 1 << 30: ErrToken} {
		s := newSession(t, m)
		_, _, err := collect(s, "Hello", WithSampler(SamplerFunc(func([]float32) int32 { return id })))
		require.ErrorIs(t, err, want)
		require.Equal(t, StopError, s.Stop())
	}
	_, _, err := collect(newSession(t, m), "Hello", TopP(7))
	require.Error(t, err)
}

func TestASessionIsUsedByOneAtATime(t *testing.T) {
	s := newSession(t, openTest(t, tiny("gpt2", "q8_0")))
	for _, err := range s.Generate(context.Background(), "Hello", MaxTokens(1)) {
		require.NoError(t, err)
		_, err = s.Eval(context.Background(), []int32{1})
		require.ErrorIs(t, err, ErrBusy)
		require.ErrorIs(t, s.Truncate(0), ErrBusy)
		require.ErrorIs(t, s.Close(), ErrBusy)
	}
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	_, err := s.Eval(context.Background(), []int32{1})
	require.ErrorIs(t, err, ErrClosed)
}

func TestClosingAModelUnderAGenerationIsAnError(t *testing.T) {
	m, err := Open(tiny("llama", "q8_0"))
	require.NoError(t, err)
	s := m.NewSession()
	defer s.Close()
	n := 0
	for _, err = range s.Generate(context.Background(), "Hello", Temperature(0)) {
		if n++; n == 3 {
			require.NoError(t, m.Close())
		}
	}
	require.ErrorIs(t, err, ErrClosed)
	require.NoError(t, m.Close())
	for _, use := range []func() error{
		func() error { return m.Load(context.Background()) },
		func() error { _, err := m.Tokenize("x"); return err },
		func() error { _, err := m.Info(); return err },
		func() error { _, _, err := m.Metadata("general.name"); return err },
		func() error { _, err := m.Tensors(); return err },
		func() error { _, err := m.MemoryEstimate(10); return err },
		func() error { _, err := s.Eval(context.Background(), []int32{1}); return err },
	} {
		require.ErrorIs(t, use(), ErrClosed)
	}
}

func TestWhatCannotBeEvaluatedIsRefusedBeforeWeightsAreRead(t *testing.T) {
	m, err := Open(tiny("llama", "q8_0"), ContextLength(4), Weights(WeightsPacked), Progress(func(int64, int64) { t.Fatal("weights are packed") }))
	require.NoError(t, err)
	defer m.Close()
	s := m.NewSession()
	defer s.Close()
	for _, err = range s.Generate(context.Background(), "more than four tokens") {
	}
	require.ErrorIs(t, err, ErrContext)
	for _, err = range s.EvalAll(context.Background(), []int32{1, 2, 3, 4, 5}) {
	}
	require.ErrorIs(t, err, ErrContext)
	for _, err = range s.EvalAll(context.Background(), []int32{1 << 20}) {
	}
	require.ErrorIs(t, err, ErrToken)
}

func TestAnUnknownTokenizerLeavesTheModel(t *testing.T) {
	f, err := loader.Open(tiny("gpt2", "q8_0"))
	require.NoError(t, err)
	defer f.Close()
	w := gguftest.From(t, f)
	w.Set("tokenizer.ggml.pre", "no-such-pre")
	m, err := OpenBytes(w.Bytes())
	require.NoError(t, err)
	defer m.Close()
	_, err = m.Tokenize("Hello")
	require.ErrorIs(t, err, ErrTokenizer)
	require.ErrorContains(t, err, `"no-such-pre"`)
	s := newSession(t, m)
	_, _, err = collect(s, "Hello")
	require.ErrorIs(t, err, ErrTokenizer)
	_, err = s.Eval(context.Background(), []int32{1})
	require.NoError(t, err)
}

func TestATruncatedFileIsRefusedByName(t *testing.T) {
	data, err := os.ReadFile(tiny("llama", "q8_0"))
	require.NoError(t, err)
	for _, n := range []int{0, 3, 100, 5000, len(data) / 2, len(data) - 100} {
		path := filepath.Join(t.TempDir(), "cut.gguf")
		require.NoError(t, os.WriteFile(path, data[:n], 0o600))
		_, err = Open(path)
		require.ErrorIs(t, err, ErrFormat)
		require.ErrorContains(t, err, "cut.gguf")
		_, err = OpenBytes(data[:n])
		require.ErrorIs(t, err, ErrFormat)
	}
}

func TestCPUComesFromTheEnvironmentUnlessAnOptionSaysOtherwise(t *testing.T) {
	t.Setenv("GPTRUN_CPU", "generic")
	info, err := openTest(t, tiny("gpt2", "q8_0")).Info()
	require.NoError(t, err)
	require.Equal(t, "generic", info.Tier)
	machine, err := ThisMachine()
	require.NoError(t, err)
	require.Equal(t, "generic", machine.Tier)
	t.Setenv("GPTRUN_CPU", "no-such-tier")
	_, err = Open(tiny("gpt2", "q8_0"))
	require.ErrorContains(t, err, "no-such-tier")
	openTest(t, tiny("gpt2", "q8_0"), CPU("generic"))
}

func TestADecodeStepWithItsSamplingAllocatesNothing(t *testing.T) {
	for _, arch := range architectures {
		for name, temperature := range map[string]float32{"greedy": 0, "sampled": 0.8} {
			t.Run(arch+"/"+name, func(t *testing.T) {
				m := openTest(t, tiny(arch, "q8_0"), Threads(2))
				s := newSession(t, m)
				g := generator{session: s, ctx: context.Background(), yield: func(Token, error) bool { return true }}
				o := newGenerateOptions([]GenerateOption{Temperature(temperature), RepeatPenalty(1.1, 64), StopAt("\x00")})
				require.NoError(t, g.start(o, func(*token.Tokenizer) ([]int32, error) { return []int32{1, 2, 3}, nil }))
				step := func() {
					logits, err := s.evaluate(g.ctx)
					if err != nil {
						panic(err)
					}
					picked, err := g.pick(logits)
					if err != nil {
						panic(err)
					}
					if s.stop == StopEOS {
						s.stop = StopNone
						s.tokens = append(s.tokens, picked.ID)
					}
				}
				for range 20 {
					step()
				}
				require.Zero(t, testing.AllocsPerRun(100, step))
			})
		}
	}
}

func TestAFileThatShrinksInUseFailsTheModelForGood(t *testing.T) {
	if goruntime.GOOS == "windows" {
		t.Skip("a mapped file cannot be truncated there")
	}
	data, err := os.ReadFile(tiny("llama", "f32"))
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "shrinking.gguf")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	m := openTest(t, path, Weights(WeightsMapped), Threads(2))
	s := newSession(t, m)
	_, err = s.Eval(context.Background(), []int32{1, 2, 3})
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, int64(len(data)/2)))
	for range 2 {
		_, err = s.Eval(context.Background(), []int32{4})
		require.ErrorIs(t, err, ErrFault)
		require.ErrorContains(t, err, "shrinking.gguf")
	}
}
