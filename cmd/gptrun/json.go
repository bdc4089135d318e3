package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// appendFloat appends the shortest text that reads back as v, which has the
// given number of bits. JSON has no NaN and no infinity: they become null.
func appendFloat(dst []byte, v float64, bits int) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(dst, "null"...)
	}
	return strconv.AppendFloat(dst, v, 'g', -1, bits)
}

// appendList appends a JSON list.
func appendList[T any](dst []byte, list []T, element func(dst []byte, v T) []byte) []byte {
	dst = append(dst, '[')
	for i, v := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = element(dst, v)
	}
	return append(dst, ']')
}

func appendIDs(dst []byte, ids []int32) []byte {
	return appendList(dst, ids, func(dst []byte, id int32) []byte { return strconv.AppendInt(dst, int64(id), 10) })
}

func appendFloats32(dst []byte, values []float32) []byte {
	return appendList(dst, values, func(dst []byte, v float32) []byte { return appendFloat(dst, float64(v), 32) })
}

func appendFloats64(dst []byte, values []float64) []byte {
	return appendList(dst, values, func(dst []byte, v float64) []byte { return appendFloat(dst, v, 64) })
}

// appendString appends a JSON string; bytes that are not UTF-8 become U+FFFD.
// Control characters are escaped, those too that JSON leaves be, since a terminal
// may obey them.
func appendString(dst []byte, s string) []byte {
	b, _ := json.Marshal(s) // a string always marshals
	for _, r := range string(b) {
		if r >= 0x7f && r < 0xa0 {
			dst = fmt.Appendf(dst, `\u%04x`, r)
		} else {
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}
