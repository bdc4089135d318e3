package token

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const (
	gpt2Pattern  = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
	llamaPattern = `(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	qwen2Pattern = `(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

// published are the expressions of the pre-tokenizers, by tokenizer.ggml.pre: each cuts
// the pieces that the one before leaves into its matches and what is between them.
var published = map[string][]*regexp2.Regexp{
	"":          compile(`[\p{P}\$\+<=>\^~\|]+`, gpt2Pattern, `\p{N}+`, `[0-9][0-9][0-9]`),
	"default":   compile(`[\p{P}\$\+<=>\^~\|]+`, gpt2Pattern, `\p{N}+`, `[0-9][0-9][0-9]`),
	"gpt-2":     compile(gpt2Pattern),
	"smollm":    compile(`\p{N}`, gpt2Pattern),
	"llama-bpe": compile(llamaPattern),
	"qwen2":     compile(qwen2Pattern),
}

func compile(patterns ...string) (compiled []*regexp2.Regexp) {
	for _, p := range patterns {
		compiled = append(compiled, regexp2.MustCompile(p, regexp2.None))
	}
	return compiled
}

func splitByPatterns(t require.TestingT, patterns []*regexp2.Regexp, text string) []string {
	pieces := []string{text}
	for _, p := range patterns {
		var cut []string
		for _, piece := range pieces {
			runes, done := []rune(piece), 0
			m, err := p.FindRunesMatch(runes)
			for ; m != nil; m, err = p.FindNextMatch(m) {
				if m.Index > done {
					cut = append(cut, string(runes[done:m.Index]))
				}
				cut = append(cut, m.String())
				done = m.Index + m.Length
			}
			require.NoError(t, err)
			if done < len(runes) {
				cut = append(cut, string(runes[done:]))
			}
		}
		pieces = cut
	}
	return pieces
}

func splitByScanner(pre, text string) (words []string) {
	presets[pre].split(text, func(word string) { words = append(words, word) })
	return words
}

func requireSameWords(t require.TestingT, text string) {
	for pre, patterns := range published {
		require.Equal(t, splitByPatterns(t, patterns, text), splitByScanner(pre, text), "%s: %q", pre, text)
	}
}

func TestEveryPreTokenizerHasAPattern(t *testing.T) {
	for pre := range presets {
		require.Contains(t, published, pre)
	}
	require.Len(t, published, len(presets))
}

func TestPreTokenizersCutHardTextsLikeTheirPatterns(t *testing.T) {
	parts := []string{
		"", " ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u0085", "\u3000", "\v", "a", "Zoë", "été", "ß", "中文", "ไทย", "e\u0301",
		"1", "12345", "١٢٣", "Ⅷ", "½", "²", "'", "''", "'s", "'S", "'RE", "'re", "'ll", "'Ll", "'d", "'x", "'ſ", "\u2019s", "'r", "'ve",
		"!", "?!.", "$", "+=", "`", "_", "<|im_end|>", "😁", "👩\u200d🚀", "\u0300", "\x00", "\x7f", "\ufffd", "\u200b", "\U000e0001",
	}
	for _, a := range parts {
		for _, b := range parts {
			for _, c := range []string{"", " ", "\n", "a", "1", "!", "\u3000", "'s"} {
				requireSameWords(t, a+b+c)
			}
		}
	}
}

func TestPreTokenizersCutRandomTextsLikeTheirPatterns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		requireSameWords(t, randomText().Draw(t, "text"))
	})
}

// randomText is text of all of Unicode and much of what the patterns name.
func randomText() *rapid.Generator[string] {
	anyRune := rapid.Custom(func(t *rapid.T) rune {
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			return rapid.SampledFrom([]rune(" \n\r\t'sStTrReEvVmMlLdD\u00a0\u2028")).Draw(t, "named")
		case 1:
			return rapid.RuneFrom(nil, unicode.L, unicode.N, unicode.P, unicode.S, unicode.Zs, unicode.M).Draw(t, "category")
		case 2:
			return rune(rapid.IntRange(0, 0x7F).Draw(t, "ascii"))
		}
		return rune(rapid.IntRange(0x80, unicode.MaxRune).Draw(t, "any"))
	}).Filter(func(r rune) bool { return utf8.ValidRune(r) && !extensionI(r) })
	return rapid.Custom(func(t *rapid.T) string {
		return string(rapid.SliceOfN(anyRune, 0, 40).Draw(t, "runes"))
	})
}

