package runtime

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/kernels"
)

// promptLengths are every length that a tile or a block of tokens may cut in
// another way, and those around the chunks of attention and a batch.
func promptLengths(most int) (lengths []int) {
	for n := 1; n <= 70; n++ {
		lengths = append(lengths, n)
	}
	for _, n := range []int{127, 128, 129, 255, 256, 257, 511, 512, 513} {
		if n <= most {
			lengths = append(lengths, n)
		}
	}
	return lengths
}

// stepwise returns the logits after each of the lengths of ids, evaluated
// token by token.
func stepwise(t *testing.T, m *Model, ids []int32, lengths []int) (rows [][]float32) {
	s, b := m.NewSequence(), m.NewBatch()
	defer s.Close()
	defer b.Close()
	for i, id := range ids[:lengths[len(lengths)-1]] {
		b.Reset()
		require.NoError(t, b.Add(s, []int32{id}, 1))
		require.NoError(t, b.Run(context.Background()))
		if i+1 == lengths[len(rows)] {
			row, err := b.Logits(0)
			require.NoError(t, err)
			rows = append(rows, append([]float32(nil), row...))
		}
	}
	return rows
}

// requirePrompts evaluates a prompt of each length in one pass.
func requirePrompts(t *testing.T, m *Model, ids []int32, lengths []int, want [][]float32, what string) {
	for i, n := range lengths {
		s, b := m.NewSequence(), m.NewBatch()
		require.NoError(t, b.Add(s, ids[:n], 1))
		require.NoError(t, b.Run(context.Background()))
		row, err := b.Logits(0)
		require.NoError(t, err)
		requireSameBits(t, want[i:i+1], [][]float32{row}, fmt.Sprintf("%s, a prompt of %d tokens", what, n))
		b.Close()
		s.Close()
	}
}

func TestPromptsOfEveryLengthGiveTheBitsOfSingleTokens(t *testing.T) {
	for _, arch := range tinyArchs {
		for _, typ := range []string{"f32", "q8_0"} {
			t.Run(arch+"/"+typ, func(t *testing.T) {
				var g tinyGolden
				readJSON(t, &g, "tiny", arch, "golden.json")
				ids := longText(arch, g, 512) // their context
				lengths := promptLengths(len(ids))
				want := stepwise(t, openModel(t, tinyPath(arch, typ), Options{CPU: "generic", Threads: 2}), ids, lengths)
				sets := kernels.Available()
				if testing.Short() && len(sets) > 1 {
					sets = sets[1:] // the generic tier is slow where the CPU is emulated
				}
				for _, set := range sets {
					m := openModel(t, tinyPath(arch, typ), Options{CPU: set.Name, Batch: 1024, Threads: 2})
					requirePrompts(t, m, ids, lengths, want, set.Name)
				}
			})
		}
	}
}

func TestRealPromptsOfEveryLengthGiveTheBitsOfSingleTokens(t *testing.T) {
	for _, name := range []string{smolLM2, gemma} {
		t.Run(name, func(t *testing.T) {
			path := labPath(t, name)
			ids := realText(t, name, 513)
			lengths := promptLengths(len(ids))
			sets := kernels.Available()
			require.Greater(t, len(sets), 1, "only the generic tier")
			opts := Options{Context: 1024, Batch: 1024, Threads: 2}
			want := stepwise(t, openModel(t, path, opts), ids, lengths)
			for _, set := range sets[1:] {
				opts.CPU = set.Name
				requirePrompts(t, openModel(t, path, opts), ids, lengths, want, set.Name)
			}
		})
	}
}
