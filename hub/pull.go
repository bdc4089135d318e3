package hub

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gptrun/gptrun/loader"
)

// maxParts bounds how many files one model may have.
const maxParts = 1000

// plan is what a pull is to bring.
type plan struct {
	name   name // with its file
	asked  name
	repo   string // the repository's folder in the cache; "" for a URL
	folder string // of the model's files
	files  []remote
	urls   []*url.URL
}

// first is the model's first file in the cache.
func (p *plan) first() string { return p.local(0) }

func (p *plan) local(i int) string { return path.Join(p.folder, path.Base(p.files[i].path)) }

// Pull downloads the model that text names, unless the cache has it as the
// server has it now, and returns the path of its first file. An interrupted
// download is kept, and the next Pull goes on with it.
func (h *Hub) Pull(ctx context.Context, text string) (string, error) {
	defer h.transport.CloseIdleConnections()
	n, err := h.parse(text)
	if err != nil {
		return "", err
	}
	c, err := openCache(h.Dir, true)
	if err != nil {
		return "", err
	}
	defer c.close()
	first, err := h.pull(ctx, c, n)
	if err != nil {
		return "", fmt.Errorf("pulling %q: %w", text, err)
	}
	return c.at(first), nil
}

func (h *Hub) pull(ctx context.Context, c *cache, n name) (first string, err error) {
	p, err := h.plan(ctx, n)
	if err != nil {
		return "", err
	}
	first = p.first()
	unlock, err := c.lock(ctx, first, h.lockPoll, func() {
		h.report(Status{File: p.files[0].path, Part: 1, Parts: len(p.files), Note: "another process is pulling it; waiting"})
	})
	if err != nil {
		return "", err
	}
	defer unlock()
	old, cached := c.model(first)
	if cached && p.same(old) {
		return first, c.addName(first, old, p)
	}
	if err := c.root.MkdirAll(filepath.FromSlash(p.folder), 0o755); err != nil {
		return "", err
	}
	t := &transfer{hub: h, cache: c, plan: p, record: p.record()}
	if cached {
		t.known = old.Files[0].ETag
		for _, name := range old.Names {
			if !slices.Contains(t.record.Names, name) {
				t.record.Names = append(t.record.Names, name)
			}
		}
	}
	err = t.run(ctx)
	var d *defect
	switch {
	case errors.Is(err, errNotModified):
		_ = c.remove(first + partialEnding)
		return first, c.addName(first, old, p)
	case errors.As(err, &d): // no more of it could make it a model
		return "", errors.Join(err, t.drop())
	case err != nil:
		return "", errors.Join(err, t.tidy())
	}
	return first, nil
}

// plan finds out which files make up the model.
func (h *Hub) plan(ctx context.Context, n name) (*plan, error) {
	p := &plan{name: n, asked: n}
	if n.url != nil {
		return p, p.fromURL(n.local(h.host()))
	}
	files, err := h.list(ctx, n, func(note string) { h.report(Status{Note: note}) })
	if err != nil {
		return nil, err
	}
	if p.files, err = choose(files, n); err != nil {
		return nil, err
	}
	if len(p.files) > maxParts {
		return nil, fmt.Errorf("the model has %d parts, %d at most", len(p.files), maxParts)
	}
	p.name.file, p.name.quant = p.files[0].path, ""
	p.repo, p.folder = n.folder(h.host()), path.Dir(p.name.local(h.host()))
	if err := safePath(p.folder); err != nil {
		return nil, err
	}
	for _, f := range p.files {
		p.urls = append(p.urls, h.Endpoint.JoinPath(n.owner, n.repo, "resolve", n.revision, f.path))
	}
	return p, nil
}

// fromURL plans what a URL names; local is its place in the cache.
func (p *plan) fromURL(local string) error {
	p.folder = path.Dir(local)
	names := loader.PartNames(path.Base(local))
	if len(names) > maxParts {
		return fmt.Errorf("the model has %d parts, %d at most", len(names), maxParts)
	}
	if names == nil {
		p.files, p.urls = []remote{{path: path.Base(local), size: -1}}, []*url.URL{p.name.url}
		return nil
	}
	for _, name := range names {
		u := *p.name.url
		u.Path = path.Join(path.Dir(u.Path), name)
		p.files, p.urls = append(p.files, remote{path: name, size: -1}), append(p.urls, &u)
	}
	return nil
}

