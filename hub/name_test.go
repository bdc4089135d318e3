package hub

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/hub/hubtest"
)

func cutAt50000(w http.ResponseWriter, r *http.Request, data []byte) {
	hubtest.Cut(w, r, data, 50_000)
}

func TestNamesAreReadAndWritten(t *testing.T) {
	h := hubAt(t, "https://huggingface.co", nil)
	for text, want := range map[string]struct{ canonical, local string }{
		"hf:o/r":                             {"hf:o/r", ""},
		"hf:o/r@main":                        {"hf:o/r", ""},
		"hf:o/r:q4_k_m":                      {"hf:o/r:Q4_K_M", ""},
		"hf:o/r@v1:Q8_0":                     {"hf:o/r@v1:Q8_0", ""},
		"hf:o/r:Q8_0@v1":                     {"hf:o/r@v1:Q8_0", ""},
		"hf:o/r/m.gguf":                      {"hf:o/r/m.gguf", "huggingface.co/o/r/m.gguf"},
		"hf:o/r@v1/a b/m.gguf":               {"hf:o/r@v1/a b/m.gguf", "huggingface.co/o/r@v1/a b/m.gguf"},
		"hf:o/r/m-00003-of-00004.gguf":       {"hf:o/r/m-00001-of-00004.gguf", "huggingface.co/o/r/m-00001-of-00004.gguf"},
		"hf.co/o/r:Q8_0":                     {"hf:o/r:Q8_0", ""},
		"https://huggingface.co/o/r":         {"hf:o/r", ""},
		"https://huggingface.co/o/r/tree/v1": {"hf:o/r@v1", ""},
		"https://huggingface.co/o/r/resolve/main/q/m.gguf?download=true": {"hf:o/r/q/m.gguf", "huggingface.co/o/r/q/m.gguf"},
		"https://Example.com/a/m.gguf#x":                                 {"https://example.com/a/m.gguf", "example.com/a/m.gguf"},
		"https://example.com:8443/m":                                     {"https://example.com:8443/m", "example.com_8443/m.gguf"},
		"https://example.com/m.gguf?id=1":                                {"https://example.com/m.gguf?id=1", "example.com/query-d6d2f6f3/m.gguf"},
		"http://[::1]:80/m.gguf":                                         {"http://[::1]:80/m.gguf", "__1_80/m.gguf"},
		"smollm2:135m":                                                   {"hf:bartowski/SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct-Q4_K_M.gguf", "huggingface.co/bartowski/SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct-Q4_K_M.gguf"},
		"Gemma-3-270m":                                                   {"hf:ggml-org/gemma-3-270m-it-GGUF/gemma-3-270m-it-Q8_0.gguf", "huggingface.co/ggml-org/gemma-3-270m-it-GGUF/gemma-3-270m-it-Q8_0.gguf"},
	} {
		require.True(t, IsName(text), text)
		n, err := h.parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want.canonical, n.String())
		local := n.local(h.host())
		if strings.Contains(want.local, "query-") {
			require.Regexp(t, `^example.com/query-[0-9a-f]{8}/m.gguf$`, local)
		} else {
			require.Equal(t, want.local, local, text)
		}
		again, err := h.parse(n.String())
		require.NoError(t, err)
		require.Equal(t, n.String(), again.String())
		require.Equal(t, local, again.local(h.host()))
	}
	for _, text := range []string{"m.gguf", "/m.gguf", "./hf:x", "models/m.gguf", "", "gpt2", "C:\\m.gguf"} {
		require.False(t, IsName(text), text)
	}
}

