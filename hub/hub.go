package hub

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gptrun/gptrun/loader"
)

// DefaultEndpoint is where the Hub is where HF_ENDPOINT does not say otherwise.
const DefaultEndpoint = "https://huggingface.co"

// Description is what a model turned out to be.
type Description struct {
	Architecture string `json:"architecture,omitempty"`
	Quantization string `json:"quantization,omitempty"`
}

// Status is how far a pull is.
type Status struct {
	File        string // as the server names it
	Part, Parts int    // which of how many files, from 1
	Done, Total int64  // bytes of all files; Total is 0 until it is known
	Note        string // what the pull waits for instead, in words; "": nothing
}

// Hub pulls models into a cache. Its methods may be called concurrently; its
// fields must be set before.
type Hub struct {
	Dir       string // of the cache
	Endpoint  *url.URL
	Token     string // sent to Endpoint only
	AllowHTTP bool   // also to other hosts than this machine
	// Check opens the model at path, whose files are all there, as it would be
	// opened to be used.
	Check func(path string) (Description, error)
	// CheckHead refuses a model early, by the metadata at its beginning. May be nil.
	CheckHead func(*loader.Metadata) error
	// Progress is called by one goroutine at a time. May be nil.
	Progress func(Status)

	transport     *http.Transport
	stall         time.Duration // without a byte of note, after which a request is given up
	backoff       time.Duration // before the second attempt; it doubles
	longestWait   time.Duration // that a server may ask for
	attempts      int           // in a row that bring nothing
	lockPoll      time.Duration
	pageBytes     int64 // of one page of a listing
	listingBytes  int64 // of all
	listingPages  int
	freeBytes     func(dir string) (free uint64, ok bool)
	headBytes     int64 // after which CheckHead is asked
	progressBytes int64 // that make an attempt count as one that brought something
}

// New returns a Hub as the environment describes it: GPTRUN_CACHE, HF_ENDPOINT,
// the token as Hugging Face's tools find it, and HTTP proxies.
func New(env func(string) (string, bool)) (*Hub, error) {
	dir, err := cacheDir(env)
	if err != nil {
		return nil, err
	}
	text := DefaultEndpoint
	if v, _ := env("HF_ENDPOINT"); v != "" {
		text = v
	}
	endpoint, err := url.Parse(strings.TrimRight(text, "/"))
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "https" && endpoint.Scheme != "http" || endpoint.User != nil {
		return nil, fmt.Errorf("HF_ENDPOINT: %q is not a URL such as %s", text, DefaultEndpoint)
	}
	endpoint.Host = strings.ToLower(endpoint.Host)
	h := &Hub{
		Dir: dir, Endpoint: endpoint, Token: token(env),
		stall: time.Minute, backoff: time.Second, longestWait: 2 * time.Minute, attempts: 6,
		lockPoll: 200 * time.Millisecond, pageBytes: 4 << 20, listingBytes: 16 << 20, listingPages: 64,
		freeBytes: freeBytes, headBytes: 16 << 20, progressBytes: 1 << 20,
	}
	h.transport = &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
		IdleConnTimeout:        10 * time.Second,
	}
	return h, nil
}

func (h *Hub) host() string { return h.Endpoint.Host }

func cacheDir(env func(string) (string, bool)) (string, error) {
	if dir, _ := env("GPTRUN_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no directory for models: %w; GPTRUN_CACHE names one", err)
	}
	return filepath.Join(dir, "gptrun", "models"), nil
}

// token finds the Hub's token where Hugging Face's tools look for it.
func token(env func(string) (string, bool)) string {
	for _, key := range []string{"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"} {
		if v, _ := env(key); cleanToken(v) != "" {
			return cleanToken(v)
		}
	}
	file, _ := env("HF_TOKEN_PATH")
	if file == "" {
		file = filepath.Join(tokenHome(env), "token")
	}
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() || info.Size() > 4096 {
		return ""
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return cleanToken(string(text))
}

func tokenHome(env func(string) (string, bool)) string {
	if v, _ := env("HF_HOME"); v != "" {
		return v
	}
	cache, _ := env("XDG_CACHE_HOME")
	if cache == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		cache = filepath.Join(home, ".cache")
	}
	return filepath.Join(cache, "huggingface")
}

// cleanToken is the token without the space around it; "" where it could not be
// sent in a header.
func cleanToken(s string) string {
	s = strings.TrimSpace(s)
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' {
			return ""
		}
	}
	return s
}
