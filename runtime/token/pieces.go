package token

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// pieces are the bytes that tokens stand for in a text, one after the other.
type pieces struct {
	data string
	ends []uint32
}

func (p *pieces) at(id ID) string {
	start := uint32(0)
	if id > 0 {
		start = p.ends[id-1]
	}
	return p.data[start:p.ends[id]]
}

// newPieces renders the tokens. Special tokens stand for their texts, and those
// that are unused or of an unknown type for nothing.
func newPieces(texts []string, attrs []attr, byteLevel bool) (pieces, error) {
	total := 0
	for _, text := range texts {
		total += len(text)
	}
	if uint64(total) > math.MaxUint32 {
		return pieces{}, fmt.Errorf("%w: key %q: tokens of %d bytes", ErrInvalid, "tokenizer.ggml.tokens", total)
	}
	data := make([]byte, 0, total)
	ends := make([]uint32, len(texts))
	for i, text := range texts {
		switch a := attrs[i]; {
		case a&(control|unknown|userDefined) != 0:
			data = append(data, text...)
		case a&normal != 0 && byteLevel:
			data = appendBytesOf(data, text)
		case a&normal != 0:
			data = appendUnblanked(data, text)
		case a&byteToken != 0:
			b, ok := parseByteToken(text)
			if !ok {
				return pieces{}, fmt.Errorf("%w: key %q: token %d is of type byte but is %.100q, not like <0x0A>", ErrInvalid, "tokenizer.ggml.tokens", i, text)
			}
			data = append(data, b)
		}
		ends[i] = uint32(len(data))
	}
	return pieces{data: string(data), ends: ends}, nil
}

// appendUnblanked appends a SentencePiece text with spaces in place of blanks.
func appendUnblanked(dst []byte, text string) []byte {
	for {
		i := strings.Index(text, blank)
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(dst, text[:i]...)
		dst = append(dst, ' ')
		text = text[i+len(blank):]
	}
}

// charBytes are the bytes that byte-level vocabularies write as characters, by
// character; -1 where a character stands for no byte.
var charBytes = func() (t [256 + 68]int16) {
	for i := range t {
		t[i] = -1
	}
	for b, char := range byteChars {
		r, _ := utf8.DecodeRuneInString(char)
		t[r] = int16(b)
	}
	return t
}()

// appendBytesOf appends the bytes that a byte-level text writes. A text with a
// character that stands for no byte is taken as it is.
func appendBytesOf(dst []byte, text string) []byte {
	start := len(dst)
	for _, r := range text {
		if int(r) >= len(charBytes) || charBytes[r] < 0 {
			return append(dst[:start], text...)
		}
		dst = append(dst, byte(charBytes[r]))
	}
	return dst
}

// parseByteToken reads "<0x0A>".
func parseByteToken(text string) (byte, bool) {
	if len(text) != 6 || text[:3] != "<0x" || text[5] != '>' {
		return 0, false
	}
	b, err := strconv.ParseUint(text[3:5], 16, 8)
	return byte(b), err == nil
}
