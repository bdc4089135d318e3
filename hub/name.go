package hub

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/gptrun/gptrun/loader"
)

// ErrName reports a text that is no model's name, or a name with parts that are
// refused.
var ErrName = errors.New("not the name of a model")

const (
	mainRevision = "main"
	fileEnding   = ".gguf"
)

// hubHosts are the hosts whose URLs mean repositories of the Hub.
var hubHosts = []string{"huggingface.co", "www.huggingface.co", "hf.co"}

// name is a model's name, taken apart.
type name struct {
	owner, repo, revision string // of a repository of the Hub
	quant                 string // the quantisation wanted, in capitals; "": any
	file                  string // the first file in the repository; "": to be chosen
	url                   *url.URL
}

// hubName takes apart what follows "hf:".
var hubName = regexp.MustCompile(`^([\w.-]+)/([\w.-]+)(?:@([\w.-]+))?(?:/([^@:]+)|:([\w-]+))?(?:@([\w.-]+))?$`)

// IsName reports whether text is meant as a model's name and not as a path.
func IsName(text string) bool {
	if _, ok := shortFile(text); ok {
		return true
	}
	_, ok := cutScheme(text)
	return ok || strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://")
}

// cutScheme returns what follows the sign of a repository of the Hub.
func cutScheme(text string) (rest string, ok bool) {
	for _, prefix := range []string{"hf://", "hf:", "hf.co/", "huggingface.co/"} {
		if rest, ok := strings.CutPrefix(text, prefix); ok {
			return rest, true
		}
	}
	return "", false
}

func (h *Hub) parse(text string) (name, error) {
	if file, ok := shortFile(text); ok {
		text = file
	}
	if len(text) > maxName {
		return name{}, fmt.Errorf("%w: it has %d bytes, %d at most", ErrName, len(text), maxName)
	}
	n, err := h.takeApart(text)
	if err == nil && n.local(h.host()) != "" {
		err = safePath(n.local(h.host()))
	}
	if err != nil {
		return name{}, fmt.Errorf("%w: %q: %w", ErrName, text, err)
	}
	return n, nil
}

func (h *Hub) takeApart(text string) (name, error) {
	if rest, ok := cutScheme(text); ok {
		return parseRepo(rest)
	}
	if strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://") {
		return h.parseURL(text)
	}
	return name{}, fmt.Errorf("names are hf:OWNER/REPO, https://… or one of %s", strings.Join(ShortNames(), ", "))
}

func parseRepo(text string) (name, error) {
	m := hubName.FindStringSubmatch(text)
	if m == nil || m[3] != "" && m[6] != "" {
		return name{}, errors.New("it should be hf:OWNER/REPO[@REVISION][/FILE] or hf:OWNER/REPO[@REVISION]:QUANTISATION")
	}
	n := name{owner: m[1], repo: m[2], file: m[4], quant: strings.ToUpper(m[5]), revision: m[3] + m[6]}
	if n.revision == "" {
		n.revision = mainRevision
	}
	return n, n.check()
}

// check checks the parts of a repository's name, and turns the name of any part
// of a split model into that of the first.
func (n *name) check() error {
	for _, e := range []string{n.owner, n.repo, n.revision} {
		if err := safe(e); err != nil {
			return fmt.Errorf("%q: %w", e, err)
		}
	}
	if n.file == "" {
		return nil
	}
	if !strings.HasSuffix(n.file, fileEnding) {
		return fmt.Errorf("%q is no %s file", n.file, fileEnding)
	}
	n.file = firstPart(n.file)
	return nil
}

// firstPart is the first part's path where file is that of a part.
func firstPart(file string) string {
	dir, base := path.Split(file)
	if parts := loader.PartNames(base); parts != nil {
		return dir + parts[0]
	}
	return file
}

func (h *Hub) parseURL(text string) (name, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return name{}, errors.New("it is no URL")
	case u.Host == "" || u.Opaque != "":
		return name{}, errors.New("it has no host")
	case u.User != nil:
		return name{}, errors.New("it has a user's name in it, which would be written into the cache")
	}
	u.Host = strings.ToLower(u.Host)
	u.Fragment, u.RawFragment = "", ""
	if n, ok := h.repoOf(u); ok {
		return n, n.check()
	}
	if path.Base(u.Path) == "/" || path.Base(u.Path) == "." || strings.HasSuffix(u.Path, "/") {
		return name{}, errors.New("it names no file")
	}
	if first := firstPart(u.Path); first != u.Path {
		u.Path, u.RawPath = first, ""
	}
	return name{url: u}, nil
}

// repoOf understands the addresses that a browser shows on the Hub.
func (h *Hub) repoOf(u *url.URL) (n name, ok bool) {
	known := u.Host == h.host()
	for _, host := range hubHosts {
		known = known || u.Host == host
	}
	p := strings.Split(strings.Trim(u.Path, "/"), "/")
	if !known || len(p) < 2 {
		return n, false
	}
	n = name{owner: p[0], repo: p[1], revision: mainRevision}
	switch {
	case len(p) == 2:
		return n, !strings.HasSuffix(p[1], fileEnding)
	case len(p) == 4 && p[2] == "tree":
		n.revision = p[3]
		return n, true
	case len(p) > 4 && (p[2] == "resolve" || p[2] == "blob"):
		n.revision, n.file = p[3], strings.Join(p[4:], "/")
		return n, true
	}
	return n, false
}

// String is the name as it is written into the cache; it reads back as n.
func (n name) String() string {
	if n.url != nil {
		return n.url.String()
	}
	s := "hf:" + n.owner + "/" + n.repo
	if n.revision != mainRevision {
		s += "@" + n.revision
	}
	if n.file != "" {
		return s + "/" + n.file
	}
	if n.quant != "" {
		return s + ":" + n.quant
	}
	return s
}

// folder is where a repository's files lie in the cache, with slashes.
func (n name) folder(host string) string {
	repo := n.repo
	if n.revision != mainRevision {
		repo += "@" + n.revision
	}
	return path.Join(element(host), n.owner, repo)
}

// local is where the model's first file lies in the cache; "" where the file is
// still to be chosen.
func (n name) local(host string) string {
	if n.url == nil {
		if n.file == "" {
			return ""
		}
		return n.folder(host) + "/" + n.file
	}
	p := n.url.Path
	if !strings.HasSuffix(p, fileEnding) {
		p += fileEnding
	}
	if n.url.RawQuery != "" { // another query may be another file
		sum := sha256.Sum256([]byte(n.url.RawQuery))
		dir, base := path.Split(p)
		p = dir + "query-" + hex.EncodeToString(sum[:4]) + "/" + base
	}
	return element(n.url.Host) + "/" + strings.TrimPrefix(p, "/")
}

// element makes a host, with its port, an element of a path.
func element(host string) string {
	return strings.Trim(strings.NewReplacer(":", "_", "[", "", "]", "").Replace(host), ".")
}
