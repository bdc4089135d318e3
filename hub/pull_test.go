package hub

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/hub/hubtest"
)

func TestAModelIsPulledIntoAReadablePlace(t *testing.T) {
	s, h := newHub(t)
	data := model(1, 300_000)
	s.Add("owner/repo", "sub/model-Q4_K_M.gguf", data)
	var last Status
	h.Progress = func(st Status) { last = st }
	path := pull(t, h, "hf:owner/repo/sub/model-Q4_K_M.gguf")
	require.Equal(t, filepath.Join(h.Dir, element(h.host()), "owner", "repo", "sub", "model-Q4_K_M.gguf"), path)
	holds(t, path, data)
	require.Equal(t, []string{"owner/repo/sub/model-Q4_K_M.gguf", "owner/repo/sub/model-Q4_K_M.gguf.json"}, tree(t, h))
	require.Equal(t, Status{File: "sub/model-Q4_K_M.gguf", Part: 1, Parts: 1, Done: int64(len(data)), Total: int64(len(data))}, last)

	models, err := h.Models()
	require.NoError(t, err)
	require.Len(t, models, 1)
	m := models[0]
	require.WithinDuration(t, time.Now(), m.Date, time.Minute)
	m.Date = time.Time{}
	require.Equal(t, Model{
		Name: "hf:owner/repo/sub/model-Q4_K_M.gguf", Source: "hf:owner/repo/sub/model-Q4_K_M.gguf", Path: path, Size: int64(len(data)),
		Files:       []File{{"model-Q4_K_M.gguf", int64(len(data)), sumOf(data), hubtest.ETag(data)}},
		Description: Description{"llama", "F32"},
	}, m)
}

func TestACachedModelIsFoundWithoutTheNetwork(t *testing.T) {
	s, h := newHub(t)
	data := model(1, 1000)
	s.Add("owner/repo", "model-Q4_K_M.gguf", data)
	s.Add("owner/repo", "model-Q8_0.gguf", model(2, 2000))
	path := pull(t, h, "hf:owner/repo")
	pull(t, h, "hf:owner/repo:q8_0")
	s.Close()
	for _, name := range []string{"hf:owner/repo", "hf:owner/repo@main", "hf.co/owner/repo", "https://huggingface.co/owner/repo/blob/main/model-Q4_K_M.gguf", "hf:owner/repo/model-Q4_K_M.gguf"} {
		found, err := h.Find(name)
		require.NoError(t, err, name)
		require.Equal(t, path, found)
	}
	found, err := h.Find("hf:owner/repo:Q8_0")
	require.NoError(t, err)
	require.Equal(t, filepath.Join(filepath.Dir(path), "model-Q8_0.gguf"), found)
	for _, name := range []string{"hf:owner/repo:Q4_K_M", "hf:owner/repo@v2", "hf:owner/other", "smollm2:135m", "https://example.com/m.gguf"} {
		_, err := h.Find(name)
		require.ErrorIs(t, err, ErrNotCached, name)
	}
}

func TestPullingAgainDownloadsOnlyWhatIsNew(t *testing.T) {
	s, h := newHub(t)
	old, changed := model(1, 5000), model(2, 5000)
	s.Add("owner/repo", "m.gguf", old)
	path := pull(t, h, "hf:owner/repo")
	s.Requests()
	require.Equal(t, path, pull(t, h, "hf:owner/repo"))
	require.Len(t, s.Requests(), 1, "the list alone")
	s.Add("owner/repo", "m.gguf", changed)
	require.Equal(t, path, pull(t, h, "hf:owner/repo"))
	holds(t, path, changed)
	found, err := h.Find("hf:owner/repo")
	require.NoError(t, err)
	require.Equal(t, path, found)
}

func TestAURLIsPulledAgainOnlyWhereItsTagChanged(t *testing.T) {
	s, h := newHub(t)
	s.Add("o/r", "m.gguf", model(1, 5000))
	s.Direct = true
	url := s.URL + "/cdn/o/r@main/m.gguf"
	path := pull(t, h, url)
	require.Equal(t, filepath.Join(h.Dir, element(h.host()), "cdn", "o", "r@main", "m.gguf"), path)
	before, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, path, pull(t, h, url))
	after, err := os.Stat(path)
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after))
	require.Len(t, tree(t, h), 2)
	s.Add("o/r", "m.gguf", model(2, 6000))
	pull(t, h, url)
	holds(t, path, model(2, 6000))
}

