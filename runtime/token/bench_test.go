package token

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/loader"
)

// texts are generators of n bytes of text, each hard in its own way.
var texts = []struct {
	name string
	make func(n int) string
}{
	{"english", repeat("The quick brown fox jumps over the lazy dog, doesn't it? It was 1984; nobody cared. ")},
	{"code", repeat("func (t *T) f(x []int) (int, error) {\n\tfor i := range x {\n\t\treturn x[i] * 0x1F, nil\n\t}\n}\n")},
	{"one letter", repeat("a")},
	{"one word", func(n int) string { return randomOf("abcdefghijklmnopqrstuvwxyz", n) }},
	{"spaces", repeat(" ")},
	{"newlines", repeat("\n")},
	{"marks", func(n int) string { return randomOf("!\"#$%&()*+,-./:;<=>?@[]^_`{|}~", n) }},
	{"digits", func(n int) string { return randomOf("0123456789", n) }},
	{"random bytes", randomBytes},
	{"han", func(n int) string { return randomRunes(0x4E00, 0x9FFF, n) }},
	{"emoji", func(n int) string { return randomRunes(0x1F300, 0x1F6FF, n) }},
	{"special tokens", repeat("<|im_start|>user\n<start_of_turn><s><|eot_id|></s><bos>")},
}

func repeat(s string) func(int) string {
	return func(n int) string { return strings.Repeat(s, n/len(s)+1)[:n] }
}

func newRand() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func randomBytes(n int) string {
	r, b := newRand(), make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return string(b)
}

func randomOf(chars string, n int) string {
	r, b := newRand(), make([]byte, n)
	for i := range b {
		b[i] = chars[r.IntN(len(chars))]
	}
	return string(b)
}

func randomRunes(low, high rune, n int) string {
	r := newRand()
	var b strings.Builder
	for b.Len() < n {
		b.WriteRune(low + r.Int32N(high-low+1))
	}
	return b.String()
}

// BenchmarkEncode is named by text and vocabulary; 1 MB takes under half a second.
func BenchmarkEncode(b *testing.B) {
	for _, name := range vocabularies {
		if os.Getenv("GPTRUN_LAB") == "" {
			b.Skip("needs real vocabularies: set GPTRUN_LAB to a directory made by `make lab`")
		}
		tok := labTokenizer(b, name)
		for _, text := range texts {
			b.Run(fmt.Sprintf("%s/%s", strings.ReplaceAll(text.name, " ", "-"), name), func(b *testing.B) {
				s := text.make(1 << 20)
				b.SetBytes(int64(len(s)))
				b.ReportAllocs()
				var ids []ID
				for b.Loop() {
					ids = tok.Encode(ids[:0], s, true, true)
				}
			})
		}
	}
}

// BenchmarkFromMetadata is named by vocabulary.
func BenchmarkFromMetadata(b *testing.B) {
	for _, name := range vocabularies {
		b.Run(name, func(b *testing.B) {
			f, err := loader.Open(labVocabulary(b, name))
			require.NoError(b, err)
			defer f.Close()
			b.ReportAllocs()
			for b.Loop() {
				_, err := FromMetadata(&f.Meta)
				require.NoError(b, err)
			}
		})
	}
}

// BenchmarkStream decodes token by token.
func BenchmarkStream(b *testing.B) {
	tok := openTokenizer(b, filepath.Join(tinyDir, "llama", "llama-f32.gguf"))
	text := randomRunes(0x20, 0x24F, 1<<16)
	ids := encode(tok, text, false, false)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		s := tok.NewStream()
		for _, id := range ids {
			s.Next(id)
		}
		s.Flush()
	}
}