// hostileNames are refused wherever they come from.
var hostileNames = []string{
	"hf:", "hf:o", "hf:o/", "hf:/r", "hf:o/r/", "hf:o/r/x", "hf:o/r/../m.gguf", "hf:o/r//m.gguf", "hf:o/r/./m.gguf", "hf:o/r/a/../../m.gguf", "hf:../r", "hf:o/..",
	"hf:o/r@", "hf:o/r@..", "hf:o/r@a/b/m.gguf@c", "hf:o/r:", "hf:o/r:a/b", "hf:o/r/m\x00.gguf", "hf:o/r/m\n.gguf", "hf:o/r/\x1b[2J.gguf", "hf:o/r/a\\b.gguf", "hf:o/r/m.gguf ",
	"hf:o/r/\u202em.gguf", "hf:o/r/\xff.gguf", "hf:o/r/.hidden.gguf", "hf:o/r/con.gguf", "hf:o/r/NUL/m.gguf", "hf:o/r/com1.gguf", "hf:o/r/a./m.gguf", "hf:o/r/x.check/m.gguf", "hf:o/r/x.partial/m.gguf",
	"hf:o/r/" + strings.Repeat("a", 300) + ".gguf", "hf:o/r/" + strings.Repeat("a/", 30) + "m.gguf", "hf:" + strings.Repeat("a", 3000) + "/r",
	"https://", "https:///m.gguf", "https://host", "https://host/", "https://host/a/", "https://user:secret@host/m.gguf", "https://host/%00.gguf", "https://host/%2e%2e/m.gguf", "https://host/a%2f..%2fm.gguf",
	"https://ho st/m.gguf", "https://../m.gguf", "https://./m.gguf", "https://host/%5cm.gguf", "https://%/m.gguf", "https://host/.locks/m.gguf", "https:m.gguf", "ftp://host/m.gguf", "file:///m.gguf", "smollm2:9b",
}

func TestHostileNamesAreRefused(t *testing.T) {
	s, h := newHub(t)
	for _, text := range hostileNames {
		_, err := h.parse(text)
		require.ErrorIs(t, err, ErrName, text)
		require.NotContains(t, err.Error(), "\x1b")
		require.NotContains(t, err.Error(), "\n")
		failing(t, h, text, "")
	}
	require.Empty(t, s.Requests())
	require.NoDirExists(t, h.Dir)
}

func FuzzNamesStayInTheCache(f *testing.F) {
	h := hubAt(f, "https://huggingface.co", nil)
	for _, text := range append(hostileNames, "hf:o/r@v1/q/m.gguf", "https://example.com:1/m?x", "gemma3:1b", "hf:o/r:Q8_0") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := h.parse(text)
		if err != nil {
			require.ErrorIs(t, err, ErrName)
			return
		}
		local := n.local(h.host())
		if local == "" {
			local = n.folder(h.host()) + "/m.gguf"
		}
		require.True(t, filepath.IsLocal(filepath.FromSlash(local)), local)
		require.Equal(t, filepath.ToSlash(filepath.Clean(local)), local)
		require.True(t, strings.HasSuffix(local, ".gguf"))
		require.NotContains(t, "/"+local, "/.")
		again, err := h.parse(n.String())
		require.NoError(t, err)
		require.Equal(t, n.local(h.host()), again.local(h.host()))
	})
}

