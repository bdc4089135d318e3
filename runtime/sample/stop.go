package sample

import "strings"

// Stopper watches a growing text for strings that end it. It holds back what
// may be the beginning of one.
type Stopper struct {
	stops []string
	held  string
}

// NewStopper returns a Stopper for the given strings; empty ones are passed over.
func NewStopper(stops []string) *Stopper {
	s := &Stopper{}
	for _, stop := range stops {
		if stop != "" {
			s.stops = append(s.stops, stop)
		}
	}
	return s
}

// Next takes the next piece of the text and returns what is certain not to
// belong to a stop string. Where one is complete, text is what lies before it
// and stopped is true; the text has then ended.
func (s *Stopper) Next(piece string) (text string, stopped bool) {
	if len(s.stops) == 0 {
		return piece, false
	}
	text = piece
	if s.held != "" {
		text = s.held + piece
	}
	s.held = ""
	end := -1
	for _, stop := range s.stops {
		if i := strings.Index(text, stop); i >= 0 && (end < 0 || i < end) {
			end = i
		}
	}
	if end >= 0 {
		return text[:end], true
	}
	n := s.beginning(text)
	s.held = text[len(text)-n:]
	return text[:len(text)-n], false
}

// beginning is the length of text's longest suffix that begins a stop string.
func (s *Stopper) beginning(text string) int {
	longest := 0
	for _, stop := range s.stops {
		for n := min(len(stop)-1, len(text)); n > longest; n-- {
			if strings.HasSuffix(text, stop[:n]) {
				longest = n
			}
		}
	}
	return longest
}

// Holding reports whether text is held back.
func (s *Stopper) Holding() bool { return s.held != "" }

// Flush returns what is held back, at the end of the text.
func (s *Stopper) Flush() string {
	text := s.held
	s.held = ""
	return text
}
