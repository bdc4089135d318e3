package lineedit

import "strings"

// search is Ctrl-R: looking for older entries of the history that hold a text.
type search struct {
	text  string
	entry int // that holds it; -1: none does
}

func newSearch(h *History) *search { return &search{entry: h.Len()} }

func (s *search) prompt() string {
	if s.entry < 0 {
		return "(no older message holds) " + s.text + ": "
	}
	return "(search) " + s.text + ": "
}

// show is the entry found and where in it the text is.
func (s *search) show(h *History) (text string, at int) {
	if s.entry < 0 || s.entry >= h.Len() {
		return "", 0
	}
	text = h.Entry(s.entry)
	return text, max(0, strings.LastIndex(text, s.text))
}

// find looks for the text from entry i to older ones.
func (s *search) find(h *History, i int) {
	for i = min(i, h.Len()-1); i >= 0 && s.text != ""; i-- {
		if strings.Contains(h.Entry(i), s.text) {
			s.entry = i
			return
		}
	}
	if s.text == "" {
		s.entry = h.Len()
	} else {
		s.entry = -1
	}
}

// searchPress takes a key that belongs to the search. Any other ends it with
// what was found, and is left to be done to that.
func (e *Editor) searchPress(key Key) bool {
	s := e.search
	switch key.Name {
	case "text":
		s.text += clean(key.Text)
		if s.entry >= 0 {
			s.find(e.History, s.entry)
		}
	case "ctrl-r":
		if s.entry >= 0 {
			s.find(e.History, s.entry-1)
		}
	case "backspace", "ctrl-h":
		b := buffer{text: s.text, at: len(s.text)}
		b.remove(b.previous())
		s.text = b.text
		s.find(e.History, e.History.Len()-1)
	case "ctrl-g", "ctrl-c":
		e.search = nil
	case Redraw:
	default:
		if text, at := s.show(e.History); text != "" {
			e.browse(s.entry)
			e.buffer.at = at
			if key.Name == "enter" {
				e.buffer.at = len(text)
			}
		}
		e.search = nil
		return key.Name == "esc"
	}
	return true
}
