package token

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// spelledBPE merges as the papers say, in O(n²): of all pairs of neighbours the first merge in
// the list goes first, and of its places the leftmost.
func spelledBPE(merges []string, word string) []string {
	symbols := strings.Split(word, "")
	for {
		best, at := len(merges), -1
		for i := range len(symbols) - 1 {
			if rank := slices.Index(merges[:best], symbols[i]+" "+symbols[i+1]); rank >= 0 {
				best, at = rank, i
			}
		}
		if at < 0 {
			return symbols
		}
		symbols = slices.Replace(symbols, at, at+2, symbols[at]+symbols[at+1])
	}
}

// spelledSentencePiece does it by the scores of the tokens that neighbours make.
func spelledSentencePiece(scores map[string]float32, text string) []string {
	symbols := strings.Split(text, "")
	for {
		at, best := -1, float32(0)
		for i := range len(symbols) - 1 {
			if score, ok := scores[symbols[i]+symbols[i+1]]; ok && (at < 0 || score > best) {
				at, best = i, score
			}
		}
		if at < 0 {
			return symbols
		}
		symbols = slices.Replace(symbols, at, at+2, symbols[at]+symbols[at+1])
	}
}

func config(model string, tokens ...string) Config {
	c := Config{Model: model, Pre: "gpt-2", Tokens: tokens}
	for _, id := range []*ID{
		&c.BOS, &c.EOS, &c.UNK, &c.EOT, &c.EOM,
		&c.FIMPrefix, &c.FIMSuffix, &c.FIMMiddle, &c.FIMPad, &c.FIMRepo, &c.FIMSeparator,
	} {
		*id = None
	}
	if model == modelSentencePiece {
		c.Scores = make([]float32, len(tokens))
		c.UNK = 0
	}
	return c
}

func texts2ids(tok *Tokenizer, ids []ID) (texts []string) {
	for _, id := range ids {
		texts = append(texts, tok.Text(id))
	}
	return texts
}

func TestBPEMergesInOrderOfTheListWhateverTheList(t *testing.T) {
	part := rapid.StringOfN(rapid.SampledFrom([]rune("abc")), 1, 3, -1)
	rapid.Check(t, func(t *rapid.T) {
		var merges []string
		tokens := []string{"a", "b", "c"}
		for range rapid.IntRange(0, 12).Draw(t, "merges") {
			left, right := part.Draw(t, "left"), part.Draw(t, "right")
			if merge := left + " " + right; !slices.Contains(merges, merge) {
				merges = append(merges, merge)
			}
			if !slices.Contains(tokens, left+right) {
				tokens = append(tokens, left+right)
			}
		}
		c := config(modelBPE, tokens...)
		c.Merges = merges
		tok, err := New(c)
		require.NoError(t, err)
		word := rapid.StringOfN(rapid.SampledFrom([]rune("abc")), 1, 30, -1).Draw(t, "word")
		require.Equal(t, spelledBPE(merges, word), texts2ids(tok, encode(tok, word, false, false)))
	})
}

func TestSentencePieceMergesInOrderOfScoresWhateverTheScores(t *testing.T) {
	token := rapid.StringOfN(rapid.SampledFrom([]rune("ab▁")), 2, 5, -1)
	rapid.Check(t, func(t *rapid.T) {
		tokens := []string{"<unk>", "a", "b", "▁"}
		scores := map[string]float32{}
		for _, text := range rapid.SliceOfNDistinct(token, 0, 20, rapid.ID).Draw(t, "tokens") {
			tokens = append(tokens, text)
			scores[text] = float32(rapid.IntRange(-3, 3).Draw(t, "score"))
		}
		c := config(modelSentencePiece, tokens...)
		for i, text := range tokens {
			c.Scores[i] = scores[text]
		}
		tok, err := New(c)
		require.NoError(t, err)
		text := rapid.StringOfN(rapid.SampledFrom([]rune("ab ▁")), 1, 30, -1).Draw(t, "text")
		want := spelledSentencePiece(scores, strings.ReplaceAll(text, " ", blank))
		require.Equal(t, want, texts2ids(tok, encode(tok, text, false, false)), "%q", text)
	})
}

func TestLongWordsMergeLikeShortOnes(t *testing.T) {
	letters := "ab"
	tokens := []string{"a", "b"}
	var merges []string
	r := newRand()
	for len(merges) < 200 {
		left, right := tokens[r.IntN(len(tokens))], tokens[r.IntN(len(tokens))]
		if len(left+right) > 12 || slices.Contains(tokens, left+right) {
			continue
		}
		merges = append(merges, left+" "+right)
		tokens = append(tokens, left+right)
	}
	c := config(modelBPE, tokens...)
	c.Merges = merges
	tok, err := New(c)
	require.NoError(t, err)
	word := randomOf(letters, queueThreshold+500)
	require.Equal(t, spelledBPE(merges, word), texts2ids(tok, encode(tok, word, false, false)))
}

func TestQueueIsInOrderWhateverIsPushedMeanwhile(t *testing.T) {
	for _, n := range []int{10, queueThreshold + 1} {
		for _, ranks := range []int{1, 5, queueRanges, queueRanges + 1, 1 << 20} {
			r := rand.New(rand.NewPCG(uint64(n), uint64(ranks)))
			random := func() uint64 { return uint64(r.IntN(ranks))<<32 | uint64(r.Uint32()) }
			var q queue
			for range 2 { // the second time with what the first left behind
				var want []uint64 // sorted
				q.reset(n, ranks)
				for range n {
					want = append(want, random())
					q.add(want[len(want)-1])
				}
				slices.Sort(want)
				q.order()
				for pushes := n / 2; len(want) > 0; pushes-- {
					key, ok := q.pop()
					if !ok {
						require.True(t, q.refill())
						q.order()
						key, _ = q.pop()
					}
					if key != want[0] {
						t.Fatalf("%d ranks: popped %#x, want %#x", ranks, key, want[0])
					}
					want = want[1:]
					if pushes > 0 {
						key := random()
						q.push(key)
						i, _ := slices.BinarySearch(want, key)
						want = slices.Insert(want, i, key)
					}
				}
				_, ok := q.pop()
				require.False(t, ok || q.refill())
			}
		}
	}
}
