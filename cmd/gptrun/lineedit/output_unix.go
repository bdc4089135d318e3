//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package lineedit

import (
	"os"

	"golang.org/x/sys/unix"
)

// setOutput makes the terminal begin a new line at \n, as it did before it was
// made raw.
func setOutput(in, _ *os.File) error {
	modes, err := unix.IoctlGetTermios(int(in.Fd()), getModes)
	if err != nil {
		return err
	}
	modes.Oflag |= unix.OPOST | unix.ONLCR
	return unix.IoctlSetTermios(int(in.Fd()), setModes, modes)
}
