package token

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fastest is the least time of a few that f takes.
func fastest(times int, f func()) time.Duration {
	best := time.Duration(1<<63 - 1)
	for range times {
		best = min(best, timed(f))
	}
	return best
}

func TestTimeGrowsWithTheTextNotWithItsSquare(t *testing.T) {
	const n, factor = 16 << 10, 8
	for _, name := range tinyModels {
		tok := tinyTokenizer(t, name)
		for _, text := range texts {
			var small, large time.Duration
			measure := func(size int) time.Duration {
				s := text.make(size)
				return fastest(3, func() { encode(tok, s, true, true) })
			}
			for range 5 { // another program may take the processor
				small, large = measure(n), measure(factor*n)
				if large < 3*factor*small {
					break
				}
			}
			require.Less(t, large, 3*factor*small, "%s, %s: %v for %d bytes", name, text.name, small, n)
		}
	}
}

func TestAMegabyteTakesHalfASecondOnRealVocabularies(t *testing.T) {
	if testing.Short() {
		t.Skip("encodes megabytes")
	}
	for _, name := range []string{"gemma3-270m-q4_k_m", "smollm2-135m-instruct-q4_1"} {
		tok := labTokenizer(t, name)
		for _, text := range texts {
			s := text.make(1e6)
			var took time.Duration
			for range 5 { // another program may take the processor
				if took = fastest(1, func() { encode(tok, s, true, true) }); took < time.Second/2 {
					break
				}
			}
			require.Less(t, took, time.Second/2, "%s, %s", name, text.name)
		}
	}
}

func TestSpecialTokensOfManyLengthsTakeNoLonger(t *testing.T) {
	runs := make([]string, 1000) // each length up to 1000: every place begins all of them
	for i := range runs {
		runs[i] = repeat("a")(i + 1)
	}
	for _, typ := range []int32{TypeUserDefined, TypeControl} {
		c := config(modelBPE, runs...)
		for range runs {
			c.Types = append(c.Types, typ)
		}
		tok := mustNew(t, c)
		text := repeat("a")(1<<20 + 7)
		took := fastest(2, func() {
			require.Len(t, encode(tok, text, false, true), len(text)/1000+1)
			encode(tok, text, false, false)
		})
		require.Less(t, took, 5*time.Second)
	}
}
