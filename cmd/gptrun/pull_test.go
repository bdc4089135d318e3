package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun"
	"github.com/gptrun/gptrun/hub/hubtest"
)

// modelHub is a server with a model of each tiny architecture, as HF_ENDPOINT,
// and an empty cache.
func modelHub(t *testing.T) *hubtest.Server {
	s := hubtest.New()
	t.Cleanup(s.Close)
	for _, arch := range []string{"gpt2", "llama"} {
		data, err := os.ReadFile(tiny(arch))
		require.NoError(t, err)
		s.Add("tiny/"+arch, arch+"-Q8_0.gguf", data)
	}
	for key, value := range map[string]string{
		"HF_ENDPOINT": s.URL, "GPTRUN_CACHE": filepath.Join(t.TempDir(), "models"),
		"HF_HOME": t.TempDir(), "HF_TOKEN": "", "HUGGING_FACE_HUB_TOKEN": "", "HF_HUB_OFFLINE": "",
	} {
		t.Setenv(key, value)
	}
	return s
}

func TestPullPrintsThePathAndListShowsTheModel(t *testing.T) {
	s := modelHub(t)
	var c console
	require.Zero(t, c.run("pull", "hf:tiny/gpt2", "hf:tiny/llama/llama-Q8_0.gguf"), c.err.String())
	paths := strings.Split(strings.TrimSpace(c.out.String()), "\n")
	require.Len(t, paths, 2)
	for i, arch := range []string{"gpt2", "llama"} {
		want, err := os.ReadFile(tiny(arch))
		require.NoError(t, err)
		got, err := os.ReadFile(paths[i])
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got))
	}
	require.Contains(t, c.err.String(), "gptrun: pulling gpt2-Q8_0.gguf, 281.4 kB\n")
	require.Contains(t, c.err.String(), "gptrun: pulled gpt2-Q8_0.gguf, 281.4 kB in 0:00\n")
	require.Zero(t, c.run("pull", "hf:tiny/gpt2"))
	require.Equal(t, paths[0]+"\n", c.out.String())
	require.Empty(t, c.err.String(), "it is there")

	lines := strings.Split(good(t, "list"), "\n")
	require.Regexp(t, `^NAME +SIZE +PULLED +ARCHITECTURE +TYPE$`, lines[0])
	require.Regexp(t, `^hf:tiny/gpt2/gpt2-Q8_0.gguf +281.4 kB  \d{4}-\d\d-\d\d  gpt2 +Q8_0$`, lines[1])
	list := decode[[]listedModel](t, good(t, "list", "--json"))
	require.Len(t, list, 2)
	require.Equal(t, paths[1], list[1].Path)
	require.Equal(t, "llama", list[1].Architecture)

	s.Close()
	good(t, "rm", "hf:tiny/gpt2", "hf:tiny/llama/llama-Q8_0.gguf")
	require.Equal(t, "[]\n", good(t, "list", "--json"))
	require.NoFileExists(t, paths[0])
	require.Equal(t, exitError, c.run("rm", "hf:tiny/gpt2"))
	require.Equal(t, "gptrun: \"hf:tiny/gpt2\" is not in the cache\n", c.err.String())
	require.Contains(t, good(t, "list", "--known"), "smollm2-135m\n")
}

func TestEveryCommandTakesNames(t *testing.T) {
	s := modelHub(t)
	path := tiny("gpt2")
	const name = "hf:tiny/gpt2"
	for i, args := range [][]string{
		{"eval", "--json", "Hello", "-m"}, {"prompt", "--temp", "0", "-n", "4", "Hello", "-m"}, {"tokenize", "Hello", "-m"},
	} {
		var c console
		require.Zero(t, c.run(append(args, name)...), c.err.String())
		require.Equal(t, good(t, append(args, path)...), c.out.String())
		if i == 0 {
			require.Contains(t, c.err.String(), "gptrun: pulling gpt2-Q8_0.gguf, 281.4 kB\n", "nothing is downloaded silently")
			s.Close() // what is in the cache needs no network
		} else {
			require.Empty(t, c.err.String())
		}
	}
	require.Contains(t, good(t, "inspect", "-m", name), "gpt2.block_count")
	var c console
	require.Equal(t, exitError, c.run("chat-template", "-m", name), "it has none")
	require.Contains(t, c.err.String(), "gpt2-Q8_0.gguf")
	require.Contains(t, good(t, "bench", "-m", name, "-p", "4", "-n", "0", "-r", "1"), "gpt2")
}

