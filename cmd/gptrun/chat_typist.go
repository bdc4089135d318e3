package main

import (
	"bufio"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/gptrun/gptrun/cmd/gptrun/lineedit"
)

// typist is a person at a terminal that cannot do what an editor needs: it edits
// lines itself.
type typist struct {
	out   io.Writer
	lines chan string // closed at the end
	ended chan error  // holds why no more is read: a signal
	stops chan struct{}

	mutex     sync.Mutex
	interrupt func() // what Ctrl-C does
}

func newTypist(in io.Reader, out io.Writer) *typist {
	t := &typist{out: out, lines: make(chan string), ended: make(chan error, 1), stops: make(chan struct{}, 1)}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go t.obey(signals)
	go t.read(in)
	return t
}

func (t *typist) read(in io.Reader) {
	defer close(t.lines)
	lines := bufio.NewReader(in)
	for {
		text, err := lines.ReadString('\n')
		if text != "" {
			t.lines <- strings.TrimRight(text, "\r\n")
		}
		if err != nil {
			return
		}
	}
}

func (t *typist) obey(signals chan os.Signal) {
	for s := range signals {
		if s != os.Interrupt {
			t.ended <- lineedit.ErrTerminated
			signal.Stop(signals) // another one ends the process at once
		}
		t.mutex.Lock()
		interrupt := t.interrupt
		t.mutex.Unlock()
		if interrupt != nil {
			interrupt()
		} else {
			select {
			case t.stops <- struct{}{}:
			default:
			}
		}
	}
}

// OnInterrupt makes Ctrl-C call f.
func (t *typist) OnInterrupt(f func()) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.interrupt = f
}

// Read reads a message of one or more lines.
func (t *typist) Read() (string, error) {
	text, prompt := "", promptText
	for {
		if _, err := io.WriteString(t.out, prompt); err != nil {
			return "", err
		}
		line, err := t.line()
		if err != nil {
			_, _ = io.WriteString(t.out, "\n")
			return text, err
		}
		rest, goesOn := strings.CutSuffix(line, `\`)
		if text += rest; !goesOn && isComplete(text) {
			return text, nil
		}
		text, prompt = text+"\n", continuationText
	}
}

func (t *typist) line() (string, error) {
	select {
	case err := <-t.ended:
		return "", err
	default:
	}
	select {
	case err := <-t.ended:
		return "", err
	case <-t.stops:
		return "", lineedit.ErrInterrupted
	case line, ok := <-t.lines:
		if !ok {
			return "", io.EOF
		}
		return line, nil
	}
}
