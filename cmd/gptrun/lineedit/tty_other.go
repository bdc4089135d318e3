//go:build !unix

package lineedit

import (
	"os"
	"time"
)

// resizePoll is how often the size is looked at: nothing tells of changes.
const resizePoll = 250 * time.Millisecond

var notified = []os.Signal{os.Interrupt}

// resizes tells that a signal says that the size has changed: none does.
func resizes(os.Signal) bool { return false }

// obey does what a signal asks for and tells whether no more keys will come.
func (t *TTY) obey(_ os.Signal, again bool) bool {
	if !again {
		t.press([]Key{{Name: "ctrl-c"}})
		return false
	}
	_ = t.restore()
	t.end(ErrTerminated)
	return true
}

// quit ends the process.
func quit() { os.Exit(2) }

// stop does nothing: the system has no such thing.
func stop() {}
