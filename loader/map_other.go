//go:build !unix && !windows

package loader

import (
	"io"
	"os"
)

// mapFile reads the file into memory: this system cannot map it.
func mapFile(file *os.File, size int) (mapping, error) {
	data := make([]byte, size)
	_, err := io.ReadFull(file, data)
	return mapping{data: data}, err
}