// same reports whether the cache has what the server has. Where the server tells
// neither a sum nor an ETag, what is there counts as the same.
func (p *plan) same(r record) bool {
	if len(r.Files) != len(p.files) {
		return false
	}
	if p.asked.url != nil {
		return r.Files[0].ETag == ""
	}
	for i, f := range p.files {
		if f.size != r.Files[i].Size || f.sha256 != "" && f.sha256 != r.Files[i].SHA256 {
			return false
		}
	}
	return true
}

// record is what the cache says of the model, with the names it was asked by.
func (p *plan) record() record {
	r := record{Source: p.name.String(), Date: time.Now().UTC().Truncate(time.Second)}
	if asked := p.asked.String(); asked != r.Source {
		r.Names = []string{asked}
	}
	for i, f := range p.files {
		r.Files = append(r.Files, File{Name: path.Base(p.local(i)), Size: f.size, SHA256: f.sha256})
	}
	return r
}

// addName remembers the name that the model was asked by, and that no other
// model of the repository has it any more.
func (c *cache) addName(first string, r record, p *plan) error {
	asked := p.asked.String()
	if asked == r.Source || slices.Contains(r.Names, asked) {
		return nil
	}
	r.Names = append(r.Names, asked)
	if err := c.write(first, r); err != nil {
		return err
	}
	return c.takeName(first, asked, p)
}

// takeName takes a name away from the repository's other models.
func (c *cache) takeName(first, asked string, p *plan) error {
	return c.walk(p.repo, func(f string) error {
		r, ok := c.record(f)
		i := slices.Index(r.Names, asked)
		if !ok || f == first || i < 0 {
			return nil
		}
		r.Names = slices.Delete(r.Names, i, i+1)
		return c.write(f, r)
	})
}

func (h *Hub) report(s Status) {
	if h.Progress != nil {
		h.Progress(s)
	}
}

// room checks that the disk has room for n more bytes.
func (h *Hub) room(n int64) error {
	if free, ok := h.freeBytes(h.Dir); ok && n > 0 && uint64(n) > free {
		return fmt.Errorf("%s has room for %d bytes, %d are needed", h.Dir, free, n)
	}
	return nil
}

// transfer carries a plan out.
type transfer struct {
	hub    *Hub
	cache  *cache
	plan   *plan
	record record
	known  string // ETag of the first file in the cache
	done   int64  // bytes of the files before the current one
}

// run downloads all files, checks the model, and puts it in its place.
func (t *transfer) run(ctx context.Context) error {
	if err := t.unstage(); err != nil {
		return err
	}
	if err := t.resume(); err != nil {
		return err
	}
	var missing int64
	for i, f := range t.plan.files {
		n, _ := t.cache.size(t.plan.local(i) + partialEnding)
		missing += max(f.size-n, 0)
	}
	if err := t.hub.room(missing); err != nil {
		return err
	}
	for i := range t.plan.files {
		if err := t.file(ctx, i); err != nil {
			return err
		}
	}
	return t.install()
}

// resume takes over what is known of partial files, and removes those that are
// not of the files that the server has now.
func (t *transfer) resume() error {
	old, ok := t.cache.record(t.plan.first() + partialEnding)
	ok = ok && len(old.Files) == len(t.record.Files) && old.Source == t.record.Source
	for i := range t.record.Files {
		f := &t.record.Files[i]
		if ok && old.Files[i].SHA256 == f.SHA256 {
			f.ETag, f.Size = old.Files[i].ETag, old.Files[i].Size
		} else if err := t.cache.remove(t.plan.local(i) + partialEnding); err != nil {
			return err
		}
	}
	return nil
}

