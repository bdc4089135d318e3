package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/gptrun/gptrun/loader"
)

// maxFile bounds what a server may say a file's size is.
const maxFile = 1 << 50

// remote is a file that a server offers.
type remote struct {
	path   string // in its repository
	size   int64
	sha256 string // in hexadecimal digits; "": not known
}

// treeEntry is an entry of the Hub's answer to api/models/OWNER/REPO/tree.
type treeEntry struct {
	Type string `json:"type"`
	Path string `json:"path"`
	Size int64  `json:"size"`
	LFS  *struct {
		OID  string `json:"oid"`
		Size int64  `json:"size"`
	} `json:"lfs"`
}

var sha256Text = regexp.MustCompile(`^[0-9a-f]{64}$`)

// list returns the model files of a repository.
func (h *Hub) list(ctx context.Context, n name, note func(string)) ([]remote, error) {
	u := h.Endpoint.JoinPath("api/models", n.owner, n.repo, "tree", n.revision)
	u.RawQuery = "recursive=1"
	var files []remote
	left := h.listingBytes
	for range h.listingPages {
		var next *url.URL
		var page []treeEntry
		err := h.retry(ctx, note, func() int64 { return 0 }, func(ctx context.Context, w *watch) (err error) {
			page, next, err = h.page(ctx, w, u, &left)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			f, err := e.remote()
			if err != nil {
				return nil, fmt.Errorf("the list of the repository's files: %.200q: %w", e.Path, err)
			}
			if f.path != "" {
				files = append(files, f)
			}
		}
		if next == nil {
			return files, nil
		}
		u = next
	}
	return nil, fmt.Errorf("the list of the repository's files has more than %d pages", h.listingPages)
}

// page reads one page of a listing and finds the address of the next. left is
// how many bytes the whole list may still have.
func (h *Hub) page(ctx context.Context, w *watch, u *url.URL, left *int64) (page []treeEntry, next *url.URL, err error) {
	resp, err := h.get(ctx, u, http.Header{"Accept": {"application/json"}})
	if err != nil {
		return nil, nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, nil, refusal(resp, "the list of files")
	}
	defer resp.Body.Close()
	bound := min(h.pageBytes, *left)
	data, err := io.ReadAll(io.LimitReader(watchedReader{resp.Body, w}, bound+1))
	if err != nil {
		return nil, nil, err
	}
	if int64(len(data)) > bound {
		return nil, nil, fmt.Errorf("the list of the repository's files is too long: more than %d bytes", bound)
	}
	*left -= int64(len(data))
	if err := json.Unmarshal(data, &page); err != nil {
		return nil, nil, fmt.Errorf("the list of the repository's files is not the JSON that the Hub sends: it begins %.40q", data)
	}
	next, err = nextPage(resp.Header, u)
	return page, next, err
}

var nextLink = regexp.MustCompile(`<([^<>]+)>;\s*rel="?next"?`)

// nextPage finds the next page in a Link header; it must be on the same server.
func nextPage(header http.Header, u *url.URL) (*url.URL, error) {
	m := nextLink.FindStringSubmatch(strings.Join(header.Values("Link"), ", "))
	if m == nil {
		return nil, nil
	}
	next, err := u.Parse(m[1])
	if err != nil || next.Scheme != u.Scheme || !strings.EqualFold(next.Host, u.Host) {
		return nil, fmt.Errorf("the list of the repository's files goes on at %.100q, on another server", m[1])
	}
	next.Host = u.Host
	return next, nil
}

// remote is the entry as a file; its path is "" where it is no model file or has
// a name that is refused.
func (e *treeEntry) remote() (remote, error) {
	if e.Type != "file" || !strings.HasSuffix(e.Path, fileEnding) || safePath(e.Path) != nil {
		return remote{}, nil
	}
	f := remote{path: e.Path, size: e.Size}
	if e.LFS != nil {
		f.size, f.sha256 = e.LFS.Size, strings.TrimPrefix(e.LFS.OID, "sha256:")
		if !sha256Text.MatchString(f.sha256) {
			return f, fmt.Errorf("%.100q is no SHA-256", e.LFS.OID)
		}
	}
	if f.size <= 0 || f.size > maxFile {
		return f, fmt.Errorf("a size of %d bytes", f.size)
	}
	return f, nil
}

// preferred are the quantisations to choose from where none is asked for, the
// best first: as llama.cpp chooses, Q4_K_M and then Q8_0, then by what is gained
// for the size.
var preferred = []string{
	"Q4_K_M", "Q8_0", "Q4_K_S", "Q5_K_M", "Q4_K_XL", "Q4_K_L", "Q5_K_S", "Q6_K", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "IQ4_NL", "IQ4_XS", "MXFP4",
	"Q3_K_L", "Q3_K_M", "Q3_K_S", "Q2_K", "F16", "BF16", "F32",
}

// notModels are parts of the names of files that go with a model and are none.
var notModels = regexp.MustCompile(`(?i)mmproj|imatrix|^(mtp|eagle3|dflash|dspark)-`)

// choose picks the model that n names, as all files of it, the first one first.
func choose(files []remote, n name) ([]remote, error) {
	if n.file != "" {
		for _, f := range files {
			if f.path == n.file {
				return withParts(files, f)
			}
		}
		return nil, fmt.Errorf("the repository has no file %q; %s", n.file, offered(files))
	}
	var models []remote
	for _, f := range files {
		if !notModels.MatchString(path.Base(f.path)) && firstPart(f.path) == f.path {
			models = append(models, f)
		}
	}
	// The order of the server's list should not matter.
	slices.SortFunc(models, func(a, b remote) int {
		if len(a.path) != len(b.path) {
			return len(a.path) - len(b.path)
		}
		return strings.Compare(a.path, b.path)
	})
	wanted := preferred
	if n.quant != "" {
		wanted = []string{n.quant}
	}
	for _, quant := range wanted {
		for _, f := range models {
			if hasQuant(f.path, quant) {
				return withParts(files, f)
			}
		}
	}
	if n.quant != "" {
		return nil, fmt.Errorf("the repository has no model of type %s; %s", n.quant, offered(models))
	}
	if len(models) == 0 {
		return nil, fmt.Errorf("the repository has no GGUF file of a model; conversions often lie in one called …-GGUF")
	}
	return withParts(files, models[0])
}

// hasQuant reports whether a file's name has the quantisation in it as a word.
func hasQuant(file, quant string) bool {
	file = "/" + strings.ToUpper(strings.TrimSuffix(file, fileEnding)) + "."
	for at := 0; ; at++ {
		i := strings.Index(file[at:], quant)
		if i < 0 {
			return false
		}
		at += i
		before, after := file[at-1], file[at+len(quant)]
		if strings.IndexByte("-._/", before) >= 0 && strings.IndexByte("-./", after) >= 0 {
			return true
		}
	}
}

// offered names some of the files, for an error.
func offered(files []remote) string {
	var names []string
	for _, f := range files {
		if firstPart(f.path) == f.path {
			names = append(names, fmt.Sprintf("%q", f.path))
		}
	}
	slices.Sort(names)
	if len(names) == 0 {
		return "it has no GGUF file"
	}
	const most = 12
	if len(names) > most {
		names = append(names[:most], "…")
	}
	return "it has " + strings.Join(names, ", ")
}

// withParts returns the file, or all parts of the split model that it begins.
func withParts(files []remote, first remote) ([]remote, error) {
	dir, base := path.Split(first.path)
	parts := loader.PartNames(base)
	if parts == nil {
		return []remote{first}, nil
	}
	at := make(map[string]remote, len(files))
	for _, f := range files {
		at[f.path] = f
	}
	var all []remote
	for _, p := range parts {
		f, ok := at[dir+p]
		if !ok {
			return nil, fmt.Errorf("the repository lacks %q, a part of the model", dir+p)
		}
		all = append(all, f)
	}
	return all, nil
}
