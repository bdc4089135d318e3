//go:build (!amd64 && !arm64) || purego

package limits

// Without assembly memory is read in Go, and arithmetic has no figure.
var (
	readers        map[string]func(b []byte) uint64
	products, sums map[string]Loop
)
