package hub

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

const (
	maxRedirects = 10
	// noteworthy is how many bytes must come within the stall time.
	noteworthy = 1 << 10
	maxWait    = 30 * time.Second // between attempts
)

var errStalled = errors.New("nothing came any more")

// transient is an error that may pass; after is how long the server asks to wait.
type transient struct {
	err   error
	after time.Duration
}

func (t *transient) Error() string { return t.err.Error() }
func (t *transient) Unwrap() error { return t.err }

// retry calls f until it succeeds, fails for good, or has failed several times
// in a row without progress, which returns the most bytes that there have been.
// note is told before each wait.
func (h *Hub) retry(ctx context.Context, note func(string), progress func() int64, f func(context.Context, *watch) error) error {
	for failures := 1; ; failures++ {
		before := progress()
		err := h.watched(ctx, f)
		var t *transient
		if err == nil || ctx.Err() != nil || !errors.As(err, &t) {
			return err
		}
		if progress() == 0 && unreachable(err) { // a retry would only keep the user waiting
			return err
		}
		if progress() >= before+h.progressBytes {
			failures = 1
		}
		if failures >= h.attempts {
			return fmt.Errorf("%w (%d attempts)", err, failures)
		}
		wait := min(h.backoff<<(failures-1), maxWait)
		if t.after > h.longestWait {
			return fmt.Errorf("%w; the server asks to come back in %s", err, t.after)
		}
		wait = max(wait, t.after)
		note(fmt.Sprintf("%s; again in %s", err, wait.Round(time.Second/10)))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// unreachable reports that no connection came about.
func unreachable(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	return errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial"
}

// watch gives a request up when nothing of note has come for a while.
type watch struct {
	timer *time.Timer
	stall time.Duration
	bytes int
}

func (w *watch) got(n int) {
	if w.bytes += n; w.bytes >= noteworthy {
		w.bytes = 0
		w.timer.Reset(w.stall)
	}
}

// watched calls f with a context that ends when the request stalls.
func (h *Hub) watched(ctx context.Context, f func(context.Context, *watch) error) error {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := &watch{stall: h.stall, timer: time.AfterFunc(h.stall, func() { cancel(errStalled) })}
	defer w.timer.Stop()
	err := f(inner, w)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(context.Cause(inner), errStalled):
		return &transient{err: fmt.Errorf("%w for %s", errStalled, h.stall)}
	}
	return err
}

// get asks for u and follows redirects, each of which must lead where a
// download may. The token goes to the endpoint and nowhere else.
func (h *Hub) get(ctx context.Context, u *url.URL, header http.Header) (*http.Response, error) {
	client := &http.Client{Transport: h.transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var from *url.URL
	for range maxRedirects + 1 {
		if err := h.permit(from, u); err != nil {
			return nil, err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
		if err != nil {
			return nil, fmt.Errorf("%q: no such request can be made", u.Redacted())
		}
		req.Header = header.Clone()
		req.Header.Set("User-Agent", "gptrun ("+runtime.GOOS+"; "+runtime.GOARCH+")")
		req.Header.Set("Accept-Encoding", "identity")
		if h.Token != "" && u.Scheme == h.Endpoint.Scheme && u.Host == h.host() && (u.Scheme == "https" || isLocal(u)) {
			req.Header.Set("Authorization", "Bearer "+h.Token)
		}
		resp, err := client.Do(req)
		if err != nil {
			return nil, requestError(err)
		}
		if !isRedirect(resp.StatusCode) {
			return resp, nil
		}
		_ = resp.Body.Close()
		to, err := resp.Location()
		if err != nil {
			return nil, fmt.Errorf("%s answers with a redirect to nowhere", u.Host)
		}
		to.Host = strings.ToLower(to.Host)
		from, u = u, to
	}
	return nil, fmt.Errorf("more than %d redirects, the last one to %s", maxRedirects, printableHost(u))
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// permit says whether a download may go on from one URL to another; from is nil
// at the beginning.
func (h *Hub) permit(from, to *url.URL) error {
	switch {
	case to.Host == "" || to.Scheme != "https" && to.Scheme != "http":
		return fmt.Errorf("a redirect to %q, which is not http", to.Scheme)
	case to.Scheme == "https" || h.AllowHTTP:
		return nil
	case from != nil && from.Scheme == "https":
		return fmt.Errorf("a redirect from https to plain http at %s; --allow-http permits it", printableHost(to))
	case isLocal(to):
		return nil
	}
	return fmt.Errorf("%s would be asked over plain http, which anybody on the way can read and change; --allow-http permits it", printableHost(to))
}

func isLocal(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

func printableHost(u *url.URL) string { return fmt.Sprintf("%.100q", u.Host) }

// requestError is an error of a request, without its URL, whose query may be
// secret. Only what TLS finds wrong is an error for good.
func requestError(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	if errors.As(err, &certificate) || errors.As(err, &record) || errors.Is(err, http.ErrSchemeMismatch) {
		return err
	}
	return &transient{err: err}
}

// refusal is the error of an answer that is not the one wanted. It closes the body.
func refusal(resp *http.Response, what string) error {
	text := resp.Header.Get("X-Error-Message")
	_ = resp.Body.Close()
	if text != "" {
		text = fmt.Sprintf("; it says %.200q", text)
	}
	status := fmt.Sprintf("%s: %s answers %d %s", what, resp.Request.URL.Host, resp.StatusCode, http.StatusText(resp.StatusCode))
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized:
		return fmt.Errorf("%s: there is no such repository, or it is private or gated: set HF_TOKEN to a token that may read it%s", status, text)
	case code == http.StatusForbidden:
		return fmt.Errorf("%s: the account of HF_TOKEN may not read it; a gated model's terms are accepted on its page%s", status, text)
	case code == http.StatusNotFound:
		return fmt.Errorf("%s: no such repository, revision or file, or a private one: set HF_TOKEN%s", status, text)
	case code == http.StatusTooManyRequests || code == http.StatusRequestTimeout || code >= 500:
		return &transient{err: fmt.Errorf("%s%s", status, text), after: retryAfter(resp.Header, time.Now())}
	}
	return fmt.Errorf("%s%s", status, text)
}

// retryAfter reads how long a server asks to wait.
func retryAfter(header http.Header, now time.Time) time.Duration {
	v := header.Get("Retry-After")
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(at.Sub(now).Round(time.Second), 0)
	}
	return 0
}

var strongTag = regexp.MustCompile(`^"[\x21\x23-\x7e]{1,256}"$`)

// strongETag is the answer's ETag where it stands for these very bytes; else "".
func strongETag(header http.Header) string {
	if v := header.Get("ETag"); strongTag.MatchString(v) {
		return v
	}
	return ""
}

// watchedReader tells a watch what it reads, and takes what fails for transient.
type watchedReader struct {
	r io.Reader
	w *watch
}

func (r watchedReader) Read(b []byte) (int, error) {
	n, err := r.r.Read(b)
	r.w.got(n)
	if err != nil && err != io.EOF {
		err = &transient{err: fmt.Errorf("the connection was cut: %w", err)}
	}
	return n, err
}
