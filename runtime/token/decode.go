package token

import (
	"slices"
	"unicode/utf8"
)

// Piece is the bytes that one token stands for, which need not be whole
// characters. Control and unknown tokens stand for nothing, with special
// for their texts; ids out of range stand for nothing. No leading space is removed.
func (t *Tokenizer) Piece(id ID, special bool) string {
	if !t.has(id) || !special && t.attrs[id]&(control|unknown) != 0 {
		return ""
	}
	return t.pieces.at(id)
}

// Decode returns the text of a whole sequence, without its control and unknown
// tokens. It takes away the space that a SentencePiece model puts before a text. Each
// sequence of bytes that is not UTF-8 becomes U+FFFD, by the Unicode Standard's
// practice of one for each maximal subpart (section 3.9).
func (t *Tokenizer) Decode(ids []ID) string { return t.decode(ids, false) }

// DecodeSpecial is [Tokenizer.Decode] with the texts of control and unknown tokens.
func (t *Tokenizer) DecodeSpecial(ids []ID) string { return t.decode(ids, true) }

func (t *Tokenizer) decode(ids []ID, special bool) string {
	s := Stream{t: t, special: special, strip: t.addSpacePrefix}
	var raw, text []byte
	for _, id := range ids {
		raw = append(raw, s.piece(id)...)
	}
	text, _ = appendText(make([]byte, 0, len(raw)), raw, true)
	return string(text)
}

// Stream turns the ids of a growing sequence into text. It holds back the bytes
// of a character until it is whole; what it returns in all, Flush included,
// is what Decode returns for the whole sequence. It is for one goroutine.
type Stream struct {
	t       *Tokenizer
	special bool
	shown   []ID // control tokens whose texts are kept
	strip   bool // a leading space is still to be removed
	held    [utf8.UTFMax]byte
	holds   int
	raw     []byte
	text    []byte
}

// NewStream returns a Stream at the beginning of a text.
func (t *Tokenizer) NewStream() *Stream { return &Stream{t: t, strip: t.addSpacePrefix} }

// NewContinuation returns a Stream for ids that follow others, as an answer
// follows a prompt: it keeps the leading space, which there separates words.
func (t *Tokenizer) NewContinuation() *Stream { return &Stream{t: t} }

// Show makes the stream keep the texts of the control tokens that are written as
// one of texts.
func (s *Stream) Show(texts []string) {
	for _, text := range texts {
		if ids := s.t.encode(nil, text, true, true); len(ids) == 1 && s.t.Text(ids[0]) == text {
			s.shown = append(s.shown, ids[0])
		}
	}
}

// Next returns the text that id completes, which may be empty.
func (s *Stream) Next(id ID) string {
	piece := s.piece(id)
	if s.holds == 0 && utf8.ValidString(piece) {
		return piece
	}
	s.raw = append(append(s.raw[:0], s.held[:s.holds]...), piece...)
	var rest []byte
	s.text, rest = appendText(s.text[:0], s.raw, false)
	s.holds = copy(s.held[:], rest)
	return string(s.text)
}

// Holding reports whether bytes are held back.
func (s *Stream) Holding() bool { return s.holds > 0 }

// Flush returns U+FFFD where the sequence ends within a character, else nothing.
func (s *Stream) Flush() string {
	if s.holds == 0 {
		return ""
	}
	s.holds = 0
	return string(utf8.RuneError)
}

// piece is the bytes of the next token.
func (s *Stream) piece(id ID) string {
	piece := s.t.Piece(id, s.special)
	if piece == "" && slices.Contains(s.shown, id) {
		piece = s.t.Piece(id, true)
	}
	if s.strip && piece != "" {
		s.strip = false
		if piece[0] == ' ' {
			return piece[1:]
		}
	}
	return piece
}

// appendText appends raw as UTF-8, with U+FFFD for each maximal subpart of a
// character that cannot be completed. It returns the bytes at the end that may
// yet become a character; at the end of a text there are none.
func appendText(dst, raw []byte, end bool) (text, rest []byte) {
	for len(raw) > 0 {
		if r, size := utf8.DecodeRune(raw); r != utf8.RuneError || size > 1 {
			dst = append(dst, raw[:size]...)
			raw = raw[size:]
			continue
		}
		subpart := 1
		for subpart < len(raw) && !utf8.FullRune(raw[:subpart+1]) {
			subpart++
		}
		if !end && subpart == len(raw) && !utf8.FullRune(raw) {
			return dst, raw
		}
		dst = utf8.AppendRune(dst, utf8.RuneError)
		raw = raw[subpart:]
	}
	return dst, nil
}
