//go:build amd64 && !purego

package limits

import "unsafe"

// readers by the tier whose CPU features they need.
var readers = map[string]func(b []byte) uint64{
	"avx2": func(b []byte) uint64 { return readAVX2(unsafe.SliceData(b), len(b)) },
}

// VPDPBUSD of AVX-VNNI multiplies as many bytes as VPMADDUBSW, and where it is
// there CPUs start as many of them in a clock.
var products = map[string]Loop{
	"avx2":    {"VPMADDUBSW ymm", 12 * 64, maddYMM},
	"avxvnni": {"VPMADDUBSW ymm", 12 * 64, maddYMM},
	"avx512":  {"VPDPBUSD zmm", 12 * 128, dotZMM},
}

var sums = map[string]Loop{
	"avx2":    {"VFMADD231PS ymm", 12 * 16, fmaYMM},
	"avxvnni": {"VFMADD231PS ymm", 12 * 16, fmaYMM},
	"avx512":  {"VFMADD231PS zmm", 12 * 32, fmaZMM},
}

// readAVX2 adds up the 64-bit words of n bytes, a positive multiple of 256.
//
//go:noescape
func readAVX2(p *byte, n int) uint64

// maddYMM multiplies bytes; its accumulators are those of the last round.
//
//go:noescape
func maddYMM(acc *[64]byte, rounds int)

// dotZMM multiplies bytes and adds them to int32.
//
//go:noescape
func dotZMM(acc *[64]byte, rounds int)

// fmaYMM and fmaZMM multiply and add float32.
//
//go:noescape
func fmaYMM(acc *[64]byte, rounds int)

//go:noescape
func fmaZMM(acc *[64]byte, rounds int)
