//go:build !linux

package runtime

// availableMemory is not known: weights are packed unless the caller says otherwise.
func availableMemory() (int64, bool) { return 0, false }
