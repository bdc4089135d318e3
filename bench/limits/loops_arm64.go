//go:build arm64 && !purego

package limits

import "unsafe"

// readers by the tier whose CPU features they need.
var readers = map[string]func(b []byte) uint64{
	"neon": func(b []byte) uint64 { return readNEON(unsafe.SliceData(b), len(b)) },
}

// NEON alone has several ways to multiply bytes, none of which is its limit: no
// figure.
var products = map[string]Loop{
	"dotprod": {"SDOT", 16 * 32, dotNEON},
	"i8mm":    {"SMMLA", 16 * 64, matNEON},
}

var sums = map[string]Loop{
	"neon":    {"FMLA", 16 * 8, fmaNEON},
	"dotprod": {"FMLA", 16 * 8, fmaNEON},
	"i8mm":    {"FMLA", 16 * 8, fmaNEON},
}

// readNEON adds up the 64-bit words of n bytes, a positive multiple of 128.
//
//go:noescape
func readNEON(p *byte, n int) uint64

// dotNEON multiplies bytes and adds them to int32, matNEON as matrices of 2×8.
//
//go:noescape
func dotNEON(acc *[64]byte, rounds int)

//go:noescape
func matNEON(acc *[64]byte, rounds int)

// fmaNEON multiplies and adds float32.
//
//go:noescape
func fmaNEON(acc *[64]byte, rounds int)
