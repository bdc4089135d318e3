package gptrun

import (
	"strings"
	"unicode"

	"github.com/gptrun/gptrun/runtime/chat"
	"github.com/gptrun/gptrun/runtime/token"
)

// chatMemory knows which text a chat's tokens stand for.
type chatMemory struct {
	text  string
	marks []mark // ascending
	// prompt is where the last answer begins in text.
	prompt int
}

// mark says that so many bytes of the text are so many tokens.
type mark struct{ text, tokens int }

// tokens returns the tokens of a rendered conversation: the session's as far as
// they stand for the same text, up to a mark, then those of the rest. Earlier
// answers so keep the tokens that the model chose, whatever else would spell them.
func (m *chatMemory) tokens(t *token.Tokenizer, rendered string, held []int32) []int32 {
	m.adopt(rendered)
	common := commonText(rendered, m.text)
	for i := len(m.marks) - 1; i >= 0; i-- {
		if at := m.marks[i]; at.text <= common && at.tokens <= len(held) {
			return t.EncodeNext(held[:at.tokens:at.tokens], rendered[at.text:])
		}
	}
	return encodeRendered(t, rendered)
}

// encodeRendered returns the tokens of a whole rendering. Where the model adds a
// token that begins texts, it comes once, whether the template writes it or not.
// None that ends texts is added, since the model is to go on.
func encodeRendered(t *token.Tokenizer, rendered string) []int32 {
	var ids []int32
	if bos, ok := t.BOS(); ok && t.AddsBOS() {
		rendered = strings.TrimPrefix(rendered, t.Text(bos))
		ids = []int32{bos}
	}
	return t.EncodeNext(ids, rendered)
}

// adopt takes the rendering's form of the last answer where it differs from what
// the model wrote only in blanks around it, which many templates trim. The tokens
// then stand for the rendering's form, so that a cache that cannot go back need not.
func (m *chatMemory) adopt(rendered string) {
	if strings.HasPrefix(rendered, m.text) || !strings.HasPrefix(rendered, m.text[:m.prompt]) {
		return
	}
	last := len(m.marks) - 1
	if last < 0 || m.marks[last].text != len(m.text) {
		return
	}
	written := strings.TrimLeftFunc(m.text[m.prompt:], isSpace)
	answer := strings.TrimRightFunc(written, isSpace)
	after := rendered[m.prompt:]
	if answer == "" {
		written = m.text[m.prompt:]
	} else {
		after = strings.TrimLeftFunc(after, isSpace)
	}
	if !strings.HasPrefix(after, answer) {
		return
	}
	m.text = rendered[:len(rendered)-len(after)+commonText(after, written)]
	m.marks[last].text = len(m.text)
}

// isSpace is what Python's str.strip takes away.
func isSpace(r rune) bool { return unicode.IsSpace(r) || '\x1c' <= r && r <= '\x1f' }

// forget drops what is known of tokens from n on.
func (m *chatMemory) forget(n int) {
	for len(m.marks) > 0 && m.marks[len(m.marks)-1].tokens > n {
		m.marks = m.marks[:len(m.marks)-1]
	}
}

// prompted notes that the first n tokens stand for the rendering.
func (m *chatMemory) prompted(rendered string, n int) {
	common := commonText(rendered, m.text)
	for len(m.marks) > 0 && m.marks[len(m.marks)-1].text > common {
		m.marks = m.marks[:len(m.marks)-1]
	}
	m.text, m.prompt = rendered, len(rendered)
	m.marks = append(m.marks, mark{len(rendered), n})
}

// answered notes an answer, of which the session's n tokens are the end.
func (m *chatMemory) answered(a *chatAnswer, n int) {
	first := n - len(a.ends)
	if a.certain < a.raw.Len() { // a stop string: its tokens stay, but are none of the answer's
		for i := len(a.ends) - 1; i >= 0; i-- {
			if a.ends[i] >= 0 && a.ends[i] <= a.certain {
				m.text += a.raw.String()[:a.ends[i]]
				m.marks = append(m.marks, mark{len(m.text), first + i + 1})
				return
			}
		}
		return
	}
	m.text += a.raw.String()
	m.marks = append(m.marks, mark{len(m.text), n})
}

// chatAnswer is a chat's answer under way.
type chatAnswer struct {
	*chat.Answer
	raw     strings.Builder // the text of the tokens, markers and all
	ends    []int           // of each token in raw; -1 within a character
	certain int             // bytes of raw that are not of a stop string
}

// note notes a token's text and how much text has become certain with it.
func (a *chatAnswer) note(text string, certain int, within bool) {
	a.raw.WriteString(text)
	a.certain += certain
	end := a.raw.Len()
	if within {
		end = -1
	}
	a.ends = append(a.ends, end)
}

// noteRest notes text that belongs to no further token.
func (a *chatAnswer) noteRest(text string, certain int) {
	a.raw.WriteString(text)
	a.certain += certain
}

func (a *chatAnswer) holding() bool { return a != nil && a.Holding() }

func (a *chatAnswer) thinking() bool { return a != nil && a.Thinking() }

// commonTokens is the length of what a and b begin with.
func commonTokens(a, b []int32) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// commonText is commonTokens for texts.
func commonText(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
