package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/hub/hubtest"
	"github.com/gptrun/gptrun/loader/gguftest"
)

const kept, gone = true, false

// liars are servers whose file is refused; the partial file is kept or gone.
var liars = []struct {
	name    string
	answer  func(w http.ResponseWriter, r *http.Request, data []byte)
	says    string
	partial bool
}{
	{"a length that is too short", func(w http.ResponseWriter, _ *http.Request, data []byte) {
		w.Header().Set("Content-Length", strconv.Itoa(len(data)-1000))
		_, _ = w.Write(data[:len(data)-1000])
	}, "the repository's list says that the file has", gone},
	{"a length that is too long", func(w http.ResponseWriter, _ *http.Request, data []byte) {
		w.Header().Set("Content-Length", strconv.Itoa(len(data)+1000))
		_, _ = w.Write(data)
	}, "the repository's list says that the file has", gone},
	{"a length in exabytes", func(w http.ResponseWriter, _ *http.Request, data []byte) {
		w.Header().Set("Content-Length", strconv.Itoa(1<<62))
		_, _ = w.Write(data)
	}, "the repository's list says that the file has", gone},
	{"a body without end", func(w http.ResponseWriter, _ *http.Request, data []byte) {
		for {
			if _, err := w.Write(data); err != nil {
				return
			}
		}
	}, "longer than", gone},
	{"a body that is cut always", func(w http.ResponseWriter, r *http.Request, data []byte) {
		hubtest.Cut(w, r, data, 100)
	}, "(3 attempts)", kept},
	{"other bytes of the same length", func(w http.ResponseWriter, r *http.Request, data []byte) {
		hubtest.Serve(w, r, append([]byte("GGUF"), make([]byte, len(data)-4)...))
	}, "the file's SHA-256 is", gone},
	{"an HTML page with status 200", func(w http.ResponseWriter, _ *http.Request, data []byte) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<!DOCTYPE html><html>Sign in%s", strings.Repeat(" ", len(data)))
	}, "an HTML page", gone},
	{"a compressed file", func(w http.ResponseWriter, _ *http.Request, data []byte) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(data)
	}, `compressed ("gzip")`, gone},
	{"a part where the whole was asked for", func(w http.ResponseWriter, _ *http.Request, data []byte) {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(data)-1, len(data)))
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(data)
	}, "though the whole was asked for", gone},
	{"no access", status(401), "set HF_TOKEN", gone},
	{"no permission", status(403), "terms are accepted on its page", gone},
	{"no file", status(404), "no such repository, revision or file", gone},
	{"a teapot", status(418), "418 I'm a teapot", gone},
	{"nothing modified", status(304), "304 Not Modified", gone},
	{"no content", status(204), "204 No Content", gone},
	{"an error that stays", status(503), "503 Service Unavailable (3 attempts)", gone},
	{"a wait of an hour", func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	}, "come back in 1h0m0s", gone},
	{"silence before the header", func(_ http.ResponseWriter, r *http.Request, _ []byte) { <-r.Context().Done() }, "nothing came any more for", gone},
	{"silence in the body", func(w http.ResponseWriter, r *http.Request, data []byte) {
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		_, _ = w.Write(data[:50])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}, "nothing came any more for", kept},
	{"a byte now and then", func(w http.ResponseWriter, r *http.Request, data []byte) {
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		for _, b := range data {
			if _, err := w.Write([]byte{b}); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}, "nothing came any more for", kept},
	{"redirects in a circle", func(w http.ResponseWriter, r *http.Request, _ []byte) {
		http.Redirect(w, r, r.URL.Path+"?again", http.StatusFound)
	}, "more than 10 redirects", gone},
	{"a redirect to a file", redirect("file:///etc/passwd"), `a redirect to "file"`, gone},
	{"a redirect to plain http elsewhere", redirect("http://example.com/m.gguf"), "plain http", gone},
	{"a redirect to ftp", redirect("ftp://example.com/m.gguf"), `a redirect to "ftp"`, gone},
	{"a redirect to nowhere", func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(302) }, "a redirect to nowhere", gone},
	{"a header without end", func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		for i := range 4000 {
			w.Header().Set("X-"+strconv.Itoa(i), strings.Repeat("x", 100))
		}
	}, "header", gone},
}

func status(code int) func(http.ResponseWriter, *http.Request, []byte) {
	return func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(code) }
}

