//go:build !unix

package bench

import "testing"

// mappedFile returns memory: mapping a file takes another call on every system,
// and only unix has one here.
func mappedFile(tb testing.TB, n int) []byte { return anonymous(tb, n) }
