package hub

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"

	"github.com/gptrun/gptrun/loader"
)

var errNotModified = errors.New("the server's file has not changed")

// defect is a file that is refused whatever is done: what there is of it goes.
type defect struct{ err error }

func (d *defect) Error() string { return d.err.Error() }
func (d *defect) Unwrap() error { return d.err }

// download is one file on its way into the cache.
type download struct {
	hub    *Hub
	url    *url.URL
	size   int64  // −1: not known yet
	listed bool   // size is what a listing says
	sha256 string // "": not known
	known  string // the ETag of what is in the cache; "": none
	etag   string // of what the partial file holds
	check  func(head *loader.Metadata) error
	update func(have int64) // told of progress
	begun  func() error     // told of a new size and ETag, to be remembered

	file    *os.File
	hash    hash.Hash
	have    int64 // bytes in file and hash
	best    int64 // the most there have been
	sniffed bool  // the first bytes have been looked at
	checked bool  // the metadata have
}

// open takes up the partial file, and reads what is there into the hash.
func (d *download) open(ctx context.Context, f *os.File) error {
	d.file, d.hash = f, sha256.New()
	n, err := io.Copy(d.hash, contextReader{ctx, f})
	if err != nil {
		return err
	}
	d.have, d.best = n, n
	if d.size >= 0 && n > d.size || d.size < 0 && n > 0 || d.etag == "" && d.sha256 == "" && n < d.size {
		return d.restart()
	}
	return nil
}

// contextReader fails once ctx has ended.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}

// restart throws away what there is.
func (d *download) restart() error {
	if err := d.file.Truncate(0); err != nil {
		return err
	}
	if _, err := d.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	d.hash.Reset()
	d.have, d.etag, d.sniffed, d.checked = 0, "", false, false
	if !d.listed {
		d.size = -1
	}
	return nil
}

// run downloads what is missing, checks the sum and makes the file last.
func (d *download) run(ctx context.Context, note func(string)) error {
	start := d.best
	err := d.hub.retry(ctx, note, func() int64 { return d.best - start }, d.attempt)
	if err != nil {
		return err
	}
	if sum := d.sum(); d.sha256 != "" && sum != d.sha256 {
		return &defect{fmt.Errorf("the file's SHA-256 is %s, the repository's list says %s", sum, d.sha256)}
	}
	return d.file.Sync()
}

func (d *download) sum() string { return hex.EncodeToString(d.hash.Sum(nil)) }

// attempt asks for what is missing and takes as much of it as comes.
func (d *download) attempt(ctx context.Context, w *watch) error {
	if d.have == d.size {
		return nil
	}
	header := http.Header{}
	switch {
	case d.have > 0:
		header.Set("Range", fmt.Sprintf("bytes=%d-", d.have))
		if d.etag != "" {
			header.Set("If-Range", d.etag)
		}
	case d.known != "":
		header.Set("If-None-Match", d.known)
	}
	resp, err := d.hub.get(ctx, d.url, header)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := d.accept(resp); err != nil {
		return err
	}
	err = d.copy(watchedReader{resp.Body, w})
	if err == nil && d.have < d.size {
		err = &transient{err: errors.New("the connection was cut")}
	}
	var cut *transient
	if errors.As(err, &cut) && d.etag == "" && d.sha256 == "" { // nothing would tell that the rest belongs to it
		if e := d.restart(); e != nil {
			return e
		}
	}
	return err
}

// accept decides from an answer's header where its body goes.
func (d *download) accept(resp *http.Response) error {
	if e := resp.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return fmt.Errorf("%s sends the file compressed (%.40q), though it was asked not to", resp.Request.URL.Host, e)
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return d.acceptWhole(resp)
	case http.StatusPartialContent:
		return d.acceptRest(resp)
	case http.StatusNotModified:
		if d.known != "" && d.have == 0 {
			return errNotModified
		}
	case http.StatusRequestedRangeNotSatisfiable, http.StatusPreconditionFailed:
		if d.have > 0 {
			if err := d.restart(); err != nil {
				return err
			}
			return &transient{err: errors.New("the server's file is another than before")}
		}
	}
	return refusal(resp, "the file")
}