func redirect(to string) func(http.ResponseWriter, *http.Request, []byte) {
	return func(w http.ResponseWriter, r *http.Request, _ []byte) { http.Redirect(w, r, to, http.StatusFound) }
}

func TestALyingServerIsRefusedInOneLine(t *testing.T) {
	for _, l := range liars {
		t.Run(l.name, func(t *testing.T) {
			s, h := newHub(t)
			h.attempts = 3
			data := model(1, 50_000)
			s.Add("o/r", "m.gguf", data)
			s.OnFile = answer(l.answer)
			failing(t, h, "hf:o/r/m.gguf", l.says)
			_, err := h.Find("hf:o/r/m.gguf")
			require.ErrorIs(t, err, ErrNotCached)
			if l.partial {
				require.Equal(t, []string{"o/r/m.gguf.partial", "o/r/m.gguf.partial.json"}, tree(t, h))
			} else {
				require.Empty(t, tree(t, h))
			}
			s.OnFile = nil
			holds(t, pull(t, h, "hf:o/r/m.gguf"), data)
			require.Len(t, tree(t, h), 2)
		})
	}
}

// Servers that fail for a while, and the ranges that they are asked for.
func TestAFailingServerIsAskedAgain(t *testing.T) {
	data := model(1, 300_000)
	other := model(2, 300_000)
	rangeAnswer := func(contentRange, tag string, body []byte) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Content-Range", contentRange)
			w.Header().Set("ETag", tag)
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write(body)
		}
	}
	size := len(data)
	good := fmt.Sprintf("bytes 100000-%d/%d", size-1, size)
	for _, c := range []struct {
		name   string
		second func(w http.ResponseWriter) // the first request is cut after 100000 bytes; nil: it is answered well
		ranges []string
	}{
		{"a cut is continued", nil, []string{"", "bytes=100000-"}},
		{"an error passes", func(w http.ResponseWriter) { w.WriteHeader(500) }, []string{"", "bytes=100000-", "bytes=100000-"}},
		{"too many requests", func(w http.ResponseWriter) { w.Header().Set("Retry-After", "0"); w.WriteHeader(429) }, []string{"", "bytes=100000-", "bytes=100000-"}},
		{"ranges are ignored", func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", strconv.Itoa(size))
			_, _ = w.Write(data)
		}, []string{"", "bytes=100000-"}},
		{"the range is not satisfiable", func(w http.ResponseWriter) { w.WriteHeader(416) }, []string{"", "bytes=100000-", ""}},
		{"a part without its range", rangeAnswer("", hubtest.ETag(data), data[100000:]), []string{"", "bytes=100000-", ""}},
		{"a part from elsewhere", rangeAnswer(fmt.Sprintf("bytes 99999-%d/%d", size-1, size), hubtest.ETag(data), data[99999:]), []string{"", "bytes=100000-", ""}},
		{"a part that ends early", rangeAnswer(fmt.Sprintf("bytes 100000-200000/%d", size), hubtest.ETag(data), data[100000:200001]), []string{"", "bytes=100000-", ""}},
		{"a part of a longer file", rangeAnswer(fmt.Sprintf("bytes 100000-%d/%d", size-1, size+1), hubtest.ETag(data), data[100000:]), []string{"", "bytes=100000-", ""}},
		{"a part of a file of no known length", rangeAnswer(fmt.Sprintf("bytes 100000-%d/*", size-1), hubtest.ETag(data), data[100000:]), []string{"", "bytes=100000-", ""}},
		{"a part of a file with another tag", rangeAnswer(good, hubtest.ETag(other), other[100000:]), []string{"", "bytes=100000-", ""}},
		{"numbers past 64 bits", rangeAnswer("bytes 100000-99999999999999999999999/99999999999999999999999", hubtest.ETag(data), data[100000:]), []string{"", "bytes=100000-", ""}},
	} {
		for _, name := range []string{"hf:o/r", "URL"} {
			t.Run(c.name+" "+name, func(t *testing.T) {
				s, h := newHub(t)
				s.Add("o/r", "m.gguf", data)
				s.OnFile = func(w http.ResponseWriter, r *http.Request, data []byte, number int) bool {
					switch {
					case number == 1:
						hubtest.Cut(w, r, data, 100_000)
					case number == 2 && c.second != nil:
						c.second(w)
						return true
					}
					return false
				}
				if name == "URL" {
					name = s.URL + "/cdn/o/r@main/m.gguf"
				}
				holds(t, pull(t, h, name), data)
				var ranges []string
				for _, r := range s.Requests() {
					if strings.HasPrefix(r.Path, "/cdn/") {
						ranges = append(ranges, r.Range)
					}
				}
				require.Equal(t, c.ranges, ranges)
			})
		}
	}
}