// file downloads one file.
func (t *transfer) file(ctx context.Context, i int) error {
	f, r := t.plan.files[i], &t.record.Files[i]
	d := &download{
		hub: t.hub, url: t.plan.urls[i], size: f.size, listed: f.size >= 0, sha256: f.sha256, etag: r.ETag,
		check: t.hub.CheckHead,
	}
	if i == 0 {
		d.known = t.known
	} else {
		d.check = nil // the metadata are in the first part
	}
	if !d.listed && r.ETag != "" {
		d.size = r.Size
	}
	status := Status{File: f.path, Part: i + 1, Parts: len(t.plan.files)}
	report := func(note string) {
		status.Done, status.Note = t.done+d.have, note
		status.Total = t.total(i, d.size)
		t.hub.report(status)
	}
	d.update = func(int64) { report("") }
	d.begun = func() error {
		r.Size, r.ETag = d.size, d.etag
		return t.cache.write(t.plan.first()+partialEnding, t.record)
	}
	file, err := t.cache.root.OpenFile(filepath.FromSlash(t.plan.local(i)+partialEnding), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := d.open(ctx, file); err != nil {
		return err
	}
	report("")
	if err := d.run(ctx, report); err != nil {
		return err
	}
	r.Size, r.ETag, r.SHA256 = d.size, d.etag, d.sum()
	t.done += d.size
	return nil
}

// total is the bytes of all files, 0 where that is not known; the size of file i
// is given.
func (t *transfer) total(i int, size int64) (total int64) {
	for j, f := range t.plan.files {
		n := f.size
		switch {
		case j == i:
			n = size
		case j < i:
			n = t.record.Files[j].Size
		}
		if n < 0 {
			return 0
		}
		total += n
	}
	return total
}

// stage is the folder in which the whole model lies, under its names, to be checked.
func (t *transfer) stage() string { return t.plan.first() + stageEnding }

// unstage takes back what a check that was cut short has left.
func (t *transfer) unstage() error {
	for i := range t.plan.files {
		staged := path.Join(t.stage(), path.Base(t.plan.local(i)))
		if _, ok := t.cache.size(staged); ok {
			if err := t.cache.rename(staged, t.plan.local(i)+partialEnding); err != nil {
				return err
			}
		}
	}
	return t.cache.root.RemoveAll(filepath.FromSlash(t.stage()))
}

// install checks the downloaded model and puts it in its place: the record and
// the other files first, so that the model is there once its first file is.
func (t *transfer) install() error {
	c, first, stage := t.cache, t.plan.first(), t.stage()
	if err := c.root.Mkdir(filepath.FromSlash(stage), 0o755); err != nil {
		return err
	}
	for i := range t.plan.files {
		if err := c.rename(t.plan.local(i)+partialEnding, path.Join(stage, path.Base(t.plan.local(i)))); err != nil {
			return err
		}
	}
	d, err := t.hub.Check(c.at(path.Join(stage, path.Base(first))))
	if err != nil {
		return &defect{&moved{err, c.at(stage) + string(filepath.Separator)}}
	}
	t.record.Description = d
	if err := c.write(first, t.record); err != nil {
		return err
	}
	for i := len(t.plan.files) - 1; i >= 0; i-- {
		if err := c.rename(path.Join(stage, path.Base(t.plan.local(i))), t.plan.local(i)); err != nil {
			return err
		}
	}
	if err := c.syncFolder(t.plan.folder); err != nil {
		return err
	}
	if err := c.remove(first + partialEnding + recordEnding); err != nil {
		return err
	}
	for _, name := range t.record.Names {
		if err := c.takeName(first, name, t.plan); err != nil {
			return err
		}
	}
	return c.remove(stage)
}

// drop removes what was downloaded.
func (t *transfer) drop() error {
	if err := t.unstage(); err != nil {
		return err
	}
	for i := range t.plan.files {
		if err := t.cache.remove(t.plan.local(i) + partialEnding); err != nil {
			return err
		}
	}
	return t.tidy()
}

// tidy leaves nothing of a download that has brought nothing.
func (t *transfer) tidy() error {
	for i := range t.plan.files {
		partial := t.plan.local(i) + partialEnding
		if n, ok := t.cache.size(partial); ok && n > 0 {
			return nil
		}
		if err := t.cache.remove(partial); err != nil {
			return err
		}
	}
	if err := t.cache.remove(t.plan.first() + partialEnding + recordEnding); err != nil {
		return err
	}
	t.cache.prune(t.plan.folder)
	return nil
}

// moved is an error about files in a folder that is only for the time being.
type moved struct {
	err    error
	folder string
}

func (m *moved) Error() string { return strings.ReplaceAll(m.err.Error(), m.folder, "") }
func (m *moved) Unwrap() error { return m.err }
