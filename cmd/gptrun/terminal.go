package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"time"
	"unicode"

	"golang.org/x/term"
)

func standardTerminal(ctx context.Context) *terminal {
	return &terminal{
		in: &interruptible{ctx: ctx, r: os.Stdin}, out: os.Stdout, err: os.Stderr,
		inIsTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		outIsTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		errIsTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		env:           os.LookupEnv,
	}
}

// files are the terminal's files, where a person both types and looks on.
func (t *terminal) files() (in, out *os.File, ok bool) {
	if i, isFile := t.in.(*interruptible); isFile && t.inIsTerminal && t.outIsTerminal {
		in, ok = i.r.(*os.File)
		out, _ = t.out.(*os.File)
	}
	return in, out, ok && out != nil
}

// dumb tells that the terminal knows no escape sequences.
func (t *terminal) dumb() bool {
	kind, _ := t.env("TERM")
	return kind == "dumb"
}

// stateDir is where the user's programs keep what they remember; "": unknown.
func (t *terminal) stateDir() string {
	dir, _ := t.env("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) {
		switch goruntime.GOOS {
		case "windows", "darwin", "ios":
			dir, _ = os.UserCacheDir()
		default:
			if dir, _ = t.env("HOME"); dir != "" {
				dir = filepath.Join(dir, ".local", "state")
			}
		}
	}
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "gptrun")
}

// interruptible is a reader that gives up waiting when ctx ends.
type interruptible struct {
	ctx  context.Context
	r    io.Reader
	data chan []byte
	left []byte
	err  error // valid once data is closed
}

func (i *interruptible) Read(b []byte) (int, error) {
	if i.data == nil {
		i.data = make(chan []byte)
		go i.readAll()
	}
	if len(i.left) == 0 {
		select {
		case <-i.ctx.Done():
			return 0, i.ctx.Err()
		case data, ok := <-i.data:
			if !ok {
				return 0, i.err
			}
			i.left = data
		}
	}
	n := copy(b, i.left)
	i.left = i.left[n:]
	return n, nil
}

func (i *interruptible) readAll() {
	defer close(i.data)
	for i.err == nil {
		b := make([]byte, 1<<16)
		var n int
		if n, i.err = i.r.Read(b); n == 0 {
			continue
		}
		select {
		case i.data <- b[:n]:
		case <-i.ctx.Done():
			return
		}
	}
}

// answer returns a writer for a model's text: control characters do not reach a
// terminal, except line breaks and tabs.
func (t *terminal) answer() io.Writer {
	if !t.outIsTerminal {
		return t.out
	}
	return plainWriter{t.out}
}

type plainWriter struct{ w io.Writer }

func (p plainWriter) Write(b []byte) (int, error) {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, string(b))
	if _, err := io.WriteString(p.w, plain); err != nil {
		return 0, err
	}
	return len(b), nil
}

// patience is how long loading may take before it shows.
const patience = 300 * time.Millisecond

// progress shows on a terminal how far loading is.
type progress struct {
	w     io.Writer
	begin time.Time
	shown int // percent; −1: nothing
}

// progress returns a function for gptrun.Progress, and one that wipes what was
// shown.
func (t *terminal) progress() (report func(done, total int64), wipe func()) {
	if !t.errIsTerminal {
		return nil, func() {}
	}
	p := &progress{w: t.err, begin: time.Now(), shown: -1}
	return p.report, p.wipe
}

func (p *progress) report(done, total int64) {
	if done >= total {
		p.wipe()
		return
	}
	if time.Since(p.begin) < patience {
		return
	}
	if percent := int(done * 100 / total); percent != p.shown {
		p.shown = percent
		fmt.Fprintf(p.w, "\rloading %3d %%", percent)
	}
}

func (p *progress) wipe() {
	if p.shown >= 0 {
		fmt.Fprint(p.w, "\r              \r")
		p.shown = -1
	}
}
