package main

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type logprobJSON struct {
	ID      int32   `json:"id"`
	Token   string  `json:"token"`
	Bytes   []int   `json:"bytes"`
	Logprob float64 `json:"logprob"`
}

type tokenJSON struct {
	ID   int32   `json:"id"`
	Text *string `json:"text"` // of a line alone
	logprobFields
}

type logprobFields struct {
	Token       string        `json:"token"`
	Bytes       []int         `json:"bytes"`
	Logprob     float64       `json:"logprob"`
	TopLogprobs []logprobJSON `json:"top_logprobs"`
}

type endJSON struct {
	Stop    string             `json:"stop"`
	Timings map[string]float64 `json:"timings"`
}

type answerJSON struct {
	promptJSON
	Logprobs []tokenJSON `json:"logprobs"`
}

// lines decodes what --stream-json prints.
func lines(t testing.TB, text string) (tokens []tokenJSON, end endJSON) {
	t.Helper()
	list := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for _, line := range list[:len(list)-1] {
		tokens = append(tokens, decode[tokenJSON](t, line))
	}
	return tokens, decode[endJSON](t, list[len(list)-1])
}

func TestJSONLinesAreTheAnswerTokenByToken(t *testing.T) {
	for _, arch := range []string{"gpt2", "llama"} {
		// Hot, for tokens that are parts of characters; held back for a stop string.
		args := []string{"prompt", "--raw", "-m", tiny(arch), "--temp", "9", "--top-k", "0", "--top-p", "1", "--min-p", "0", "-s", "4", "-n", "60", "-r", "no such text", "Hello"}
		whole := decode[promptJSON](t, good(t, append(args, "--json")...))
		for _, extra := range [][]string{nil, {"--logprobs", "2"}} {
			tokens, end := lines(t, good(t, append(append(args, "--stream-json"), extra...)...))
			var text strings.Builder
			var ids []int32
			for _, tok := range tokens {
				ids = append(ids, tok.ID)
				text.WriteString(*tok.Text)
				require.Len(t, tok.TopLogprobs, len(extra))
			}
			require.Equal(t, whole.Tokens, ids)
			require.Equal(t, whole.Text, text.String())
			require.Equal(t, whole.Stop, end.Stop)
			require.EqualValues(t, len(ids), end.Timings["predicted_n"])
			require.Len(t, end.Timings, len(whole.Timings))
		}
	}
}

// The sums here are package math's, over the logits that eval prints.
func TestLogprobsAreThoseOfTheLogitsThatEvalPrints(t *testing.T) {
	const prompt = "Hello world"
	args := []string{"prompt", "-m", tiny("gpt2"), "--temp", "3", "--repeat-penalty", "2", "-s", "5", "-n", "1", prompt}
	p := decode[answerJSON](t, good(t, append(args, "--json", "--logprobs", "9")...))
	e := decode[struct {
		Tokens []int32   `json:"tokens"`
		NLL    []float64 `json:"nll"`
		Logits []float64 `json:"logits"`
	}](t, good(t, "eval", "-m", tiny("gpt2"), "--json", prompt))
	sum := 0.0
	for _, l := range e.Logits {
		sum += math.Exp(l)
	}
	require.Len(t, p.Logprobs, 1)
	tok := p.Logprobs[0]
	require.Equal(t, p.Tokens[0], tok.ID)
	require.InDelta(t, e.Logits[tok.ID]-math.Log(sum), tok.Logprob, 1e-6)
	require.Len(t, tok.TopLogprobs, 9)
	listed := map[int32]bool{}
	for i, x := range tok.TopLogprobs {
		listed[x.ID] = true
		require.InDelta(t, e.Logits[x.ID]-math.Log(sum), x.Logprob, 1e-6)
		require.True(t, i == 0 || tok.TopLogprobs[i-1].Logprob >= x.Logprob)
	}
	least := e.Logits[tok.TopLogprobs[8].ID]
	for id, l := range e.Logits {
		require.True(t, listed[int32(id)] || l <= least, "token %d", id)
	}
}

