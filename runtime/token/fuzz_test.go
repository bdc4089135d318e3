package token

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func FuzzEncode(f *testing.F) {
	var toks []*Tokenizer
	for _, name := range tinyModels {
		toks = append(toks, tinyTokenizer(f, name))
	}
	for _, text := range []string{"Hello, world! It's 12345.\r\n\n", "<s><|im_start|>\xf0\x9f\x98", "\xed\xa0\x80▁▁ \u2028été中文"} {
		f.Add(text, true, true)
	}
	f.Fuzz(func(t *testing.T, text string, addSpecial, parseSpecial bool) {
		for i, tok := range toks {
			ids := encode(tok, text, addSpecial, parseSpecial)
			for _, id := range ids {
				require.True(t, tok.has(id), "%d", id)
			}
			require.Equal(t, tok.Decode(ids), decodeStream(tok.NewStream(), ids))
			blanks := tinyModels[i] != "gpt2" && strings.Contains(text, blank)
			if utf8.ValidString(text) && !parseSpecial && !blanks {
				require.Equal(t, text, tok.Decode(ids), tinyModels[i])
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	tok := byteTokens(f, true, "▁a", "▁", "é")
	f.Add([]byte("\x00\x01\x02\xe4\xb8\xad\xf0\x9f"))
	f.Fuzz(func(t *testing.T, data []byte) {
		ids := make([]ID, len(data))
		for i, b := range data {
			ids[i] = ID(b)
		}
		text := tok.Decode(ids)
		require.True(t, utf8.ValidString(text))
		require.Equal(t, text, decodeStream(tok.NewStream(), ids))
	})
}

// FuzzVocabulary makes a vocabulary of arbitrary texts: it is refused or works.
func FuzzVocabulary(f *testing.F) {
	f.Add(true, "a\nb\nab\n<s>", "a b", "\x01\x01\x01\x03", int32(3), "abab<s>")
	f.Add(false, "<unk>\na\n▁a\n<0x0A>", "", "\x02\x01\x01\x06", int32(0), "a a\n")
	f.Fuzz(func(t *testing.T, byteLevel bool, tokens, merges, types string, bos int32, text string) {
		c := config(modelSentencePiece, strings.Split(tokens, "\n")...)
		if byteLevel {
			c = config(modelBPE, c.Tokens...)
			if merges != "" {
				c.Merges = strings.Split(merges, "\n")
			}
		}
		for i := range c.Scores {
			c.Scores[i] = float32(len(c.Tokens[i]) % 3)
		}
		if types != "" {
			for _, typ := range []byte(types) {
				c.Types = append(c.Types, int32(typ))
			}
		}
		c.BOS, c.AddBOS = bos, bos >= 0
		tok, err := New(c)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		for _, parse := range []bool{false, true} {
			ids := encode(tok, text, true, parse)
			for _, id := range ids {
				require.True(t, tok.has(id), "%d", id)
			}
			require.Equal(t, tok.Decode(ids), decodeStream(tok.NewStream(), ids))
		}
	})
}
