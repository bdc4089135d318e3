package loader_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// residentFile is the process's resident memory that comes from files, in kB.
func residentFile(t *testing.T) (kb int) {
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	_, after, ok := strings.Cut(string(status), "RssFile:")
	if !ok {
		t.Skip("needs a system that tells the resident memory of files")
	}
	_, err = fmt.Sscan(after, &kb)
	require.NoError(t, err)
	return kb
}

func TestReleaseGivesMemoryBack(t *testing.T) {
	_, f, weights := large(t)
	require.Equal(t, 7*len(weights.Data), sum(weights.Data))
	read := residentFile(t)
	f.Release(weights.Data)
	released := residentFile(t)
	require.GreaterOrEqual(t, read-released, 7<<10, "of 8 MB read")
}