func TestBytesTellWhatTextCannot(t *testing.T) {
	args := []string{"prompt", "-m", tiny("gpt2"), "--temp", "9", "--top-k", "0", "--top-p", "1", "--min-p", "0", "-s", "4", "-n", "60", "Hello"}
	p := decode[answerJSON](t, good(t, append(args, "--json", "--logprobs", "0")...))
	require.Len(t, p.Logprobs, 60)
	var all []byte
	broken := 0
	for _, tok := range p.Logprobs {
		require.Nil(t, tok.Text)
		require.NotNil(t, tok.TopLogprobs)
		require.Empty(t, tok.TopLogprobs)
		piece := make([]byte, len(tok.Bytes))
		for i, b := range tok.Bytes {
			piece[i] = byte(b)
		}
		all = append(all, piece...)
		if utf8.Valid(piece) {
			require.Equal(t, string(piece), tok.Token)
		} else {
			broken++
			require.Contains(t, tok.Token, "\ufffd")
		}
	}
	require.NotZero(t, broken, "no token was a part of a character")
	require.NotEmpty(t, p.Text)
	require.Equal(t, strings.ReplaceAll(p.Text, "\ufffd", ""), strings.ToValidUTF8(string(all), ""))
}

func TestJSONLinesAndLogprobsAreAskedForInOneWay(t *testing.T) {
	m := tiny("gpt2")
	var c console
	for says, args := range map[string][]string{
		"give one of them":        {"--json", "--stream-json"},
		"--json or --stream-json": {"--logprobs", "3"},
		"-2 is below -1":          {"--json", "--logprobs", "-2"},
	} {
		require.Equal(t, exitUsage, c.run(append([]string{"prompt", "-m", m, "x"}, args...)...))
		require.Contains(t, c.err.String(), says)
	}
	plain := good(t, "prompt", "-m", m, "--temp", "0", "-n", "2", "Hello")
	for _, v := range []struct {
		env  string
		args []string
		line string // how the output begins
	}{
		{"GPTRUN_LOGPROBS", nil, plain},
		{"GPTRUN_JSON", nil, `{"tokens":`},
		{"GPTRUN_JSON", []string{"--stream-json"}, `{"id":`},
		{"GPTRUN_STREAM_JSON", nil, `{"id":`},
		{"GPTRUN_STREAM_JSON", []string{"--json"}, `{"tokens":`},
		{"GPTRUN_STREAM_JSON", []string{"--stream-json=false"}, plain},
		{"GPTRUN_STREAM_JSON", []string{"--stream-json=false", "--json"}, `{"tokens":`},
		{"GPTRUN_JSON", []string{"--n-probs", "1"}, `{"tokens":`},
	} {
		c = console{environment: map[string]string{v.env: "1"}}
		require.Zero(t, c.run(append([]string{"prompt", "-m", m, "--temp", "0", "-n", "2", "Hello"}, v.args...)...), c.err.String())
		require.True(t, strings.HasPrefix(c.out.String(), v.line), "%s %q: %s", v.env, v.args, c.out.String())
	}
}

func TestJSONStringsHoldNoControlCharacter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
			rapid.StringOf(rapid.RuneFrom([]rune("a\x00\x1b\x7f\u0085\u009b\u00a0\u2028\ufffd😀\"\\<")))).Draw(t, "text")
		text := string(appendString(nil, s))
		require.False(t, strings.ContainsFunc(text, unicode.IsControl), "%q", text)
		want, err := json.Marshal(s)
		require.NoError(t, err)
		var a, b string
		require.NoError(t, json.Unmarshal(want, &a))
		require.NoError(t, json.Unmarshal([]byte(text), &b))
		require.Equal(t, a, b)
	})
}
