package sample

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTopSelectsTheLikeliest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var top Top
		for range 3 { // in the memory of the last time
			logits := drawLogits(t)
			n := rapid.IntRange(-1, 70).Draw(t, "n")
			want := likeliest(logits)[:min(max(n, 0), len(logits))]
			require.Equal(t, append([]int32{}, want...), append([]int32{}, top.Select(logits, n)...))
		}
	})
}

func TestTopPassesOverWhatIsNoNumber(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	var top Top
	require.Equal(t, []int32{4, 3, 1}, top.Select([]float32{nan, 1, -inf, 3, inf}, 9))
	require.Empty(t, top.Select([]float32{nan, -inf}, 2))
	require.Empty(t, top.Select(nil, 2))
}

func TestTopAllocatesNothing(t *testing.T) {
	logits := randomLogits(3000, 5)
	var top Top
	top.Select(logits, 20)
	require.Zero(t, testing.AllocsPerRun(10, func() { top.Select(logits, 20) }))
}
