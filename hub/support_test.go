package hub

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goruntime "runtime"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gptrun/gptrun/hub/hubtest"
	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/loader/gguftest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// model is a GGUF file of about n bytes, different for each seed.
func model(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 0))
	data := make([]byte, n/4*4)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	f := &gguftest.File{Tensors: []gguftest.Tensor{{Name: "w", Shape: []uint64{uint64(n / 4)}, Data: data}}}
	f.Set("general.architecture", "llama")
	return f.Bytes()
}

// splitModel is a model in n parts.
func splitModel(seed uint64, n, size int) [][]byte {
	var parts [][]byte
	for i := range n {
		f := &gguftest.File{Tensors: []gguftest.Tensor{{Name: "w" + string(rune('0'+i)), Shape: []uint64{uint64(size / 4)}, Data: bytes.Repeat([]byte{byte(seed), byte(i), 2, 3}, size/4)}}}
		if i == 0 {
			f.Set("general.architecture", "llama")
		}
		f.Set("split.no", uint16(i))
		f.Set("split.count", uint16(n))
		f.Set("split.tensors.count", int32(n))
		parts = append(parts, f.Bytes())
	}
	return parts
}

// errQwen is what the tests' check says of an architecture that is not llama.
var errQwen = errors.New("architecture not known")

func checkArchitecture(meta *loader.Metadata) error {
	if arch, _, err := meta.String("general.architecture"); err != nil || arch != "llama" {
		return errQwen
	}
	return nil
}

// newHub returns a server and a Hub that asks it, without patience.
func newHub(t testing.TB) (*hubtest.Server, *Hub) {
	s := hubtest.New()
	t.Cleanup(s.Close)
	h := hubAt(t, s.URL, nil)
	return s, h
}

func hubAt(t testing.TB, endpoint string, env map[string]string) *Hub {
	dir := t.TempDir()
	h, err := New(func(key string) (string, bool) {
		switch v, ok := env[key]; {
		case ok:
			return v, true
		case key == "GPTRUN_CACHE":
			return filepath.Join(dir, "models"), true
		case key == "HF_ENDPOINT":
			return endpoint, true
		case key == "HF_HOME":
			return dir, true
		}
		return "", false
	})
	require.NoError(t, err)
	t.Cleanup(h.transport.CloseIdleConnections)
	h.stall, h.backoff, h.longestWait, h.lockPoll = 200*time.Millisecond, time.Millisecond, time.Second, time.Millisecond
	h.headBytes, h.progressBytes = 1<<12, 1<<14
	h.CheckHead = checkArchitecture
	h.Check = func(path string) (Description, error) {
		f, err := loader.Open(path)
		if err != nil {
			return Description{}, err
		}
		defer f.Close()
		mix, err := f.Mix()
		return Description{"llama", mix}, errors.Join(err, checkArchitecture(&f.Meta))
	}
	return h
}

// tree lists the cache's files, less those of locks.
func tree(t testing.TB, h *Hub) (files []string) {
	_ = filepath.WalkDir(h.Dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.Contains(p, lockFolder) {
			rel, err := filepath.Rel(h.Dir, p)
			require.NoError(t, err)
			rel = filepath.ToSlash(rel)
			files = append(files, strings.TrimPrefix(rel, element(h.host())+"/"))
		}
		return nil
	})
	return files
}

func pull(t testing.TB, h *Hub, name string) string {
	t.Helper()
	path, err := h.Pull(context.Background(), name)
	require.NoError(t, err)
	return path
}

func holds(t testing.TB, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got), "%s has other bytes than it should", path)
}

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// failing pulls what must fail, in one line, in little time and memory.
func failing(t testing.TB, h *Hub, name, says string) error {
	t.Helper()
	var before, after goruntime.MemStats
	goruntime.ReadMemStats(&before)
	begin := time.Now()
	_, err := h.Pull(context.Background(), name)
	took := time.Since(begin)
	goruntime.ReadMemStats(&after)
	require.ErrorContains(t, err, says)
	require.NotContains(t, err.Error(), "\n")
	require.Less(t, took, 4*time.Second)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100<<20))
	return err
}

// answer is a handler for OnFile that always answers so.
func answer(f func(w http.ResponseWriter, r *http.Request, data []byte)) func(http.ResponseWriter, *http.Request, []byte, int) bool {
	return func(w http.ResponseWriter, r *http.Request, data []byte, _ int) bool {
		f(w, r, data)
		return true
	}
}
