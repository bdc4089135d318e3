package runtime

import (
	"archive/zip"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/loader"
)

const (
	smolLM2 = "smollm2-135m-instruct-q4_1"
	gemma   = "gemma3-270m-q4_k_m"
)

// tinyArchs are the architectures with a small random model in testdata/tiny.
var tinyArchs = []string{"gpt2", "llama", "gemma3"}

func tinyPath(arch, typ string) string {
	return filepath.Join("..", "testdata", "tiny", arch, arch+"-"+typ+".gguf")
}

// labPath returns a real model's file, or skips.
func labPath(t testing.TB, name string) string {
	dir := os.Getenv("GPTRUN_LAB")
	if dir == "" {
		t.Skip("needs a real model: set GPTRUN_LAB to a directory made by `make lab`")
	}
	path := filepath.Join(dir, "models", name+".gguf")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("needs a real model: %v; `make lab` fetches it", err)
	}
	return path
}

func openModel(t testing.TB, path string, o Options) *Model {
	f, err := loader.Open(path)
	require.NoError(t, err)
	m, err := New(f, o)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, m.Close())
		require.NoError(t, f.Close())
	})
	return m
}

// evaluate returns the logits at every position of ids, evaluated in chunks of
// at most n tokens.
func evaluate(t testing.TB, m *Model, ids []int32, n int) [][]float32 {
	s, b := m.NewSequence(), m.NewBatch()
	defer s.Close()
	defer b.Close()
	var all [][]float32
	for len(ids) > 0 {
		k := min(n, len(ids))
		b.Reset()
		require.NoError(t, b.Add(s, ids[:k], k))
		require.NoError(t, b.Run(context.Background()))
		for i := range k {
			row, err := b.Logits(i)
			require.NoError(t, err)
			all = append(all, append([]float32(nil), row...))
		}
		ids = ids[k:]
	}
	return all
}

// greedy continues ids by n tokens of highest logit.
func greedy(t testing.TB, m *Model, ids []int32, n int) []int32 {
	s, b := m.NewSequence(), m.NewBatch()
	defer s.Close()
	defer b.Close()
	var out []int32
	for len(out) < n {
		b.Reset()
		require.NoError(t, b.Add(s, ids, 1))
		require.NoError(t, b.Run(context.Background()))
		row, err := b.Logits(0)
		require.NoError(t, err)
		next := int32(argmax(row))
		out = append(out, next)
		ids = []int32{next}
	}
	return out
}

func argmax(x []float32) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}

// logSoftmax returns ln p of each logit.
func logSoftmax(x []float32) []float64 {
	top := float64(x[argmax(x)])
	sum := 0.0
	for _, v := range x {
		sum += math.Exp(float64(v) - top)
	}
	lse := top + math.Log(sum)
	p := make([]float64, len(x))
	for i, v := range x {
		p[i] = float64(v) - lse
	}
	return p
}

func negLogLikelihood(logits [][]float32, ids []int32) []float64 {
	var nll []float64
	for i := 0; i+1 < len(ids); i++ {
		nll = append(nll, -logSoftmax(logits[i])[ids[i+1]])
	}
	return nll
}

// klOfTop is the divergence from p, given by its likeliest ids and their log
// probabilities, to the distribution of the logits, all other ids lumped into
// one event.
func klOfTop(ids []int32, logp []float32, logits []float32) float64 {
	q := logSoftmax(logits)
	kl, restP, restQ := 0.0, 1.0, 1.0
	for i, id := range ids {
		p := math.Exp(float64(logp[i]))
		kl += p * (float64(logp[i]) - q[id])
		restP -= p
		restQ -= math.Exp(q[id])
	}
	if restP > 0 && restQ > 0 {
		kl += restP * math.Log(restP/restQ)
	}
	return kl
}

func requireSameBits(t testing.TB, want, got [][]float32, what string) {
	t.Helper()
	require.Equal(t, len(want), len(got), what)
	for i := range want {
		for j := range want[i] {
			if want[i][j] != got[i][j] && (want[i][j] == want[i][j] || got[i][j] == got[i][j]) {
				require.Failf(t, "different bits", "%s: position %d, token %d: %v, want %v", what, i, j, got[i][j], want[i][j])
			}
		}
	}
}

func readJSON(t testing.TB, v any, path ...string) {
	b, err := os.ReadFile(filepath.Join(append([]string{"..", "testdata"}, path...)...))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, v))
}

// readNPZ reads the arrays of a NumPy archive as little-endian 4-byte words.
func readNPZ(t testing.TB, path ...string) map[string][]uint32 {
	z, err := zip.OpenReader(filepath.Join(append([]string{"..", "testdata"}, path...)...))
	require.NoError(t, err)
	defer z.Close()
	arrays := map[string][]uint32{}
	for _, f := range z.File {
		r, err := f.Open()
		require.NoError(t, err)
		b := make([]byte, f.UncompressedSize64)
		_, err = io.ReadFull(r, b)
		require.NoError(t, err)
		b = b[10+int(binary.LittleEndian.Uint16(b[8:])):]
		words := make([]uint32, len(b)/4)
		for i := range words {
			words[i] = binary.LittleEndian.Uint32(b[4*i:])
		}
		arrays[strings.TrimSuffix(f.Name, ".npy")] = words
	}
	return arrays
}

func asInts(w []uint32) []int32 {
	v := make([]int32, len(w))
	for i, x := range w {
		v[i] = int32(x)
	}
	return v
}

func asFloats(w []uint32) []float32 {
	v := make([]float32, len(w))
	for i, x := range w {
		v[i] = math.Float32frombits(x)
	}
	return v
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

func median(x []float64) float64 {
	s := append([]float64(nil), x...)
	sort.Float64s(s)
	return s[len(s)/2]
}
