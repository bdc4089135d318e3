package token

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type fragment struct {
	text string
	id   ID
}

// partition finds special tokens one by one, the longest first, each from left
// to right in what those before it left of the text.
func partition(tokens []string, hidden []bool, text string, parseSpecial bool) []fragment {
	fragments := []fragment{{text, None}}
	order := make([]int, len(tokens))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(len(tokens[b]), len(tokens[a])) })
	for _, i := range order {
		if hidden[i] && !parseSpecial {
			continue
		}
		var cut []fragment
		for _, f := range fragments {
			if f.id != None {
				cut = append(cut, f)
				continue
			}
			for j, between := range strings.Split(f.text, tokens[i]) {
				if j > 0 {
					cut = append(cut, fragment{id: ID(i)})
				}
				if between != "" {
					cut = append(cut, fragment{between, None})
				}
			}
		}
		fragments = cut
	}
	return fragments
}

func TestSpecialTokensAreFoundLongestFirst(t *testing.T) {
	letters := rapid.SampledFrom([]rune("ab<"))
	rapid.Check(t, func(t *rapid.T) {
		tokens := rapid.SliceOfNDistinct(rapid.StringOfN(letters, 1, 5, -1), 0, 10, rapid.ID).Draw(t, "tokens")
		hidden := rapid.SliceOfN(rapid.Bool(), len(tokens), len(tokens)).Draw(t, "hidden")
		text := rapid.StringOfN(letters, 1, 40, -1).Draw(t, "text")
		parse := rapid.Bool().Draw(t, "parse")
		attrs := make([]attr, len(tokens))
		for i := range attrs {
			attrs[i] = userDefined
			if hidden[i] {
				attrs[i] = control
			}
		}
		m, err := newSpecialMatcher(tokens, attrs)
		require.NoError(t, err)
		var got []fragment
		m.split(text, parse, func(text string, id ID) { got = append(got, fragment{text, id}) })
		require.Equal(t, partition(tokens, hidden, text, parse), got)
	})
}

func TestVocabulariesWithEndlessSpecialTokensAreRefused(t *testing.T) {
	tokens := make([]string, 5)
	for i := range tokens {
		tokens[i] = strings.Repeat(string(rune('a'+i)), 1<<20)
	}
	c := config(modelBPE, tokens...)
	c.Types = []int32{TypeControl, TypeControl, TypeControl, TypeControl, TypeControl}
	_, err := New(c)
	require.ErrorIs(t, err, ErrInvalid)
}
