package token

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/loader/gguftest"
)

// fromPairs returns the tokenizer of a file with such metadata.
func fromPairs(t *testing.T, change func(*gguftest.File)) (*Tokenizer, error) {
	f := &gguftest.File{}
	change(f)
	file, err := loader.OpenBytes(f.Bytes())
	require.NoError(t, err)
	defer file.Close()
	return FromMetadata(&file.Meta)
}

func bpeFile(f *gguftest.File) {
	f.Set("tokenizer.ggml.model", "gpt2")
	f.Set("tokenizer.ggml.pre", "gpt-2")
	f.Set("tokenizer.ggml.tokens", []string{"a", "b", "ab", "<|x|>"})
	f.Set("tokenizer.ggml.token_type", []int32{1, 1, 1, 3})
	f.Set("tokenizer.ggml.merges", []string{"a b"})
	f.Set("tokenizer.ggml.bos_token_id", uint32(3))
	f.Set("tokenizer.ggml.eos_token_id", uint32(3))
}

func sentencePieceFile(f *gguftest.File) {
	f.Set("tokenizer.ggml.model", "llama")
	f.Set("tokenizer.ggml.tokens", []string{"<unk>", "<s>", "</s>", "a", "▁a"})
	f.Set("tokenizer.ggml.scores", []float32{0, 0, 0, -1, -2})
	f.Set("tokenizer.ggml.token_type", []int32{2, 3, 3, 1, 1})
}

func TestMetadataOfByteLevelBPE(t *testing.T) {
	tok, err := fromPairs(t, bpeFile)
	require.NoError(t, err)
	require.Equal(t, []ID{2, 0, 3}, encode(tok, "aba<|x|>", true, true), "no BOS where the file does not say")
	require.True(t, tok.IsEOG(3))
	for _, add := range []bool{false, true} {
		tok, err = fromPairs(t, func(f *gguftest.File) { bpeFile(f); f.Set("tokenizer.ggml.add_bos_token", add) })
		require.NoError(t, err)
		require.Equal(t, add, tok.AddsBOS())
	}
	tok, err = fromPairs(t, func(f *gguftest.File) { bpeFile(f); f.Set("tokenizer.ggml.pre", "llama-bpe") })
	require.NoError(t, err)
	require.True(t, tok.AddsBOS(), "llama-bpe adds BOS where the file does not say")
	tok, err = fromPairs(t, func(f *gguftest.File) { bpeFile(f); f.Remove("tokenizer.ggml.pre") })
	require.NoError(t, err)
	require.Equal(t, []ID{2}, encode(tok, "ab", true, true), "no pre-tokenizer is the default one")
}

func TestMetadataOfSentencePiece(t *testing.T) {
	tok, err := fromPairs(t, sentencePieceFile)
	require.NoError(t, err)
	require.Equal(t, []ID{1, 4, 4}, encode(tok, "a a", true, true), "BOS is 1 and a space goes before where the file does not say")
	require.Equal(t, "a a", tok.Decode([]ID{1, 4, 4}))
	eos, ok := tok.EOS()
	require.True(t, ok)
	require.EqualValues(t, 2, eos)
	require.True(t, tok.IsEOG(2))
	tok, err = fromPairs(t, func(f *gguftest.File) {
		sentencePieceFile(f)
		f.Set("tokenizer.ggml.add_space_prefix", false)
		f.Set("tokenizer.ggml.add_bos_token", false)
		f.Set("tokenizer.ggml.add_eos_token", true)
		f.Set("tokenizer.ggml.eos_token_id", uint32(0))
	})
	require.NoError(t, err)
	require.Equal(t, []ID{3, 4, 0}, encode(tok, "a a", true, true))
}

func TestDamagedMetadataIsRefusedByTheNameOfTheKey(t *testing.T) {
	for _, c := range []struct {
		name string
		base func(*gguftest.File)
		key  string
		to   any // nil: removed
		is   error
		says string
	}{
		{"no model", bpeFile, "tokenizer.ggml.model", nil, ErrUnsupported, `model ""`},
		{"another model", bpeFile, "tokenizer.ggml.model", "bert", ErrUnsupported, `model "bert"`},
		{"a model that is a number", bpeFile, "tokenizer.ggml.model", uint32(1), loader.ErrMetadata, "tokenizer.ggml.model"},
		{"another pre-tokenizer", bpeFile, "tokenizer.ggml.pre", "kimi-k2", ErrUnsupported, `pre-tokenizer "kimi-k2"`},
		{"a pre-tokenizer of a megabyte", bpeFile, "tokenizer.ggml.pre", strings.Repeat("x", 1<<20), ErrUnsupported, "pre-tokenizer"},
		{"a model of a megabyte", bpeFile, "tokenizer.ggml.model", strings.Repeat("\xff", 1<<20), ErrUnsupported, "model"},
		{"no tokens", bpeFile, "tokenizer.ggml.tokens", nil, ErrInvalid, "no tokens"},
		{"an empty array of tokens", bpeFile, "tokenizer.ggml.tokens", []string{}, ErrInvalid, "no tokens"},
		{"tokens that are numbers", bpeFile, "tokenizer.ggml.tokens", []int32{1, 2}, loader.ErrMetadata, "tokenizer.ggml.tokens"},
		{"too few types", bpeFile, "tokenizer.ggml.token_type", []int32{1}, ErrInvalid, "1 token types for 4 tokens"},
		{"types that are texts", bpeFile, "tokenizer.ggml.token_type", []string{"1"}, loader.ErrMetadata, "tokenizer.ggml.token_type"},
		{"no merges", bpeFile, "tokenizer.ggml.merges", nil, ErrInvalid, `"tokenizer.ggml.merges"`},
		{"a merge without a space", bpeFile, "tokenizer.ggml.merges", []string{"a b", "x"}, ErrInvalid, "merge 1"},
		{"no scores", sentencePieceFile, "tokenizer.ggml.scores", nil, ErrInvalid, "0 scores for 5 tokens"},
		{"scores that are one number", sentencePieceFile, "tokenizer.ggml.scores", float32(1), loader.ErrMetadata, "tokenizer.ggml.scores"},
		{"BOS past the end", bpeFile, "tokenizer.ggml.bos_token_id", uint32(4), ErrInvalid, "BOS token is 4, out of 4 tokens"},
		{"a huge EOS", bpeFile, "tokenizer.ggml.eos_token_id", uint64(1) << 40, ErrInvalid, `"tokenizer.ggml.eos_token_id" is 1099511627776`},
		{"a negative UNK", bpeFile, "tokenizer.ggml.unknown_token_id", int32(-1), loader.ErrMetadata, "tokenizer.ggml.unknown_token_id"},
		{"add_bos that is a number", bpeFile, "tokenizer.ggml.add_bos_token", uint32(1), loader.ErrMetadata, "tokenizer.ggml.add_bos_token"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := fromPairs(t, func(f *gguftest.File) {
				c.base(f)
				if c.to == nil {
					f.Remove(c.key)
				} else {
					f.Set(c.key, c.to)
				}
			})
			require.ErrorIs(t, err, c.is)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, fmt.Sprintf("%q", c.key))
			require.NotContains(t, err.Error(), "\n")
			require.Less(t, len(err.Error()), 1000)
		})
	}
}
