package token

import (
	goruntime "runtime"
	"time"

	"golang.org/x/sys/unix"
)

// timed returns the processor time that f takes on its thread, which other
// programs do not lengthen.
func timed(f func()) time.Duration {
	goruntime.LockOSThread()
	defer goruntime.UnlockOSThread()
	clock := func() time.Duration {
		var t unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
			panic(err)
		}
		return time.Duration(t.Nano())
	}
	start := clock()
	f()
	return clock() - start
}
