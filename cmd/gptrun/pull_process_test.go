//go:build unix

package main

import (
	"bufio"
	"bytes"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/hub/hubtest"
)

// A proxy is taken from the environment of the process, once.
func TestAProxyIsHonoured(t *testing.T) {
	s := modelHub(t)
	for noProxy, status := range map[string]int{"": 0, "models.test": exitError} {
		cmd := process("pull", "--allow-http", "http://models.test/cdn/tiny/gpt2@main/gpt2-Q8_0.gguf")
		cmd.Env = append(cmd.Env, "HTTP_PROXY="+s.URL, "http_proxy="+s.URL, "NO_PROXY="+noProxy, "no_proxy="+noProxy, "GPTRUN_CACHE="+t.TempDir())
		_ = cmd.Run()
		require.Equal(t, status, cmd.ProcessState.ExitCode())
	}
}

// A signal in the middle of a download leaves what there is to the next one.
func TestASignalLeavesThePartialDownload(t *testing.T) {
	s := modelHub(t)
	s.OnFile = func(w http.ResponseWriter, r *http.Request, data []byte, number int) bool {
		if number > 1 {
			return false
		}
		w.Header().Set("ETag", hubtest.ETag(data))
		w.Header().Set("Content-Length", "281408")
		_, _ = w.Write(data[:100_000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return true
	}
	cmd := process("prompt", "-m", "hf:tiny/gpt2", "--temp", "0", "-n", "4", "Hello")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Start())
	awaitPartial(t, 100_000)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	_ = cmd.Wait()
	require.Equal(t, exitInterrupted, cmd.ProcessState.ExitCode(), stderr.String())
	require.Empty(t, stdout.String())
	require.Contains(t, stderr.String(), "100.0 kB of 281.4 kB are there")

	again := process("prompt", "-m", "hf:tiny/gpt2", "--temp", "0", "-n", "4", "Hello")
	out, err := again.Output()
	require.NoError(t, err)
	require.Equal(t, good(t, "prompt", "-m", tiny("gpt2"), "--temp", "0", "-n", "4", "Hello"), string(out))
	log := s.Requests()
	require.Equal(t, "bytes=100000-", log[len(log)-1].Range)
}

// awaitPartial waits until the cache has so many bytes of a model.
func awaitPartial(t *testing.T, bytes int64) {
	require.Eventually(t, func() bool {
		models := decode[[]listedModel](t, good(t, "list", "--json"))
		return len(models) == 1 && models[0].Bytes == bytes
	}, 10*time.Second, 5*time.Millisecond)
}

// The second of two processes waits for the first, and goes on where that one is killed.
func TestAProcessThatWaitsTakesOverFromOneThatIsKilled(t *testing.T) {
	s := modelHub(t)
	s.OnFile = func(w http.ResponseWriter, r *http.Request, data []byte, number int) bool {
		if number == 1 {
			w.Header().Set("ETag", hubtest.ETag(data))
			w.Header().Set("Content-Length", "281408")
			_, _ = w.Write(data[:100_000])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
		return number == 1
	}
	first := process("pull", "hf:tiny/gpt2")
	require.NoError(t, first.Start())
	awaitPartial(t, 100_000)
	second := process("pull", "hf:tiny/gpt2")
	errors, err := second.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, second.Start())
	lines := bufio.NewScanner(errors)
	require.True(t, lines.Scan())
	require.Equal(t, "gptrun: another process is pulling it; waiting", lines.Text())
	require.NoError(t, first.Process.Kill())
	_ = first.Wait()
	require.True(t, lines.Scan())
	require.Equal(t, "gptrun: pulling gpt2-Q8_0.gguf, from 100.0 kB on of 281.4 kB", lines.Text())
	for lines.Scan() {
	}
	require.NoError(t, second.Wait())
	require.Contains(t, good(t, "list"), "Q8_0")
}
