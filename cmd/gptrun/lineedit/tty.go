package lineedit

import (
	"errors"
	"io"
	"os"
	"os/signal"
	"sync"
	"time"

	"golang.org/x/term"
)

// ErrTerminated is a signal that asks the process to end.
var ErrTerminated = errors.New("terminated")

// escapeTime is how long a key that Escape begins may take to arrive.
const escapeTime = 50 * time.Millisecond

// settleTime is how long a terminal's size must stay before the message is drawn
// anew: what is drawn while the size changes is cut at another one.
const settleTime = 50 * time.Millisecond

const (
	beginModes = "\x1b[?2004h"        // bracketed paste
	endModes   = "\x1b[?2004l\x1b[0m" // without it, and without colours
)

// TTY is a terminal whose keys come one by one. From Open to Close its modes are
// changed; they are restored, too, when a signal ends the process and when one of
// the package's goroutines panics. What kills the process without notice leaves
// them as they are.
type TTY struct {
	in, out *os.File
	saved   [2]*term.State // of in and out: on some systems each has modes
	signals chan os.Signal
	done    chan struct{}
	closing sync.Once

	mutex     sync.Mutex
	raw       bool
	keys      []Key
	arrived   chan struct{} // holds a value when keys or err have come
	err       error         // after the last key
	interrupt func()        // what Ctrl-C does instead of being a key
}

// Open takes over a terminal, which in reads from and out writes to.
func Open(in, out *os.File) (*TTY, error) {
	t := &TTY{in: in, out: out, signals: make(chan os.Signal, 8), done: make(chan struct{}), arrived: make(chan struct{}, 1)}
	for i, f := range []*os.File{in, out} {
		var err error
		if t.saved[i], err = term.GetState(int(f.Fd())); err != nil {
			return nil, err
		}
	}
	if err := t.takeOver(); err != nil {
		_ = t.restore()
		return nil, err
	}
	for _, s := range notified {
		if !signal.Ignored(s) { // as nohup has it
			signal.Notify(t.signals, s)
		}
	}
	data := make(chan []byte)
	go t.read(data)
	go t.run(data)
	return t, nil
}

// Close restores the terminal's modes. Closing twice does nothing.
func (t *TTY) Close() error {
	t.closing.Do(func() {
		signal.Stop(t.signals)
		close(t.done)
	})
	return t.restore()
}

// Size is the terminal's size in cells, 0 where it is not known.
func (t *TTY) Size() (width, height int) {
	width, height, err := term.GetSize(int(t.out.Fd()))
	if err != nil {
		return 0, 0
	}
	return width, height
}

// OnInterrupt makes Ctrl-C call f, which must not wait, and forget the keys that
// wait to be read. With nil it is a key again.
func (t *TTY) OnInterrupt(f func()) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.interrupt = f
}

// Next waits for a key.
func (t *TTY) Next() (Key, error) {
	for {
		t.mutex.Lock()
		var key Key
		var err error
		if len(t.keys) > 0 {
			key, t.keys = t.keys[0], t.keys[1:]
		} else {
			err = t.err
		}
		t.mutex.Unlock()
		if key.Name != "" || err != nil {
			return key, err
		}
		<-t.arrived
	}
}

// takeOver sets the modes in which keys come one by one and are not echoed. What
// is written is shown as before: a line break still returns to the first column.
func (t *TTY) takeOver() error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if _, err := term.MakeRaw(int(t.in.Fd())); err != nil {
		return err
	}
	t.raw = true
	if err := setOutput(t.in, t.out); err != nil {
		return err
	}
	_, err := io.WriteString(t.out, beginModes)
	return err
}

func (t *TTY) restore() error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if !t.raw {
		return nil
	}
	t.raw = false
	_, _ = io.WriteString(t.out, endModes)
	err := term.Restore(int(t.in.Fd()), t.saved[0])
	if e := term.Restore(int(t.out.Fd()), t.saved[1]); err == nil {
		err = e
	}
	return err
}

// restoreOnPanic is deferred by goroutines.
func (t *TTY) restoreOnPanic() {
	if r := recover(); r != nil {
		_ = t.restore()
		panic(r)
	}
}

func (t *TTY) read(data chan<- []byte) {
	defer t.restoreOnPanic()
	defer close(data)
	for {
		b := make([]byte, 1<<16)
		n, err := t.in.Read(b)
		if n > 0 {
			select {
			case data <- b[:n]:
			case <-t.done:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// run makes keys of bytes and signals.
func (t *TTY) run(data <-chan []byte) {
	defer t.restoreOnPanic()
	var d decoder
	tick := time.NewTicker(resizePoll)
	defer tick.Stop()
	width, height := t.Size()
	var settled <-chan time.Time
	signalled := false // since the last key
	for {
		var patience <-chan time.Time
		if d.escaped() {
			patience = time.After(escapeTime)
		}
		select {
		case <-t.done:
			return
		case b, ok := <-data:
			if !ok {
				t.end(io.EOF)
				return
			}
			signalled = false
			t.press(d.feed(b))
		case <-patience:
			t.press(d.flush())
		case <-tick.C:
			if w, h := t.Size(); w != width || h != height {
				width, height = w, h
				settled = time.After(settleTime)
			}
		case <-settled:
			t.press([]Key{{Name: Redraw}})
		case s := <-t.signals:
			if resizes(s) {
				settled = time.After(settleTime)
				continue
			}
			again := signalled && s == os.Interrupt
			signalled = s == os.Interrupt
			if t.obey(s, again) {
				return
			}
		}
	}
}

// press hands keys on, but for those that act at any time.
func (t *TTY) press(keys []Key) {
	for _, key := range keys {
		t.mutex.Lock()
		interrupt := t.interrupt
		t.mutex.Unlock()
		switch {
		case key.Name == `ctrl-\`:
			_ = t.restore()
			quit()
		case key.Name == "ctrl-z" && interrupt != nil:
			t.Suspend()
		case key.Name == "ctrl-c" && interrupt != nil:
			t.mutex.Lock()
			t.keys = nil
			t.mutex.Unlock()
			interrupt()
		default:
			t.mutex.Lock()
			t.keys = append(t.keys, key)
			t.mutex.Unlock()
			t.wake()
		}
	}
}

// end ends the keys.
func (t *TTY) end(err error) {
	t.mutex.Lock()
	t.err = err
	interrupt := t.interrupt
	t.mutex.Unlock()
	if interrupt != nil {
		interrupt()
	}
	t.wake()
}

func (t *TTY) wake() {
	select {
	case t.arrived <- struct{}{}:
	default:
	}
}

// Suspend stops the process as Ctrl-Z does elsewhere, with the terminal's own
// modes, until it is continued.
func (t *TTY) Suspend() {
	_ = t.restore()
	stop()
	_ = t.takeOver() // where that fails, so does reading
}