func TestANameFollowsTheRepositorysChoice(t *testing.T) {
	s, h := newHub(t)
	s.Add("o/r", "m-Q6_K.gguf", model(1, 1000))
	first := pull(t, h, "hf:o/r")
	s.Add("o/r", "m-Q8_0.gguf", model(2, 1000))
	second := pull(t, h, "hf:o/r")
	require.NotEqual(t, first, second)
	found, err := h.Find("hf:o/r")
	require.NoError(t, err)
	require.Equal(t, second, found)
	found, err = h.Find("hf:o/r/m-Q6_K.gguf")
	require.NoError(t, err)
	require.Equal(t, first, found)
}

func TestASplitModelIsPulledWhole(t *testing.T) {
	s, h := newHub(t)
	parts := splitModel(7, 3, 40_000)
	for i, name := range []string{"m-Q4_K_M-00001-of-00003.gguf", "m-Q4_K_M-00002-of-00003.gguf", "m-Q4_K_M-00003-of-00003.gguf"} {
		s.Add("o/r", "q/"+name, parts[i])
	}
	s.PageSize = 2
	names := []string{"hf:o/r", "hf:o/r:Q4_K_M", "hf:o/r/q/m-Q4_K_M-00002-of-00003.gguf"}
	for _, name := range names {
		path := pull(t, h, name)
		require.Equal(t, "m-Q4_K_M-00001-of-00003.gguf", filepath.Base(path))
		holds(t, path, parts[0])
		holds(t, strings.Replace(path, "00001-of", "00003-of", 1), parts[2])
	}
	models, err := h.Models()
	require.NoError(t, err)
	require.Len(t, models, 1)
	require.Equal(t, int64(len(parts[0])+len(parts[1])+len(parts[2])), models[0].Size)
	require.Len(t, tree(t, h), 4)
	require.NoError(t, h.Remove("hf:o/r"))
	require.Empty(t, tree(t, h))
	path := pull(t, h, s.URL+"/cdn/o/r@main/q/m-Q4_K_M-00003-of-00003.gguf")
	require.Equal(t, "m-Q4_K_M-00001-of-00003.gguf", filepath.Base(path))
}

func TestARevisionHasAPlaceOfItsOwn(t *testing.T) {
	s, h := newHub(t)
	s.Add("o/r", "m.gguf", model(1, 1000))
	s.Add("o/r@v2", "m.gguf", model(2, 1000))
	holds(t, pull(t, h, "hf:o/r"), model(1, 1000))
	for _, name := range []string{"hf:o/r@v2", "hf:o/r@v2/m.gguf", "hf:o/r/m.gguf@v2"} {
		holds(t, pull(t, h, name), model(2, 1000))
	}
	holds(t, pull(t, h, "hf:o/r"), model(1, 1000))
}

func TestAnInterruptedPullGoesOnWhereItWas(t *testing.T) {
	s, h := newHub(t)
	data := model(1, 2<<20)
	s.Add("o/r", "m.gguf", data)
	ctx, cancel := context.WithCancel(context.Background())
	h.Progress = func(st Status) {
		if st.Done == 1<<20 {
			cancel()
		}
	}
	s.OnFile = func(w http.ResponseWriter, r *http.Request, data []byte, number int) bool {
		if number == 1 {
			w.Header().Set("ETag", hubtest.ETag(data))
			w.Header().Set("Content-Length", strconv.Itoa(len(data)))
			_, _ = w.Write(data[:1<<20])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
		return number == 1
	}
	_, err := h.Pull(ctx, "hf:o/r")
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"o/r/m.gguf.partial", "o/r/m.gguf.partial.json"}, tree(t, h))
	models, err := h.Models()
	require.NoError(t, err)
	require.True(t, models[0].Partial)
	require.Equal(t, int64(1<<20), models[0].Size)
	_, err = h.Find("hf:o/r")
	require.ErrorIs(t, err, ErrNotCached)
	s.Requests()
	holds(t, pull(t, h, "hf:o/r"), data)
	log := s.Requests()
	require.Equal(t, "bytes=1048576-", log[len(log)-1].Range)
	require.Equal(t, hubtest.ETag(data), log[len(log)-1].IfRange)
	require.Len(t, tree(t, h), 2)
}

