package token

import (
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestContradictoryVocabulariesAreRefused(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		name, model string
		change      func(*Config)
		is          error
		says        string
	}{
		{"no tokens", modelBPE, func(c *Config) { c.Tokens = nil }, ErrInvalid, "no tokens"},
		{"an unknown model", modelBPE, func(c *Config) { c.Model = "t5" }, ErrUnsupported, `model "t5"`},
		{"an unknown pre-tokenizer", modelBPE, func(c *Config) { c.Pre = "x\x1b" }, ErrUnsupported, `pre-tokenizer "x\x1b"`},
		{"too few types", modelBPE, func(c *Config) { c.Types = []int32{1} }, ErrInvalid, "1 token types for 2 tokens"},
		{"too many scores", modelSentencePiece, func(c *Config) { c.Scores = make([]float32, 3) }, ErrInvalid, "3 scores for 2 tokens"},
		{"no scores", modelSentencePiece, func(c *Config) { c.Scores = nil }, ErrInvalid, "0 scores for 2 tokens"},
		{"a score that is no number", modelSentencePiece, func(c *Config) { c.Scores = []float32{0, nan} }, ErrInvalid, "score of token 1"},
		{"BOS past the end", modelBPE, func(c *Config) { c.BOS = 2 }, ErrInvalid, "BOS token is 2, out of 2 tokens"},
		{"a negative EOS", modelBPE, func(c *Config) { c.EOS = -2 }, ErrInvalid, "EOS token is -2"},
		{"BOS to add but none", modelBPE, func(c *Config) { c.AddBOS = true }, ErrInvalid, "BOS"},
		{"EOS to add but none", modelBPE, func(c *Config) { c.AddEOS = true }, ErrInvalid, "EOS"},
		{"a merge of one part", modelBPE, func(c *Config) { c.Merges = []string{"a b", "ab"} }, ErrInvalid, `merge 1 is "ab"`},
		{"a merge of three parts", modelBPE, func(c *Config) { c.Merges = []string{"a b c"} }, ErrInvalid, `merge 0 is "a b c"`},
		{"a merge with an empty part", modelBPE, func(c *Config) { c.Merges = []string{"a "} }, ErrInvalid, `merge 0 is "a "`},
		{"an empty merge", modelBPE, func(c *Config) { c.Merges = []string{""} }, ErrInvalid, `merge 0 is ""`},
		{"a byte token that is none", modelSentencePiece, func(c *Config) { c.Types = []int32{1, TypeByte} }, ErrInvalid, `token 1 is of type byte but is "b"`},
		{"neither byte tokens nor UNK", modelSentencePiece, func(c *Config) { c.UNK = None }, ErrInvalid, "no token for byte 0x00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := config(c.model, "a", "b")
			_, err := New(config)
			require.NoError(t, err)
			c.change(&config)
			_, err = New(config)
			require.ErrorIs(t, err, c.is)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestStrangeVocabulariesWork(t *testing.T) {
	for _, model := range []string{modelBPE, modelSentencePiece} {
		for name, tokens := range map[string][]string{
			"one token":       {"a"},
			"empty tokens":    {"", "", "a"},
			"equal tokens":    {"a", "a", "a"},
			"invalid UTF-8":   {"\xff", "\xe2\x96", "a\x80"},
			"a huge token":    {"a", strings.Repeat("a", 1<<20)},
			"NUL and newline": {"\x00", "\n"},
		} {
			tok, err := New(config(model, tokens...))
			require.NoError(t, err, name)
			for _, text := range []string{"", "a", "aa\xff \x00\n", strings.Repeat("a", 5000)} {
				for _, id := range encode(tok, text, true, true) {
					require.Less(t, int(id), tok.Size(), name)
				}
			}
		}
	}
}

func TestOfEqualTokensTheLastIsUsed(t *testing.T) {
	tok, err := New(config(modelBPE, "a", "b", "a"))
	require.NoError(t, err)
	require.Equal(t, []ID{2, 1}, encode(tok, "ab", false, false))
}

func TestBPELeavesOutWhatItCannotSpell(t *testing.T) {
	c := config(modelBPE, "a", "b")
	c.Merges = []string{"a b", "ab c"}
	tok, err := New(c)
	require.NoError(t, err)
	require.Equal(t, []ID{0, 1}, encode(tok, "éabcé", false, false), "abc is no token: its characters' tokens")
}

func TestSentencePieceSpellsWithBytesOrUNK(t *testing.T) {
	c := config(modelSentencePiece, "<unk>", "a", "<0xC3>", "\xa9")
	tok, err := New(c)
	require.NoError(t, err)
	require.Equal(t, []ID{1, 2, 3, 0}, encode(tok, "aéb", false, false))
}

func TestEncodeAppends(t *testing.T) {
	tok := tinyTokenizer(t, "llama")
	ids := tok.Encode(nil, "Hello", true, true)
	require.Equal(t, append([]ID{7, 8}, ids...), tok.Encode([]ID{7, 8}, "Hello", true, true))
}

func TestBOSAndEOSAreAddedAsTheModelWants(t *testing.T) {
	c := config(modelBPE, "a", "<s>", "</s>")
	c.BOS, c.EOS, c.AddBOS, c.AddEOS = 1, 2, true, true
	tok, err := New(c)
	require.NoError(t, err)
	require.Equal(t, []ID{1, 0, 2}, encode(tok, "a", true, false))
	require.Equal(t, []ID{0}, encode(tok, "a", false, false))
	require.Equal(t, []ID{1, 2}, encode(tok, "", true, false))
	require.True(t, tok.AddsBOS())
	bos, ok := tok.BOS()
	require.True(t, ok)
	require.EqualValues(t, 1, bos)
	_, ok = mustNew(t, config(modelBPE, "a")).EOS()
	require.False(t, ok)
}

func mustNew(t *testing.T, c Config) *Tokenizer {
	tok, err := New(c)
	require.NoError(t, err)
	return tok
}

func TestTokensThatEndAGeneration(t *testing.T) {
	for _, c := range []struct {
		name   string
		tokens []string
		change func(*Config)
		want   []string
	}{
		{"those the file names", []string{"a", "b", "c", "d"}, func(c *Config) { c.EOS, c.EOT, c.EOM = 0, 1, 2 }, []string{"a", "b", "c"}},
		{"those known by their text", []string{"a", "<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|endoftext|>", "</s>"}, func(*Config) {},
			[]string{"<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|endoftext|>", "</s>"}},
		{"padding and separators of fill-in-the-middle", []string{"<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<|fim_prefix|>"}, func(*Config) {},
			[]string{"<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"}},
		{"<|end|> by itself", []string{"<|end|>", "<|return|>"}, func(*Config) {}, []string{"<|end|>", "<|return|>"}},
		{"not <|end|> beside calls", []string{"<|end|>", "<|return|>", "<|call|>"}, func(*Config) {}, []string{"<|return|>", "<|call|>"}},
		{"not </s> beside tool responses", []string{"</s>", "<|tool_response>"}, func(*Config) {}, []string{"<|tool_response>"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := config(modelBPE, c.tokens...)
			c.change(&config)
			tok := mustNew(t, config)
			var got []string
			for id := range ID(tok.Size()) {
				if tok.IsEOG(id) {
					got = append(got, tok.Text(id))
				}
			}
			require.Equal(t, c.want, got)
			require.False(t, tok.IsEOG(-1))
			require.False(t, tok.IsEOG(ID(tok.Size())))
		})
	}
}

func TestTokensThatEndAGenerationAreControlTokensWhateverTheirType(t *testing.T) {
	c := config(modelBPE, "<|im_end|>", "<", "|", "im", "_", "end", ">")
	c.Types = []int32{TypeUserDefined, 1, 1, 1, 1, 1, 1}
	tok := mustNew(t, c)
	require.Equal(t, []ID{0}, encode(tok, "<|im_end|>", false, true))
	require.NotContains(t, encode(tok, "<|im_end|>", false, false), ID(0))
	require.Empty(t, tok.Decode([]ID{0}))
	require.Equal(t, "<|im_end|>", tok.DecodeSpecial([]ID{0}))
}

func TestUserDefinedTokensAreAlwaysParsed(t *testing.T) {
	c := config(modelBPE, "a", "<x>")
	c.Types = []int32{TypeNormal, TypeUserDefined}
	tok := mustNew(t, c)
	require.Equal(t, []ID{0, 1, 0}, encode(tok, "a<x>a", false, false))
	require.Equal(t, "a<x>a", tok.Decode([]ID{0, 1, 0}))
}

func TestTextOfIDsOutOfRangeIsEmpty(t *testing.T) {
	tok := mustNew(t, config(modelBPE, "a"))
	require.Equal(t, "a", tok.Text(0))
	for _, id := range []ID{-1, 1, math.MaxInt32, math.MinInt32} {
		require.Empty(t, tok.Text(id))
		require.Empty(t, tok.Piece(id, true))
		require.Empty(t, tok.NewStream().Next(id))
	}
}

func TestManyGoroutinesUseOneTokenizer(t *testing.T) {
	tok := tinyTokenizer(t, "gemma3")
	text := "Hello, <start_of_turn> world! \U0001F601 12345"
	want := encode(tok, text, true, true)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if got := tok.Decode(encode(tok, text, true, true)); got != tok.Decode(want) {
					t.Errorf("got %q", got)
				}
			}
		})
	}
	wg.Wait()
}