// acceptWhole begins the file anew.
func (d *download) acceptWhole(resp *http.Response) error {
	if err := d.restart(); err != nil {
		return err
	}
	total := resp.ContentLength
	switch {
	case d.listed && total >= 0 && total != d.size:
		return fmt.Errorf("the repository's list says that the file has %d bytes, %s says %d", d.size, resp.Request.URL.Host, total)
	case !d.listed && total < 0:
		return fmt.Errorf("%s does not say how long the file is", resp.Request.URL.Host)
	case !d.listed && (total == 0 || total > maxFile):
		return fmt.Errorf("%s says that the file has %d bytes", resp.Request.URL.Host, total)
	case !d.listed:
		d.size = total
	}
	d.etag = strongETag(resp.Header)
	return d.begun()
}

var contentRange = regexp.MustCompile(`^bytes (\d{1,18})-(\d{1,18})/(\d{1,18})$`)

// acceptRest continues the file, if the answer is the part that was asked for.
func (d *download) acceptRest(resp *http.Response) error {
	if d.have == 0 {
		return fmt.Errorf("%s sends a part of the file, though the whole was asked for", resp.Request.URL.Host)
	}
	m := contentRange.FindStringSubmatch(resp.Header.Get("Content-Range"))
	var first, last, total int64
	if m != nil {
		first, _ = strconv.ParseInt(m[1], 10, 64)
		last, _ = strconv.ParseInt(m[2], 10, 64)
		total, _ = strconv.ParseInt(m[3], 10, 64)
	}
	other := m == nil || first != d.have || last != total-1 || total != d.size ||
		resp.ContentLength >= 0 && resp.ContentLength != last-first+1
	if tag := strongETag(resp.Header); d.etag != "" && tag != "" && tag != d.etag {
		other = true
	}
	if other {
		if err := d.restart(); err != nil {
			return err
		}
		return &transient{err: errors.New("the server sends another part of the file, or of another one")}
	}
	return nil
}

// copy takes a body into the file, as far as it comes.
func (d *download) copy(body io.Reader) error {
	if err := d.hub.room(d.size - d.have); err != nil {
		return err
	}
	buffer := make([]byte, 1<<17)
	for d.have < d.size {
		n, err := body.Read(buffer[:min(int64(len(buffer)), d.size-d.have)])
		if e := d.take(buffer[:n]); e != nil {
			return e
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
	if n, _ := io.ReadFull(body, buffer[:1]); n > 0 {
		return &defect{fmt.Errorf("the file is longer than the %d bytes that it should have", d.size)}
	}
	return nil
}

// take appends bytes.
func (d *download) take(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if _, err := d.file.Write(b); err != nil {
		return err
	}
	_, _ = d.hash.Write(b)
	d.have += int64(len(b))
	d.best = max(d.best, d.have)
	d.update(d.have)
	return d.look()
}

// look refuses what is no model as soon as its beginning tells.
func (d *download) look() error {
	if !d.sniffed && d.have >= min(16, d.size) {
		d.sniffed = true
		begin := make([]byte, min(16, d.size))
		if _, err := d.file.ReadAt(begin, 0); err != nil {
			return err
		}
		if err := loader.CheckMagic(begin); err != nil {
			return &defect{err}
		}
	}
	if d.check == nil || d.checked || d.have < d.hub.headBytes {
		return nil
	}
	d.checked = true
	head := make([]byte, d.hub.headBytes)
	if _, err := d.file.ReadAt(head, 0); err != nil {
		return err
	}
	meta, err := loader.ReadMetadata(head)
	if err != nil {
		return nil // there may be more of it to come; the whole file is checked in the end
	}
	if err := d.check(meta); err != nil {
		return &defect{err}
	}
	return nil
}
