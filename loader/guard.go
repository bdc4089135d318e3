package loader

import (
	goruntime "runtime"
	"runtime/debug"
)

// Guard runs f and turns a fault in mapped memory into an error that wraps
// ErrFault. Other panics go on. It covers f's own goroutine only.
func Guard(f func() error) (err error) {
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
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

// FaultError returns ErrFault for a recovered value that stands for a memory
// fault; ok is false for any other. It serves those who recover by themselves
// under debug.SetPanicOnFault.
func FaultError(recovered any) (err error, ok bool) {
	re, ok := recovered.(goruntime.Error)
	if !ok {
		return nil, false
	}
	// Faults carry their address; nil dereferences do not.
	if _, ok := re.(interface{ Addr() uintptr }); !ok {
		return nil, false
	}
	return ErrFault, true
}