func TestAFileThatChangesMidwayIsBegunAnew(t *testing.T) {
	s, h := newHub(t)
	s.Add("o/r", "m.gguf", model(1, 200_000))
	changed := model(2, 150_000)
	s.OnFile = func(w http.ResponseWriter, r *http.Request, data []byte, number int) bool {
		if number == 1 {
			s.OnFile = nil
			go s.Add("o/r", "m.gguf", changed)
			time.Sleep(20 * time.Millisecond)
			hubtest.Cut(w, r, data, 100_000)
		}
		return false
	}
	holds(t, pull(t, h, s.URL+"/cdn/o/r@main/m.gguf"), changed)
}

// Without a tag and without a sum, nothing tells whether a file is still the same.
func TestWithoutATagNothingIsContinued(t *testing.T) {
	for name, tag := range map[string]string{"none": "", "weak": `W/"abc"`, "unquoted": "abc", "with control bytes": "\"a\tb\""} {
		t.Run(name, func(t *testing.T) {
			s, h := newHub(t)
			data := model(1, 200_000)
			s.Add("o/r", "m.gguf", data)
			s.OnFile = func(w http.ResponseWriter, r *http.Request, data []byte, number int) bool {
				require.Empty(t, r.Header.Get("Range"))
				if tag != "" {
					w.Header().Set("ETag", tag)
				}
				w.Header().Set("Content-Length", strconv.Itoa(len(data)))
				if number == 1 {
					_, _ = w.Write(data[:100_000])
					panic(http.ErrAbortHandler)
				}
				_, _ = w.Write(data)
				return true
			}
			holds(t, pull(t, h, s.URL+"/cdn/o/r@main/m.gguf"), data)
		})
	}
}

func TestAURLOfUnknownOrImpossibleLengthIsRefused(t *testing.T) {
	s, h := newHub(t)
	s.Add("o/r", "m.gguf", model(1, 1000))
	url := s.URL + "/cdn/o/r@main/m.gguf"
	s.OnFile = answer(func(w http.ResponseWriter, r *http.Request, data []byte) {
		w.(http.Flusher).Flush() // chunked
		for {
			if _, err := w.Write(data); err != nil {
				return
			}
		}
	})
	failing(t, h, url, "does not say how long the file is")
	for _, n := range []string{"0", "1125899906842625", "4611686018427387904"} {
		s.OnFile = answer(func(w http.ResponseWriter, r *http.Request, data []byte) { w.Header().Set("Content-Length", n) })
		failing(t, h, url, "says that the file has "+n+" bytes")
	}
	s.OnFile = answer(func(w http.ResponseWriter, r *http.Request, data []byte) {
		w.Header().Set("Content-Length", strconv.Itoa(1<<49))
	})
	failing(t, h, url, "has room for")
}

func TestADiskThatIsTooSmallIsSeenBeforehand(t *testing.T) {
	s, h := newHub(t)
	data := model(1, 100_000)
	s.Add("o/r", "m.gguf", data)
	h.freeBytes = func(string) (uint64, bool) { return uint64(len(data)) - 1, true }
	s.Requests()
	failing(t, h, "hf:o/r", fmt.Sprintf("has room for %d bytes, %d are needed", len(data)-1, len(data)))
	require.Len(t, s.Requests(), 1, "the list alone")
	h.freeBytes = func(string) (uint64, bool) { return uint64(len(data)), true }
	pull(t, h, "hf:o/r")
	h.freeBytes = func(string) (uint64, bool) { return 0, false }
	s.Add("o/r", "m.gguf", model(2, 100_000))
	pull(t, h, "hf:o/r")
}

