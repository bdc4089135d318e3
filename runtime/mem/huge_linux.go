package mem

import "golang.org/x/sys/unix"

// adviseHuge is best effort: a system without huge pages is slower, not wrong.
func adviseHuge(b []byte) { _ = unix.Madvise(b, unix.MADV_HUGEPAGE) }
