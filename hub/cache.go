package hub

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// ErrNotCached reports a name that is none of a model in the cache.
var ErrNotCached = errors.New("not in the cache")

const (
	lockFolder = ".locks" // no element of a name begins with a dot
	maxRecord  = 4 << 20
)

// cache is the directory of models. Links in it cannot lead out of it.
type cache struct {
	root *os.Root
	dir  string
}

// File is one file of a model as it was downloaded.
type File struct {
	Name   string `json:"name"` // beside the record
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	ETag   string `json:"etag,omitempty"`
}

// record is the JSON file beside a model's first file. Beside a partial file it
// says what that is to become.
type record struct {
	Source string    `json:"source"`          // the whole name
	Names  []string  `json:"names,omitempty"` // others, under which it was chosen
	Date   time.Time `json:"date"`
	Files  []File    `json:"files"`
	Description
}

// openCache opens the cache; where create is false, a missing one is an error
// that is fs.ErrNotExist.
func openCache(dir string, create bool) (*cache, error) {
	if create {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("the models' directory: %w", err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("the models' directory: %w", err)
	}
	return &cache{root, dir}, nil
}

func (c *cache) close() { _ = c.root.Close() }

// at is the path of a file in the cache for those outside of it.
func (c *cache) at(file string) string { return filepath.Join(c.dir, filepath.FromSlash(file)) }

// size is a regular file's size; ok is false where there is none.
func (c *cache) size(file string) (n int64, ok bool) {
	info, err := c.root.Lstat(filepath.FromSlash(file))
	if err != nil || !info.Mode().IsRegular() {
		return 0, false
	}
	return info.Size(), true
}

func (c *cache) remove(file string) error {
	err := c.root.Remove(filepath.FromSlash(file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (c *cache) rename(from, to string) error {
	return c.root.Rename(filepath.FromSlash(from), filepath.FromSlash(to))
}

// record reads the record of the model whose first file is first, or of its
// partial file. ok is false where it is missing or makes no sense.
func (c *cache) record(first string) (r record, ok bool) {
	n, ok := c.size(first + recordEnding)
	if !ok || n > maxRecord {
		return r, false
	}
	data, err := c.root.ReadFile(filepath.FromSlash(first + recordEnding))
	if err != nil || json.Unmarshal(data, &r) != nil || len(r.Files) == 0 {
		return r, false
	}
	for _, f := range r.Files {
		if safe(f.Name) != nil || !strings.HasSuffix(f.Name, fileEnding) {
			return r, false
		}
	}
	return r, r.Files[0].Name == strings.TrimSuffix(path.Base(first), partialEnding)
}

// model returns the record of a model that is there whole.
func (c *cache) model(first string) (r record, ok bool) {
	if r, ok = c.record(first); !ok {
		return r, false
	}
	for _, f := range r.Files {
		if n, ok := c.size(path.Join(path.Dir(first), f.Name)); !ok || n != f.Size {
			return r, false
		}
	}
	return r, true
}

// write writes a record, whole or not at all.
func (c *cache) write(first string, r record) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	temporary := first + partialEnding + ".new" + recordEnding
	if err := c.root.WriteFile(filepath.FromSlash(temporary), append(data, '\n'), 0o600); err != nil {
		return err
	}
	return c.rename(temporary, first+recordEnding)
}

// lock takes the lock of a model; first is its first file. With wait nil it does
// not wait for others but fails.
func (c *cache) lock(ctx context.Context, first string, poll time.Duration, wait func()) (unlock func(), err error) {
	if err := c.root.MkdirAll(lockFolder, 0o755); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(first))
	f, err := c.root.OpenFile(filepath.Join(lockFolder, hex.EncodeToString(sum[:12])), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	for told := false; ; told = true {
		ok, err := tryLock(f)
		if err == nil && ok {
			return func() { _ = f.Close() }, nil
		}
		if err == nil && wait == nil {
			err = errors.New("another process is pulling it")
		}
		if err == nil && !told {
			wait()
		}
		if err == nil {
			select {
			case <-ctx.Done():
				err = ctx.Err()
			case <-time.After(poll):
			}
		}
		if err != nil {
			_ = f.Close()
			return nil, err
		}
	}
}

// Model is a model in the cache.
type Model struct {
	Name   string // a short name, or else the whole one
	Source string // the whole name
	Path   string // of the first file
	Files  []File
	Size   int64 // bytes of all files, of a partial one those that are there
	Date   time.Time
	// Partial marks a download that was interrupted.
	Partial bool
	Description
}

// Models lists what is in the cache, in the order of names.
func (h *Hub) Models() ([]Model, error) {
	c, err := openCache(h.Dir, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer c.close()
	var models []Model
	err = c.walk(".", func(first string) error {
		if m, ok := c.describe(first); ok {
			models = append(models, m)
		}
		return nil
	})
	slices.SortFunc(models, func(a, b Model) int { return strings.Compare(a.Name+"\x00"+a.Source, b.Name+"\x00"+b.Source) })
	return models, err
}

// walk calls f for each first file, whole or partial, that has a record in the
// folder or below. It follows no links.
func (c *cache) walk(folder string, f func(first string) error) error {
	return fs.WalkDir(c.root.FS(), folder, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case d.IsDir() && p != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.Type().IsRegular() && strings.HasSuffix(p, fileEnding+recordEnding), d.Type().IsRegular() && strings.HasSuffix(p, fileEnding+partialEnding+recordEnding):
			return f(strings.TrimSuffix(p, recordEnding))
		}
		return nil
	})
}

// describe is the model, or the partial download, whose first file is first.
func (c *cache) describe(first string) (Model, bool) {
	whole, partial := strings.CutSuffix(first, partialEnding)
	r, ok := c.record(first)
	if ok && !partial {
		r, ok = c.model(first)
	}
	if !ok {
		return Model{}, false
	}
	m := Model{Name: shortOf(r.Source), Source: r.Source, Path: c.at(first), Files: r.Files, Date: r.Date, Partial: partial, Description: r.Description}
	if m.Name == "" {
		m.Name = r.Source
	}
	for _, f := range r.Files {
		n := f.Size
		if partial {
			n, _ = c.size(path.Join(path.Dir(whole), f.Name) + partialEnding)
		}
		m.Size += n
	}
	return m, true
}

// Find returns the path of a model in the cache. It never asks the network. The
// error is ErrNotCached where there is none.
func (h *Hub) Find(text string) (string, error) {
	n, err := h.parse(text)
	if err != nil {
		return "", err
	}
	c, err := openCache(h.Dir, false)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%q is %w", text, ErrNotCached)
	}
	if err != nil {
		return "", err
	}
	defer c.close()
	first, err := h.find(c, n)
	if err != nil {
		return "", err
	}
	if first == "" || strings.HasSuffix(first, partialEnding) {
		return "", fmt.Errorf("%q is %w", text, ErrNotCached)
	}
	return c.at(first), nil
}

// find returns the first file of the model that n names, else the partial one
// that is to become it, else "".
func (h *Hub) find(c *cache, n name) (first string, err error) {
	if first = n.local(h.host()); first != "" {
		if _, ok := c.model(first); ok {
			return first, nil
		}
		if _, ok := c.record(first + partialEnding); ok {
			return first + partialEnding, nil
		}
		return "", nil
	}
	found := ""
	err = c.walk(n.folder(h.host()), func(f string) error {
		r, ok := c.record(f)
		if !strings.HasSuffix(f, partialEnding) {
			r, ok = c.model(f)
		}
		if ok && slices.Contains(r.Names, n.String()) && (found == "" || strings.HasSuffix(found, partialEnding)) {
			found = f
		}
		return nil
	})
	return found, err
}

// Remove deletes a model, or what was downloaded of it, from the cache.
func (h *Hub) Remove(text string) error {
	n, err := h.parse(text)
	if err != nil {
		return err
	}
	missing := fmt.Errorf("%q is %w", text, ErrNotCached)
	c, err := openCache(h.Dir, false)
	if errors.Is(err, fs.ErrNotExist) {
		return missing
	}
	if err != nil {
		return err
	}
	defer c.close()
	first, err := h.find(c, n)
	if err != nil {
		return err
	}
	if first == "" {
		return missing
	}
	first = strings.TrimSuffix(first, partialEnding)
	unlock, err := c.lock(context.Background(), first, 0, nil)
	if err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	defer unlock()
	return c.discard(first)
}

// discard removes a model and its partial files, then folders left empty. The
// record goes last: without it nothing would name what is left.
func (c *cache) discard(first string) error {
	for _, f := range []string{first, first + partialEnding} {
		r, ok := c.record(f)
		if !ok {
			continue
		}
		for _, file := range r.Files {
			p := path.Join(path.Dir(first), file.Name)
			if f != first {
				p += partialEnding
			}
			if err := c.remove(p); err != nil {
				return err
			}
		}
		if err := c.remove(f + recordEnding); err != nil {
			return err
		}
	}
	c.prune(path.Dir(first))
	return nil
}

// prune removes a folder and those above it as far as they are empty.
func (c *cache) prune(folder string) {
	for ; folder != "." && c.root.Remove(filepath.FromSlash(folder)) == nil; folder = path.Dir(folder) {
	}
}

// syncFolder makes renames in a folder last.
func (c *cache) syncFolder(folder string) error {
	d, err := c.root.Open(filepath.FromSlash(folder))
	if err != nil {
		return err
	}
	defer d.Close()
	return syncDir(d)
}