func TestWhatIsNoModelIsRefusedAndRemoved(t *testing.T) {
	other := &gguftest.File{Tensors: []gguftest.Tensor{{Name: "w", Shape: []uint64{1 << 18}, Data: make([]byte, 1<<20)}}}
	other.Set("general.architecture", "rwkv9")
	past := &gguftest.File{Tensors: []gguftest.Tensor{{Name: "w", Shape: []uint64{10}, Offset: new(uint64(1 << 40))}}}
	past.Set("general.architecture", "llama")
	for name, c := range map[string]struct {
		data []byte
		says string
		most int // bytes that may have been downloaded
	}{
		"a tensor past the end":                  {past.Bytes(), "past the end", 1 << 10},
		"a page":                                 {[]byte("<html>" + strings.Repeat(" ", 1<<20)), "HTML page", 1 << 18},
		"a torch file":                           {append([]byte("PK\x03\x04"), make([]byte, 1<<20)...), "zip archive", 1 << 18},
		"three bytes":                            {[]byte("GGU"), "not a GGUF file", 3},
		"four bytes":                             {[]byte("GGUF"), "version", 4},
		"a model of another architecture, early": {other.Bytes(), errQwen.Error(), 1 << 19},
	} {
		t.Run(name, func(t *testing.T) {
			s, h := newHub(t)
			s.Add("o/r", "m.gguf", c.data)
			var most int64
			h.Progress = func(st Status) { most = max(most, st.Done) }
			failing(t, h, "hf:o/r", c.says)
			require.LessOrEqual(t, most, int64(c.most))
			require.Empty(t, tree(t, h))
			err := failing(t, h, s.URL+"/cdn/o/r@main/m.gguf", c.says)
			require.Empty(t, tree(t, h))
			require.NotContains(t, err.Error(), stageEnding)
		})
	}
}

func TestAListThatLiesIsRefused(t *testing.T) {
	entry := func(v any) string {
		text, err := json.Marshal([]any{v})
		require.NoError(t, err)
		return string(text)
	}
	file := func(path string, size int64, oid string) map[string]any {
		return map[string]any{"type": "file", "path": path, "size": size, "lfs": map[string]any{"oid": oid, "size": size}}
	}
	sum := strings.Repeat("a", 64)
	for name, c := range map[string]struct{ body, link, says string }{
		"no JSON":                       {"<html>\x1b[2J", "", `begins "<html>\x1b[2J"`},
		"an object":                     {`{"error":"x"}`, "", "not the JSON"},
		"deep":                          {strings.Repeat("[", 1<<20), "", "not the JSON"},
		"huge":                          {"[" + strings.Repeat(" ", 5<<20), "", "too long"},
		"a sum that is none":            {entry(file("m.gguf", 10, "../../x")), "", "no SHA-256"},
		"a negative size":               {entry(file("m.gguf", -1, sum)), "", "a size of -1"},
		"an impossible size":            {entry(file("m.gguf", 1<<60, sum)), "", "a size of 1152921504606846976"},
		"a path out of the cache":       {entry(file("../../../m.gguf", 10, sum)), "", "no GGUF file of a model"},
		"an absolute path":              {entry(file("/etc/m.gguf", 10, sum)), "", "no GGUF file of a model"},
		"a path with a backslash":       {entry(file(`..\m.gguf`, 10, sum)), "", "no GGUF file of a model"},
		"a path that a terminal obeys":  {entry(file("\x1b[2Jm.gguf", 10, sum)), "", "no GGUF file of a model"},
		"a hidden path":                 {entry(file(".locks/m.gguf", 10, sum)), "", "no GGUF file of a model"},
		"a folder as the stage":         {entry(file("m.gguf.check/m.gguf", 10, sum)), "", "no GGUF file of a model"},
		"a path of a thousand folders":  {entry(file(strings.Repeat("a/", 1000)+"m.gguf", 10, sum)), "", "no GGUF file of a model"},
		"nothing":                       {"[]", "", "no GGUF file of a model"},
		"null":                          {"[null]", "", "no GGUF file of a model"},
		"a part without the others":     {entry(file("m-00001-of-00003.gguf", 10, sum)), "", `lacks "m-00002-of-00003.gguf"`},
		"a part of ten thousand":        {entry(file("m-00001-of-10000.gguf", 10, sum)), "", "lacks"},
		"pages without end":             {"[]", `</api/models/o/r/tree/main?cursor=1>; rel="next"`, "more than 64 pages"},
		"a next page on another server": {"[]", `<http://169.254.169.254/secrets>; rel="next"`, "on another server"},
		"a next page in a file":         {"[]", `<file:///etc/passwd>; rel="next"`, "on another server"},
	} {
		t.Run(name, func(t *testing.T) {
			s, h := newHub(t)
			s.OnList = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
				if c.link != "" {
					w.Header().Set("Link", c.link)
				}
				_, _ = w.Write([]byte(c.body))
				return true
			}
			failing(t, h, "hf:o/r", c.says)
			require.Empty(t, tree(t, h))
		})
	}
}