// extensionI are letters of Unicode 15.1, which regexp2 does not know.
func extensionI(r rune) bool { return 0x2EBF0 <= r && r <= 0x2EE5D }

func TestLettersOfUnicode15_1AreLetters(t *testing.T) {
	require.Equal(t, []string{"\U0002EBF0a", "!", "\U0002EE5D"}, splitByScanner("gpt-2", "\U0002EBF0a!\U0002EE5D"))
	require.Equal(t, []string{"a", "\U0002EE5E"}, splitByScanner("gpt-2", "a\U0002EE5E"))
}

func TestSurrogatesAreSingleCharacters(t *testing.T) {
	require.Equal(t, []string{"a", "\xed\xa0\x80b"}, splitByScanner("qwen2", "a\xed\xa0\x80b"))
}

func FuzzPreTokenizers(f *testing.F) {
	f.Add("Hello, world! It's 12345\r\n\r\n  done")
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "\ufffd")
		if strings.ContainsFunc(text, extensionI) || len(text) > 1000 {
			t.Skip("what the oracle does not know, or takes long for")
		}
		requireSameWords(t, text)
	})
}

func TestCategoriesAreThoseOfLlamaCpp(t *testing.T) {
	dir := os.Getenv("GPTRUN_LAB")
	if dir == "" {
		t.Skip("needs llama.cpp's source: set GPTRUN_LAB to a directory made by `make lab`")
	}
	found, _ := filepath.Glob(filepath.Join(dir, "llama_cpp_python-*", "vendor", "llama.cpp", "src", "unicode-data.cpp"))
	if len(found) == 0 {
		t.Skip("needs llama.cpp's source, which `make lab` unpacks in GPTRUN_LAB")
	}
	source, err := os.ReadFile(found[0])
	require.NoError(t, err)
	flags := llamaCppFlags(t, string(source))
	for r := rune(0); r <= unicode.MaxRune; r++ {
		want := other
		switch {
		case unicode.Is(unicode.White_Space, r):
			want = space
		case flags[r]&4 != 0:
			want = letter
		case flags[r]&2 != 0:
			want = number
		}
		if classOf(r) != want || isMark(r) != (flags[r]&0x20 != 0 || strings.ContainsRune("$+<=>^|~", r)) {
			t.Fatalf("%U: class %d, mark %v; llama.cpp's flags are %#x", r, classOf(r), isMark(r), flags[r])
		}
	}
}

// llamaCppFlags reads the table of ranges {first, flags}.
func llamaCppFlags(t *testing.T, source string) []int64 {
	_, table, ok := strings.Cut(source, "unicode_ranges_flags")
	require.True(t, ok)
	table, _, _ = strings.Cut(table, "};")
	flags := make([]int64, unicode.MaxRune+1)
	next := int64(0)
	value := int64(0)
	for _, m := range regexp.MustCompile(`\{0x([0-9A-F]+), 0x([0-9A-F]+)\}`).FindAllStringSubmatch(table, -1) {
		first, err := strconv.ParseInt(m[1], 16, 64)
		require.NoError(t, err)
		for ; next < first; next++ {
			flags[next] = value
		}
		value, err = strconv.ParseInt(m[2], 16, 64)
		require.NoError(t, err)
	}
	require.EqualValues(t, len(flags), next)
	return flags
}

func TestRepairingUTF8(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"valid text stays", "aé中😁", "aé中😁"},
		{"a continuation byte alone", "a\x80b", "a\ufffdb"},
		{"a lead byte alone", "a\xc3", "a\ufffd"},
		{"each byte of a sequence that breaks off", "\xe4\xb8a", "\ufffd\ufffda"},
		{"bytes that never occur", "\xfe\xff", "\ufffd\ufffd"},
		{"a character longer than needed becomes short", "\xc1\xa1\xe0\x80\x80", "a\x00"},
		{"a surrogate stays", "\xed\xa0\x80", "\xed\xa0\x80"},
		{"past the last character", "\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd"},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, repairUTF8(c.text)) })
	}
}

func TestWordsOfAnyBytesMakeUpTheRepairedText(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		b := make([]byte, r.IntN(40))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		text := repairUTF8(string(b))
		for pre := range presets {
			require.Equal(t, text, strings.Join(splitByScanner(pre, text), ""), "%q", b)
		}
	}
}
