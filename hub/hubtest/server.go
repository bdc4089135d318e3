// Package hubtest serves models for tests as the Hugging Face Hub does: a list
// of a repository's files in pages, and the files, by way of a redirect. It can
// be made to cut, lie and stall.
package hubtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Server is a local Hub. Its fields may be changed between requests.
type Server struct {
	*httptest.Server
	PageSize int // of listings; 0: all in one page
	// OnFile is asked before a file is served, with how many requests for files
	// there have been; it returns true where it has answered. May be nil.
	OnFile func(w http.ResponseWriter, r *http.Request, data []byte, number int) bool
	// OnList is the same for listings.
	OnList func(w http.ResponseWriter, r *http.Request, number int) bool
	// Direct serves files without a redirect.
	Direct bool

	mu    sync.Mutex
	repos map[string]map[string][]byte // OWNER/REPO@REVISION → path → data
	log   []Request
	lists int
	files int
}

// Request is what the server was asked.
type Request struct {
	Path, Query, Range, IfRange, Authorization string
}

// New starts a server, to be closed.
func New() *Server {
	s := &Server{repos: map[string]map[string][]byte{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	return s
}

// Add puts a file into OWNER/REPO, or OWNER/REPO@REVISION.
func (s *Server) Add(repo, path string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !strings.Contains(repo, "@") {
		repo += "@main"
	}
	if s.repos[repo] == nil {
		s.repos[repo] = map[string][]byte{}
	}
	s.repos[repo][path] = data
}

// Requests lists what the server was asked since the last call.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := s.log
	s.log = nil
	return log
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.log = append(s.log, Request{r.URL.Path, r.URL.RawQuery, r.Header.Get("Range"), r.Header.Get("If-Range"), r.Header.Get("Authorization")})
	s.mu.Unlock()
	p := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case len(p) == 6 && p[0] == "api" && p[4] == "tree":
		s.list(w, r, p[2]+"/"+p[3]+"@"+p[5])
	case len(p) > 4 && p[2] == "resolve":
		s.resolve(w, r, p[0]+"/"+p[1]+"@"+p[3], strings.Join(p[4:], "/"))
	case len(p) > 3 && p[0] == "cdn":
		s.file(w, r, p[1]+"/"+p[2], strings.Join(p[3:], "/"))
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) list(w http.ResponseWriter, r *http.Request, repo string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists++
	if s.OnList != nil && s.OnList(w, r, s.lists) {
		return
	}
	files := s.repos[repo]
	if files == nil {
		w.Header().Set("X-Error-Message", "Repository not found")
		w.WriteHeader(http.StatusUnauthorized) // as the Hub does, so as not to tell private ones
		return
	}
	type lfs struct {
		OID         string `json:"oid"`
		Size        int    `json:"size"`
		PointerSize int    `json:"pointerSize"`
	}
	type entry struct {
		Type string `json:"type"`
		OID  string `json:"oid"`
		Size int    `json:"size"`
		Path string `json:"path"`
		LFS  *lfs   `json:"lfs,omitempty"`
	}
	entries := []entry{{Type: "directory", Path: "folder"}, {Type: "file", Path: "README.md", Size: 10}}
	for path, data := range files {
		sum := sha256.Sum256(data)
		entries = append(entries, entry{"file", "0123", len(data), path, &lfs{hex.EncodeToString(sum[:]), len(data), 130}})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.Path, b.Path) })
	from, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
	entries = entries[min(from, len(entries)):]
	if s.PageSize > 0 && len(entries) > s.PageSize {
		entries = entries[:s.PageSize]
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?recursive=1&cursor=%d>; rel="next"`, s.URL, r.URL.Path, from+s.PageSize))
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(entries)
}

func (s *Server) resolve(w http.ResponseWriter, r *http.Request, repo, path string) {
	if s.Direct {
		s.file(w, r, repo, path)
		return
	}
	http.Redirect(w, r, s.URL+"/cdn/"+repo+"/"+path, http.StatusFound)
}

func (s *Server) file(w http.ResponseWriter, r *http.Request, repo, path string) {
	s.mu.Lock()
	data, ok := s.repos[repo][path]
	s.files++
	number, on := s.files, s.OnFile
	s.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	if on != nil && on(w, r, data, number) {
		return
	}
	Serve(w, r, data)
}

// ETag is the tag that Serve gives data.
func ETag(data []byte) string {
	sum := sha256.Sum256(data)
	return `"` + hex.EncodeToString(sum[:8]) + `"`
}

// Serve answers with data, or the part of it that is asked for.
func Serve(w http.ResponseWriter, r *http.Request, data []byte) {
	w.Header().Set("ETag", ETag(data))
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// Cut serves as Serve does, but ends the connection after n bytes of the body.
func Cut(w http.ResponseWriter, r *http.Request, data []byte, n int) {
	Serve(&cutter{w, n}, r, data)
	panic(http.ErrAbortHandler)
}

type cutter struct {
	http.ResponseWriter
	left int
}

func (c *cutter) Write(b []byte) (int, error) {
	n := min(len(b), c.left)
	c.left -= n
	if n > 0 {
		_, _ = c.ResponseWriter.Write(b[:n])
		c.ResponseWriter.(http.Flusher).Flush()
	}
	if c.left == 0 {
		panic(http.ErrAbortHandler)
	}
	return n, nil
}
