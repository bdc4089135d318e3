//go:build !unix && !windows

package loader

import "os"

// mapFile reads the file into memory, where the system cannot map it.
func mapFile(path string) (mapping, error) {
	file, _, err := regular(path)
	if err != nil {
		return mapping{}, err
	}
	_ = file.Close()
	data, err := os.ReadFile(path)
	return mapping{data: data}, err
}