func TestANameThatIsNotThereIsOneLine(t *testing.T) {
	s := modelHub(t)
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"offline", []string{"eval", "--offline", "-m", "hf:tiny/gpt2", "x"}, `"hf:tiny/gpt2" is not in the cache`},
		{"a repository that is not there", []string{"eval", "-m", "hf:tiny/other", "x"}, "set HF_TOKEN"},
		{"a type that is not there", []string{"pull", "hf:tiny/gpt2:Q2_K"}, `no model of type Q2_K; it has "gpt2-Q8_0.gguf"`},
		{"a file that is not there", []string{"pull", "hf:tiny/gpt2/m.gguf"}, `no file "m.gguf"`},
		{"a short name that is none", []string{"prompt", "-m", "smollm", "x"}, "smollm2-135m"},
		{"no name", []string{"pull", "smollm"}, "smollm2-135m"},
		{"a path with escapes", []string{"pull", "hf:o/r/\x1b[2J.gguf"}, `\x1b[2J`},
		{"a path upwards", []string{"rm", "hf:o/../../x.gguf"}, "not the name of a model"},
		{"an absolute path", []string{"rm", "/etc/passwd"}, "not the name of a model"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var con console
			require.Equal(t, exitError, con.run(c.args...))
			require.Empty(t, con.out.String())
			require.Equal(t, 1, strings.Count(con.err.String(), "\n"), con.err.String())
			require.Contains(t, con.err.String(), c.says)
			require.NotContains(t, con.err.String(), "\x1b")
		})
	}
	s.Requests()
	t.Setenv("HF_HUB_OFFLINE", "1")
	var con console
	require.Equal(t, exitError, con.run("pull", "hf:tiny/gpt2"))
	require.Empty(t, s.Requests())
}

func TestAFileThatIsThereWinsOverAName(t *testing.T) {
	s := modelHub(t)
	data, err := os.ReadFile(tiny("gpt2"))
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("tinyllama-1.1b", data, 0o600))
	good(t, "tokenize", "-m", "tinyllama-1.1b", "Hello")
	require.Empty(t, s.Requests())
}

func TestAModelThatCannotRunIsRefusedWhenItIsPulled(t *testing.T) {
	s := modelHub(t)
	whole, err := os.ReadFile(tiny("gpt2"))
	require.NoError(t, err)
	s.Add("o/arch", "m.gguf", bytes.Replace(whole, []byte("gpt2"), []byte("gpt9"), 1))
	s.Add("o/pre", "m.gguf", bytes.Replace(whole, []byte("\x05\x00\x00\x00\x00\x00\x00\x00gpt-2"), []byte("\x05\x00\x00\x00\x00\x00\x00\x00gpt-9"), 1))
	for repo, says := range map[string]string{"o/arch": `"gpt9"`, "o/pre": `"gpt-9"`} {
		var c console
		require.Equal(t, exitError, c.run("pull", "hf:"+repo))
		require.Contains(t, c.err.String(), says)
		require.Equal(t, "[]\n", good(t, "list", "--json"))
	}
}

