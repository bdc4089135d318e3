package loader

import (
	"errors"
	"fmt"
	goruntime "runtime"
	"runtime/debug"
)

// ErrFault reports that mapped memory could not be read: the file was
// truncated, or its disk failed, after it was opened.
var ErrFault = errors.New("the model file can no longer be read; was it truncated?")

// Guard runs f and turns a fault in mapped memory into an error that wraps
// ErrFault. Other panics go on.
func Guard(f func() error) (err error) {
	old := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(old)
		if r := recover(); r != nil {
			fault, ok := FaultError(r)
			if !ok {
				panic(r)
			}
			err = fault
		}
	}()
	return f()
}

// FaultError returns the error for a recovered value that stands for a memory
// fault; ok is false for any other.
func FaultError(recovered any) (err error, ok bool) {
	re, ok := recovered.(goruntime.Error)
	if !ok {
		return nil, false
	}
	if _, ok := re.(interface{ Addr() uintptr }); !ok {
		return nil, false
	}
	return fmt.Errorf("%w", ErrFault), true
}