func TestAPartialFileOfAnotherVersionIsThrownAway(t *testing.T) {
	s, h := newHub(t)
	s.Add("o/r", "m.gguf", model(1, 200_000))
	s.OnFile = func(w http.ResponseWriter, r *http.Request, data []byte, _ int) bool {
		hubtest.Cut(w, r, data, 100_000)
		return true
	}
	h.attempts = 1
	failing(t, h, "hf:o/r", "cut")
	require.Len(t, tree(t, h), 2)
	s.OnFile = nil
	s.Add("o/r", "m.gguf", model(2, 200_000))
	s.Requests()
	holds(t, pull(t, h, "hf:o/r"), model(2, 200_000))
	for _, r := range s.Requests() {
		require.Empty(t, r.Range)
	}
}

func TestAnInterruptedURLGoesOnWhereItWas(t *testing.T) {
	s, h := newHub(t)
	data := model(1, 200_000)
	s.Add("o/r", "m.gguf", data)
	url := s.URL + "/cdn/o/r@main/m.gguf"
	s.OnFile = answer(func(w http.ResponseWriter, r *http.Request, data []byte) { hubtest.Cut(w, r, data, 100_000) })
	h.attempts = 1
	failing(t, h, url, "cut")
	s.OnFile = nil
	s.Requests()
	holds(t, pull(t, h, url), data)
	log := s.Requests()
	require.Len(t, log, 1)
	require.Equal(t, "bytes=100000-", log[0].Range)
}

func TestACheckThatWasKilledLosesNothing(t *testing.T) {
	s, h := newHub(t)
	parts := splitModel(7, 2, 40_000)
	s.Add("o/r", "m-00001-of-00002.gguf", parts[0])
	s.Add("o/r", "m-00002-of-00002.gguf", parts[1])
	check := h.Check
	h.Check = func(string) (Description, error) { panic("killed") }
	require.Panics(t, func() { _, _ = h.Pull(context.Background(), "hf:o/r") })
	h.Check = check
	s.Requests()
	pull(t, h, "hf:o/r")
	require.Len(t, s.Requests(), 1, "the list alone")
	require.Len(t, tree(t, h), 3)
}

func TestTwoPullsOfOneModelDownloadItOnce(t *testing.T) {
	s, h := newHub(t)
	data := model(1, 500_000)
	s.Add("o/r", "m.gguf", data)
	s.OnFile = func(http.ResponseWriter, *http.Request, []byte, int) bool {
		time.Sleep(50 * time.Millisecond)
		return false
	}
	var mu sync.Mutex
	var notes []string
	h.Progress = func(st Status) {
		mu.Lock()
		defer mu.Unlock()
		if st.Note != "" {
			notes = append(notes, st.Note)
		}
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			path, err := h.Pull(context.Background(), "hf:o/r")
			require.NoError(t, err)
			holds(t, path, data)
		})
	}
	wg.Wait()
	files := 0
	for _, r := range s.Requests() {
		if strings.HasPrefix(r.Path, "/cdn/") {
			files++
		}
	}
	require.Equal(t, 1, files)
	require.Len(t, notes, 3)
	require.True(t, slices.Contains(notes, "another process is pulling it; waiting"))
}

func TestAModelThatIsBeingPulledIsNotRemoved(t *testing.T) {
	s, h := newHub(t)
	s.Add("o/r", "m.gguf", model(1, 500_000))
	h.CheckHead = nil
	check := h.Check
	h.Check = func(path string) (Description, error) {
		require.ErrorContains(t, h.Remove("hf:o/r/m.gguf"), "another process is pulling it")
		return check(path)
	}
	h.Progress = nil
	pull(t, h, "hf:o/r")
	require.NoError(t, h.Remove("hf:o/r/m.gguf"))
}