func TestAListIsAskedForAgain(t *testing.T) {
	s, h := newHub(t)
	s.Add("o/r", "m.gguf", model(1, 1000))
	s.OnList = func(w http.ResponseWriter, _ *http.Request, number int) bool {
		if number < 3 {
			w.WriteHeader(http.StatusBadGateway)
		}
		return number < 3
	}
	pull(t, h, "hf:o/r")
	failing(t, h, "hf:o/missing", "set HF_TOKEN")
	s.OnList = func(_ http.ResponseWriter, r *http.Request, _ int) bool { <-r.Context().Done(); return true }
	h.attempts = 2
	failing(t, h, "hf:o/r", "nothing came any more")
}

func TestNobodyThereIsOneLineAtOnce(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	h := hubAt(t, "http://"+l.Addr().String(), nil)
	h.backoff = time.Minute
	failing(t, h, "hf:o/r", "refused")
	failing(t, h, "http://"+l.Addr().String()+"/m.gguf", "refused")
}

func TestTheTokenGoesToTheEndpointAlone(t *testing.T) {
	s, _ := newHub(t)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Errorf("%s: the token came to another host", r.URL)
		}
		hubtest.Serve(w, r, model(1, 1000))
	}))
	defer other.Close()
	h := hubAt(t, s.URL, map[string]string{"HF_TOKEN": "hf_secret"})
	s.Add("o/r", "m.gguf", model(1, 1000))
	s.OnFile = answer(func(w http.ResponseWriter, r *http.Request, _ []byte) {
		http.Redirect(w, r, other.URL+"/m.gguf", http.StatusTemporaryRedirect)
	})
	pull(t, h, "hf:o/r")
	pull(t, h, other.URL+"/x.gguf")
	for _, r := range s.Requests() {
		require.Equal(t, "Bearer hf_secret", r.Authorization, r.Path)
	}
}

// proxied makes the Hub ask a proxy that answers everything itself.
func proxied(t *testing.T, h *Hub, handler http.HandlerFunc) {
	proxy := httptest.NewServer(handler)
	t.Cleanup(proxy.Close)
	u, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	h.transport.Proxy = http.ProxyURL(u)
}

func TestThePlainHTTPOfOtherHostsMustBePermitted(t *testing.T) {
	h := hubAt(t, "http://models.test", map[string]string{"HF_TOKEN": "hf_secret"})
	failing(t, h, "hf:o/r", "plain http")
	failing(t, h, "http://files.test/m.gguf", "plain http")
	h.AllowHTTP = true
	proxied(t, h, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Errorf("%s: the token is sent over plain http", r.URL)
		}
		hubtest.Serve(w, r, model(1, 1000))
	})
	pull(t, h, "http://files.test/m.gguf")
	failing(t, h, "hf:o/r", "not the JSON")
}

func TestHTTPSIsNotLeftForHTTP(t *testing.T) {
	s, _ := newHub(t)
	s.Add("o/r", "m.gguf", model(1, 1000))
	secure := httptest.NewTLSServer(http.RedirectHandler(s.URL+"/cdn/o/r@main/m.gguf", http.StatusFound))
	defer secure.Close()
	h := hubAt(t, s.URL, nil)
	failing(t, h, secure.URL+"/m.gguf", "certificate")
	h.transport.TLSClientConfig = secure.Client().Transport.(*http.Transport).TLSClientConfig
	h.transport.CloseIdleConnections()
	failing(t, h, secure.URL+"/m.gguf", "a redirect from https to plain http")
	h.AllowHTTP = true
	pull(t, h, secure.URL+"/m.gguf")
}

func TestAPullThatIsInterruptedWhileItWaitsEndsAtOnce(t *testing.T) {
	s, h := newHub(t)
	s.Add("o/r", "m.gguf", model(1, 1000))
	h.backoff = time.Hour
	s.OnFile = answer(status(500))
	ctx, cancel := context.WithCancel(context.Background())
	h.Progress = func(st Status) {
		if st.Note != "" {
			cancel()
		}
	}
	begin := time.Now()
	_, err := h.Pull(ctx, "hf:o/r")
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, time.Since(begin), time.Second)
}
