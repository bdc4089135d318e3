//go:build unix

package pool

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// cpuTime is what the process has used so far.
func cpuTime(t *testing.T) time.Duration {
	var u unix.Rusage
	require.NoError(t, unix.Getrusage(unix.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestAPoolAtRestUsesNoCPU(t *testing.T) {
	p := New(4)
	defer p.Close()
	p.Lock()
	require.NoError(t, p.Run(funcTask(func(int) {}), 100))
	p.Unlock()
	time.Sleep(50 * time.Millisecond)
	before := cpuTime(t)
	time.Sleep(500 * time.Millisecond)
	require.Less(t, cpuTime(t)-before, 100*time.Millisecond)
}