func TestAnInterruptedPullIsListedAndGoesOn(t *testing.T) {
	s := modelHub(t)
	ctx, cancel := context.WithCancel(context.Background())
	s.OnFile = func(w http.ResponseWriter, r *http.Request, data []byte, number int) bool {
		if number > 1 {
			return false
		}
		w.Header().Set("ETag", hubtest.ETag(data))
		w.Header().Set("Content-Length", "281408")
		_, _ = w.Write(data[:100_000])
		w.(http.Flusher).Flush()
		time.Sleep(50 * time.Millisecond)
		cancel()
		<-r.Context().Done()
		return true
	}
	c := console{ctx: ctx}
	require.Equal(t, exitInterrupted, c.run("pull", "hf:tiny/gpt2"))
	require.Contains(t, c.err.String(), "gptrun: 100.0 kB of 281.4 kB are there; pulling it again goes on from there\n")
	require.Contains(t, good(t, "list"), "(interrupted)")
	c = console{}
	require.Zero(t, c.run("pull", "hf:tiny/gpt2"))
	require.Contains(t, c.err.String(), "gptrun: pulling gpt2-Q8_0.gguf, from 100.0 kB on of 281.4 kB\n")
	require.NotContains(t, good(t, "list"), "(interrupted)")
}

func TestTheStatusFitsTheTerminal(t *testing.T) {
	for _, width := range []int{200, 80, 60, 40, 30, 20, 10, 5, 1} {
		for _, file := range []string{"SmolLM2-135M-Instruct-Q4_K_M.gguf", "m.gguf", "模型模型模型模型模型模型模型模型模型模型模型.gguf"} {
			var out bytes.Buffer
			now := time.Unix(0, 0)
			p := newPullStatus(&terminal{err: &out, errIsTerminal: true})
			p.now, p.width = func() time.Time { return now }, func() int { return width }
			const total = 105_454_432
			for done := int64(0); done <= total; done += total / 8 {
				p.report(gptrun.PullStatus{File: "sub/" + file, Part: 1, Parts: 1, Done: done, Total: total})
				now = now.Add(time.Second)
			}
			p.report(gptrun.PullStatus{File: file, Part: 1, Parts: 1, Done: total, Total: total, Note: "cut; again in 2s"})
			p.end(nil)
			for line := range strings.SplitSeq(strings.TrimSuffix(out.String(), "\n"), "\r") {
				if strings.HasPrefix(line, "gptrun: pulled") {
					continue
				}
				require.Less(t, columnsOf(line), max(width, 2), "%q", line)
			}
			if width == 80 && file[0] == 'S' {
				require.Contains(t, out.String(), "\rSmolLM2-…K_M.gguf [######----]  62 %   65.9/105.5 MB   13.2 MB/s     0:03 left")
			}
			if width == 40 && file[0] == 'S' {
				require.Contains(t, out.String(), "\rSmolLM2-1…K_M.gguf  62 %     0:03 left")
			}
			require.Contains(t, out.String(), "gptrun: pulled "+file+", 105.5 MB in 0:09\n")
			require.NotContains(t, out.String(), "\x1b")
		}
	}
}

func TestTheStatusIsALineNowAndThenElsewhere(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	p := newPullStatus(&terminal{err: &out})
	p.now = func() time.Time { return now }
	for i := range 301 {
		note := ""
		if i >= 100 && i < 103 {
			note = "the connection was cut; again in 1s"
		}
		p.report(gptrun.PullStatus{File: "m.gguf", Part: 2, Parts: 3, Done: int64(i) * 1e6, Total: 300e6, Note: note})
		now = now.Add(100 * time.Millisecond)
	}
	p.end(nil)
	require.Equal(t, `gptrun: pulling m.gguf (2 of 3), 300.0 MB
gptrun: the connection was cut; again in 1s
gptrun: m.gguf: 66 % 200.0/300.0 MB 10.0 MB/s 0:10 left
gptrun: m.gguf: 100 % 300.0/300.0 MB 10.0 MB/s 0:00 left
gptrun: pulled m.gguf, 300.0 MB in 0:30
`, out.String())
}

func TestBytesAndTimesAsPeopleSayThem(t *testing.T) {
	for n, text := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 999_949: "999.9 kB", 999_950: "1.0 MB", 105_454_432: "105.5 MB", 5e9: "5.0 GB", 1 << 62: "4611.7 PB"} {
		require.Equal(t, text, bytesText(n))
	}
	for d, text := range map[time.Duration]string{0: "0:00", 65 * time.Second: "1:05", 2 * time.Hour: "2:00:00"} {
		require.Equal(t, text, clock(d))
	}
}