func TestTheBestFileIsChosen(t *testing.T) {
	for _, c := range []struct {
		files, name, want string
	}{
		{"m-Q2_K.gguf m-Q4_K_M.gguf m-Q8_0.gguf", "", "m-Q4_K_M.gguf"},
		{"m-BF16.gguf m-Q8_0.gguf m-Q6_K.gguf", "", "m-Q8_0.gguf"},
		{"m.Q5_K_M.gguf m.f16.gguf", "", "m.Q5_K_M.gguf"},
		{"m-f16.gguf m-iq1_s.gguf", "", "m-f16.gguf"},
		{"whatever.gguf", "", "whatever.gguf"},
		{"mmproj-Q4_K_M.gguf imatrix-Q4_K_M.gguf mtp-Q4_K_M.gguf m-Q2_K.gguf", "", "m-Q2_K.gguf"},
		{"UD/m-UD-Q4_K_M.gguf m-Q4_K_M.gguf", "", "m-Q4_K_M.gguf"},
		{"m-IQ4_XS.gguf m-Q4_K_S.gguf", ":IQ4_XS", "m-IQ4_XS.gguf"},
		{"m-IQ4_NL.gguf", ":Q4_NL", "has no model of type Q4_NL"},
		{"m-Q4_K_M.gguf", ":Q4_K", "has no model of type Q4_K"},
		{"m-q8_0.gguf", ":q8_0", "m-q8_0.gguf"},
		{"Q8_0/m.gguf BF16/m.gguf", ":BF16", "BF16/m.gguf"},
		{"m-Q8_0.gguf", ":GGUF", "has no model of type GGUF"},
		{"m-Q8_0-00001-of-00002.gguf m-Q8_0-00002-of-00002.gguf m-F16.gguf", "", "m-Q8_0-00001-of-00002.gguf m-Q8_0-00002-of-00002.gguf"},
		{"m-Q8_0-00001-of-00002.gguf", "", `lacks "m-Q8_0-00002-of-00002.gguf"`},
		{"m-Q8_0-00002-of-00002.gguf", "", "no GGUF file of a model"},
		{"a/m.gguf", "/a/m.gguf", "a/m.gguf"},
		{"mmproj-m.gguf", "/mmproj-m.gguf", "mmproj-m.gguf"},
		{"a.gguf b.gguf", "/c.gguf", `no file "c.gguf"; it has "a.gguf", "b.gguf"`},
	} {
		t.Run(c.files+c.name, func(t *testing.T) {
			var files []remote
			for p := range strings.FieldsSeq(c.files) {
				files = append(files, remote{path: p, size: 1})
			}
			n, err := parseRepo("o/r" + c.name)
			require.NoError(t, err)
			chosen, err := choose(files, n)
			var got []string
			for _, f := range chosen {
				got = append(got, f.path)
			}
			if err != nil {
				require.ErrorContains(t, err, c.want)
				return
			}
			require.Equal(t, c.want, strings.Join(got, " "))
		})
	}
}

func TestTheTokenIsFoundWhereOthersPutIt(t *testing.T) {
	home := t.TempDir()
	file := filepath.Join(home, "token")
	require.NoError(t, os.WriteFile(file, []byte("hf_file\n"), 0o600))
	other := filepath.Join(home, "other")
	require.NoError(t, os.WriteFile(other, []byte("hf_other"), 0o600))
	require.NoError(t, os.MkdirAll(filepath.Join(home, "huggingface"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(home, "huggingface", "token"), []byte("hf_xdg"), 0o600))
	for want, env := range map[string]map[string]string{
		"hf_1":     {"HF_TOKEN": " hf_1\n", "HUGGING_FACE_HUB_TOKEN": "hf_2", "HF_HOME": home},
		"hf_2":     {"HF_TOKEN": "", "HUGGING_FACE_HUB_TOKEN": "hf_2", "HF_HOME": home},
		"hf_file":  {"HF_HOME": home},
		"hf_other": {"HF_HOME": home, "HF_TOKEN_PATH": other},
		"hf_xdg":   {"XDG_CACHE_HOME": home},
		"":         {"HF_TOKEN": "a\r\nX-Evil: b", "HF_HOME": filepath.Join(home, "none")},
	} {
		require.Equal(t, want, token(func(key string) (string, bool) { v, ok := env[key]; return v, ok }))
	}
}

func TestAnEndpointThatIsNoneIsRefused(t *testing.T) {
	for _, text := range []string{"huggingface.co", "ftp://x", "https://", "https://user:secret@x", "::"} {
		_, err := New(func(key string) (string, bool) {
			return map[string]string{"HF_ENDPOINT": text, "GPTRUN_CACHE": t.TempDir()}[key], true
		})
		require.ErrorContains(t, err, "HF_ENDPOINT", text)
	}
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-1": 0, "soon": 0, "99999999999999": 0,
		"Fri, 02 Jan 2026 03:05:05 GMT": time.Minute, "Fri, 02 Jan 2026 03:00:00 GMT": 0,
	} {
		require.Equal(t, want, retryAfter(http.Header{"Retry-After": {text}}, now), text)
	}
}
