//go:build unix

package lineedit

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// resizePoll is how often the size is looked at: changes come as a signal.
const resizePoll = time.Hour

var notified = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGWINCH, syscall.SIGCONT}

// resizes tells that a signal says that the size has changed.
func resizes(s os.Signal) bool { return s == syscall.SIGWINCH }

// obey does what a signal asks for and tells whether no more keys will come. The
// second Ctrl-C in a row by signals, again, ends the process like SIGTERM: whoever
// sends it has no keys.
func (t *TTY) obey(s os.Signal, again bool) bool {
	switch s {
	case syscall.SIGCONT: // the shell has set modes of its own
		_ = t.takeOver()
		t.press([]Key{{Name: Redraw}})
		return false
	case os.Interrupt:
		if !again {
			t.press([]Key{{Name: "ctrl-c"}})
			return false
		}
	}
	_ = t.restore()
	signal.Stop(t.signals) // another one ends the process at once
	switch s {
	case syscall.SIGQUIT:
		quit()
	case syscall.SIGHUP:
		raise(syscall.SIGHUP)
	}
	t.end(ErrTerminated)
	return true
}

// quit ends the process with the stacks of its goroutines, as SIGQUIT does.
func quit() { raise(syscall.SIGQUIT) }

// raise ends the process by a signal.
func raise(s syscall.Signal) {
	signal.Reset(s)
	_ = syscall.Kill(syscall.Getpid(), s)
	select {}
}

// stop stops the process group, as the terminal would. Where nobody could
// continue it, the system does not stop it.
func stop() {
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	_ = syscall.Kill(0, syscall.SIGTSTP)
	select {
	case <-continued:
	case <-time.After(200 * time.Millisecond):
	}
}
