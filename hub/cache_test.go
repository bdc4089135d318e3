package hub

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRemoveKeepsToTheCache(t *testing.T) {
	s, h := newHub(t)
	s.Add("o/r", "m.gguf", model(1, 1000))
	s.Add("o/r", "n.gguf", model(2, 1000))
	pull(t, h, "hf:o/r/m.gguf")
	other := pull(t, h, "hf:o/r/n.gguf")
	outside := filepath.Join(filepath.Dir(h.Dir), "outside.gguf")
	require.NoError(t, os.WriteFile(outside, []byte("x"), 0o600))
	for _, name := range []string{
		"../outside.gguf", outside, "hf:../../outside.gguf", "hf:o/r/../../../../outside.gguf", "hf:o/r/..", "hf:o/r@../m.gguf", "hf:o/.", "hf:./r",
		"https://../../outside.gguf", "https://o/%2e%2e/%2e%2e/outside.gguf", "https://o/..%2f..%2foutside.gguf", `https://o/..\..\outside.gguf`, "", ".", "/",
	} {
		require.ErrorIs(t, h.Remove(name), ErrName, name)
	}
	require.FileExists(t, outside)
	require.NoError(t, h.Remove("hf:o/r/m.gguf"))
	require.ErrorIs(t, h.Remove("hf:o/r/m.gguf"), ErrNotCached)
	require.FileExists(t, other)
	require.NoError(t, h.Remove("hf:o/r/n.gguf"))
	require.NoDirExists(t, filepath.Dir(other))
	require.ErrorIs(t, h.Remove("hf:o/r"), ErrNotCached)
}

func TestLinksDoNotLeadOutOfTheCache(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege there")
	}
	s, h := newHub(t)
	s.Add("o/r", "m.gguf", model(1, 1000))
	path := pull(t, h, "hf:o/r/m.gguf")
	outside := filepath.Join(filepath.Dir(h.Dir), "outside")
	require.NoError(t, os.Rename(filepath.Dir(path), outside))
	require.NoError(t, os.Symlink(outside, filepath.Dir(path)))
	_, err := h.Find("hf:o/r/m.gguf")
	require.ErrorIs(t, err, ErrNotCached)
	require.ErrorIs(t, h.Remove("hf:o/r/m.gguf"), ErrNotCached)
	failing(t, h, "hf:o/r/m.gguf", "escapes")
	models, err := h.Models()
	require.NoError(t, err)
	require.Empty(t, models)
	require.FileExists(t, filepath.Join(outside, "m.gguf"))

	// A file that is a link is no model of the cache's.
	require.NoError(t, os.Remove(filepath.Dir(path)))
	require.NoError(t, os.Mkdir(filepath.Dir(path), 0o755))
	record, err := os.ReadFile(filepath.Join(outside, "m.gguf.json"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+".json", record, 0o600))
	require.NoError(t, os.Symlink(filepath.Join(outside, "m.gguf"), path))
	require.ErrorIs(t, h.Remove("hf:o/r/m.gguf"), ErrNotCached)
	require.FileExists(t, filepath.Join(outside, "m.gguf"))
}

// Records may be damaged, or be somebody's who wants other files removed.
func TestARecordThatMakesNoSenseIsNone(t *testing.T) {
	for name, change := range map[string]func(r *record) any{
		"files elsewhere":      func(r *record) any { r.Files = append(r.Files, File{Name: "../../../outside.gguf", Size: 1}); return r },
		"an absolute file":     func(r *record) any { r.Files[0].Name = "/etc/passwd"; return r },
		"another first file":   func(r *record) any { r.Files[0].Name = "n.gguf"; return r },
		"a file of other kind": func(r *record) any { r.Files = append(r.Files, File{Name: "notes.txt"}); return r },
		"another size":         func(r *record) any { r.Files[0].Size++; return r },
		"no files":             func(r *record) any { r.Files = nil; return r },
		"a list":               func(r *record) any { return []int{1} },
		"a long text":          func(r *record) any { return strings.Repeat("x", 5<<20) },
	} {
		t.Run(name, func(t *testing.T) {
			s, h := newHub(t)
			s.Add("o/r", "m.gguf", model(1, 1000))
			path := pull(t, h, "hf:o/r/m.gguf")
			data, err := os.ReadFile(path + ".json")
			require.NoError(t, err)
			var r record
			require.NoError(t, json.Unmarshal(data, &r))
			data, err = json.Marshal(change(&r))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path+".json", data, 0o600))
			_, err = h.Find("hf:o/r/m.gguf")
			require.ErrorIs(t, err, ErrNotCached)
			models, err := h.Models()
			require.NoError(t, err)
			require.Empty(t, models)
			require.Equal(t, path, pull(t, h, "hf:o/r"), "it is pulled again")
			_, err = h.Find("hf:o/r/m.gguf")
			require.NoError(t, err)
		})
	}
}

func TestAnEmptyCacheIsNoError(t *testing.T) {
	_, h := newHub(t)
	models, err := h.Models()
	require.NoError(t, err)
	require.Empty(t, models)
	_, err = h.Find("hf:o/r")
	require.ErrorIs(t, err, ErrNotCached)
	require.ErrorIs(t, h.Remove("hf:o/r"), ErrNotCached)
	require.NoDirExists(t, h.Dir, "looking makes no directory")
}

func TestWhatIsLeftOfADownloadIsRemovedByItsName(t *testing.T) {
	s, h := newHub(t)
	s.Add("o/r", "m.gguf", model(1, 100_000))
	s.OnFile = answer(cutAt50000)
	h.attempts = 1
	failing(t, h, "hf:o/r", "cut")
	require.Len(t, tree(t, h), 2)
	require.NoError(t, h.Remove("hf:o/r"))
	require.Empty(t, tree(t, h))
}
