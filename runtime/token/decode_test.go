package token

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func decodeStream(s *Stream, ids []ID) string {
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(s.Next(id))
	}
	return b.String() + s.Flush()
}

func TestStreamReturnsWhatDecodeReturnsAtEveryLength(t *testing.T) {
	for _, name := range tinyModels {
		tok := tinyTokenizer(t, name)
		for _, g := range readGolden(t, tinyDir+"/"+name+"/tok.jsonl") {
			if len(g.IDs) > 200 {
				continue
			}
			for n := range len(g.IDs) + 1 {
				require.Equal(t, tok.Decode(g.IDs[:n]), decodeStream(tok.NewStream(), g.IDs[:n]), "%s: %q", name, g.Text)
			}
		}
	}
}

func TestStreamReturnsWhatDecodeReturnsForAnyIDs(t *testing.T) {
	for _, name := range tinyModels {
		tok := tinyTokenizer(t, name)
		rapid.Check(t, func(t *rapid.T) {
			ids := rapid.SliceOf(rapid.Int32Range(-1, ID(tok.Size()))).Draw(t, "ids")
			require.Equal(t, tok.Decode(ids), decodeStream(tok.NewStream(), ids))
			require.True(t, utf8.ValidString(tok.Decode(ids)))
		})
	}
}

func TestDecodingWhatWasEncodedReturnsTheText(t *testing.T) {
	for _, name := range tinyModels {
		tok := tinyTokenizer(t, name)
		rapid.Check(t, func(t *rapid.T) {
			text := randomText().Draw(t, "text")
			if name != "gpt2" {
				text = strings.ReplaceAll(text, blank, "") // SentencePiece makes it a space
			}
			for _, addSpecial := range []bool{false, true} {
				require.Equal(t, text, tok.Decode(encode(tok, text, addSpecial, false)))
			}
		})
	}
}

// byteTokens is a SentencePiece vocabulary of a few texts and all bytes.
func byteTokens(t testing.TB, addSpacePrefix bool, texts ...string) *Tokenizer {
	c := config(modelSentencePiece, append([]string{"<unk>"}, texts...)...)
	c.Types = []int32{TypeUnknown}
	for range texts {
		c.Types = append(c.Types, TypeNormal)
	}
	for b := range 256 {
		c.Tokens = append(c.Tokens, "<0x"+string("0123456789ABCDEF"[b>>4])+string("0123456789ABCDEF"[b&15])+">")
		c.Types = append(c.Types, TypeByte)
	}
	c.Scores = make([]float32, len(c.Tokens))
	c.AddSpacePrefix = addSpacePrefix
	tok, err := New(c)
	require.NoError(t, err)
	return tok
}

func TestStreamHoldsBytesBackUntilTheyAreACharacterOrCannotBecomeOne(t *testing.T) {
	tok := byteTokens(t, false)
	for _, c := range []struct {
		name  string
		bytes string
		want  []string // by byte, then Flush
	}{
		{"ASCII comes at once", "ab", []string{"a", "b", ""}},
		{"a character comes with its last byte", "é😁", []string{"", "é", "", "", "", "😁", ""}},
		{"an impossible byte is replaced at once", "\xffa", []string{"\ufffd", "a", ""}},
		{"a continuation alone is replaced at once", "\x80a", []string{"\ufffd", "a", ""}},
		{"what breaks off is one replacement", "\xf0\x9f\x98a", []string{"", "", "", "\ufffda", ""}},
		{"a lead byte after a lead byte", "\xe4\xc3\xa9", []string{"", "\ufffd", "é", ""}},
		{"a surrogate is seen at its second byte", "\xed\xa0\x80", []string{"", "\ufffd\ufffd", "\ufffd", ""}},
		{"past the last character likewise", "\xf4\x90a", []string{"", "\ufffd\ufffd", "a", ""}},
		{"the end of the text replaces", "a\xf0\x9f", []string{"a", "", "", "\ufffd"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tok.NewStream()
			var got []string
			for i := range len(c.bytes) {
				got = append(got, s.Next(1+ID(c.bytes[i])))
			}
			require.Equal(t, c.want, append(got, s.Flush()))
			require.Empty(t, s.Flush())
		})
	}
}

func TestTheSpaceBeforeATextIsTakenAwayOnce(t *testing.T) {
	tok := byteTokens(t, true, "▁a", "▁", "▁▁")
	const unk, wordA, one, two = 0, 1, 2, 3
	require.Equal(t, "a a", tok.Decode([]ID{wordA, wordA}))
	require.Equal(t, "a", tok.Decode([]ID{unk, wordA}), "after a token that is not shown")
	require.Equal(t, "<unk> a", tok.DecodeSpecial([]ID{unk, wordA}), "not after one that is shown")
	require.Equal(t, " a", tok.Decode([]ID{one, wordA}))
	require.Equal(t, " ", tok.Decode([]ID{two}))
	require.Equal(t, " a a", decodeStream(tok.NewContinuation(), []ID{wordA, wordA}))
	require.Equal(t, " a", tok.Piece(wordA, false))
	require.Empty(t, tok.Piece(unk, false))
	require.Equal(t, "<unk>", tok.Piece(unk, true))
	require.Equal(t, " a a", byteTokens(t, false, "▁a").Decode([]ID{1, 1}), "where a model adds none")
}

func TestStreamingWholeCharactersAllocatesNothing(t *testing.T) {
	tok := tinyTokenizer(t, "llama")
	ids := encode(tok, strings.Repeat("Hello, world! ", 20), true, true)
	s := tok.NewStream()
	require.Zero(t, testing.AllocsPerRun(10, func() {
		for _, id := range ids {
			s.Next(id)
		}
	}))
}

func TestTokensOfOtherTypesRender(t *testing.T) {
	c := config(modelBPE, "Ġa", "<|x|>", "▁ user", "Ġunused", "has space", "中")
	c.Types = []int32{TypeNormal, TypeControl, TypeUserDefined, TypeUnused, TypeNormal, TypeNormal}
	tok, err := New(c)
	require.NoError(t, err)
	for id, want := range []string{" a", "", "▁ user", "", "has space", "中"} {
		require.Equal(t, want, tok.Piece(ID(id), false), tok.Text(ID(id)))
	}
	require.Equal(t, " a<|x|>", tok.DecodeSpecial([]ID{0, 1}))
}
