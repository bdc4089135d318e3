package chat

import (
	"fmt"
	"strings"
)

// Piece is a piece of an answer: of the thinking before it, or of the answer proper.
type Piece struct {
	Text     string
	Thinking bool
}

// Answer takes an answer apart as it comes: thinking, content and tool calls. It
// holds back what may turn out to be a marker, and the text of tool calls. What
// looks like a call but cannot be read as one is content. It is for one goroutine.
type Answer struct {
	format
	state answerState
	end   string   // the marker that ends the thinking
	skips []string // may stand before the content
	held  string   // text that is not certain yet
	call  strings.Builder
	open  string // the marker that the call began with

	content, thinking strings.Builder
	calls             []ToolCall
	firstCall         int // the number of calls in the conversation before
	pieces            []Piece
}

type answerState uint8

const (
	atBegin   answerState = iota // only blanks so far
	atContent                    // after the thinking, only blanks so far
	inThinking
	inContent
	inCall
)

// maxBlanks bounds the white space that is held back to see whether it stands
// before a marker.
const maxBlanks = 256

// Answer returns what takes the answer to a rendered prompt apart. Tool calls are
// looked for where tools were given. calls is the number of tool calls in the
// conversation so far: calls that the model gives no id get one that counts on.
func (t *Templates) Answer(prompt string, o Options, calls int) *Answer {
	a := &Answer{format: formatOf(t.pick(o).source), firstCall: calls}
	if len(o.Tools) == 0 {
		a.format.calls = noCalls
	}
	prompt = strings.TrimRight(prompt, blanks)
	for _, p := range a.pairs {
		a.skips = append(a.skips, p.answers...)
		if strings.HasSuffix(prompt, p.open) {
			a.state, a.end = inThinking, p.end
		}
	}
	return a
}

// Markers are the texts that must not be left out where they are control tokens.
func (a *Answer) Markers() []string { return a.markers() }

// Next takes the next text and returns what has become certain. The slice is
// valid until the next call.
func (a *Answer) Next(text string) []Piece {
	a.pieces = a.pieces[:0]
	a.held += text
	for a.step() {
	}
	return a.pieces
}

// Holding reports whether text is held back that may yet become content or
// thinking. The text of a tool call does not count.
func (a *Answer) Holding() bool { return a.held != "" && a.state != inCall }

// Thinking reports whether what comes next is thinking, as far as is known.
func (a *Answer) Thinking() bool { return a.state == inThinking }

// Flush ends the answer and returns the rest of it.
func (a *Answer) Flush() []Piece {
	a.pieces = a.pieces[:0]
	rest := a.held
	a.held = ""
	switch {
	case a.state == inCall:
		a.call.WriteString(rest)
		a.finishCall("")
	case a.state == inThinking:
		a.emit(trimRight(rest), true)
	case len(a.calls) > 0 && isBlank(rest):
	default:
		a.emit(rest, false)
	}
	return a.pieces
}

// Message is the assistant's message, as far as it is certain.
func (a *Answer) Message() Message {
	return Message{Role: "assistant", Content: a.content.String(), Thinking: a.thinking.String(), ToolCalls: a.calls}
}

func (a *Answer) emit(text string, thinking bool) {
	if text == "" {
		return
	}
	if thinking {
		a.thinking.WriteString(text)
	} else {
		a.content.WriteString(text)
	}
	if n := len(a.pieces); n > 0 && a.pieces[n-1].Thinking == thinking {
		a.pieces[n-1].Text += text
		return
	}
	a.pieces = append(a.pieces, Piece{text, thinking})
}

// step takes what it can of the held text, and reports whether there may be more
// to take.
func (a *Answer) step() bool {
	if a.held == "" {
		return false
	}
	switch a.state {
	case atBegin, atContent:
		return a.begin()
	case inThinking:
		return a.think()
	case inContent:
		return a.talk()
	}
	return a.collect()
}

// begin looks for what may stand before the content.
func (a *Answer) begin() bool {
	text := strings.TrimLeft(a.held, blanks)
	if a.state == atContent {
		a.held = text
	}
	if text == "" && len(a.held) < maxBlanks {
		return false
	}
	partial := false
	match := func(marker string) bool {
		partial = partial || len(text) < len(marker) && strings.HasPrefix(marker, text)
		return strings.HasPrefix(text, marker)
	}
	if len(a.held)-len(text) < maxBlanks {
		for _, p := range a.pairs {
			if a.state == atBegin && match(p.open) {
				a.state, a.end, a.held = inThinking, p.end, text[len(p.open):]
				return true
			}
		}
		for _, s := range a.skips {
			if match(s) {
				a.state, a.held = atContent, text[len(s):]
				return true
			}
		}
		if partial {
			return false
		}
	}
	a.state = inContent
	if a.format.calls == llamaCalls && strings.HasPrefix(text, "{") {
		a.state, a.open = inCall, a.held[:len(a.held)-len(text)]
		a.held = text
	}
	return true
}

// think takes thinking, without the blanks around it.
func (a *Answer) think() bool {
	if a.thinking.Len() == 0 {
		a.held = strings.TrimLeft(a.held, blanks)
	}
	before, after, found := strings.Cut(a.held, a.end)
	if found {
		a.emit(trimRight(before), true)
		a.state, a.held = atContent, after
		return true
	}
	a.emit(a.take(a.end), true)
	return false
}

// talk takes content up to a tool call.
func (a *Answer) talk() bool {
	if a.format.calls == noCalls {
		a.emit(a.held, false)
		a.held = ""
		return false
	}
	marker := callMarkers[a.format.calls].open
	before, after, found := strings.Cut(a.held, marker)
	if found {
		a.emit(trimRight(before), false)
		a.state, a.open, a.held = inCall, marker, after
		return true
	}
	a.emit(a.take(marker), false)
	return false
}

// take cuts off what is held for certain: all but what may begin the marker, and
// the blanks before it.
func (a *Answer) take(marker string) string {
	text := trimRight(a.held[:len(a.held)-beginning(a.held, marker)])
	a.held = a.held[len(text):]
	return text
}

// collect takes the text of a tool call.
func (a *Answer) collect() bool {
	end := callMarkers[a.format.calls].end
	if end == "" {
		a.call.WriteString(a.held)
		a.held = ""
		return false
	}
	before, after, found := strings.Cut(a.held, end)
	if found {
		a.call.WriteString(before)
		a.held = after
		a.finishCall(end)
		return true
	}
	n := len(a.held) - beginning(a.held, end)
	a.call.WriteString(a.held[:n])
	a.held = a.held[n:]
	return false
}

// finishCall reads the call that has been collected.
func (a *Answer) finishCall(end string) {
	text := a.call.String()
	a.call.Reset()
	a.state = inContent
	calls, ok := parseCalls(a.format.calls, text)
	if !ok {
		a.emit(a.open+text+end, false)
		return
	}
	for _, c := range calls {
		if c.ID == "" {
			// Mistral's templates want nine letters and digits.
			c.ID = fmt.Sprintf("call%05d", a.firstCall+len(a.calls))
		}
		a.calls = append(a.calls, c)
	}
}

// beginning is the length of text's longest suffix that begins the marker and is
// not all of it.
func beginning(text, marker string) int {
	for n := min(len(marker)-1, len(text)); n > 0; n-- {
		if strings.HasSuffix(text, marker[:n]) {
			return n
		}
	}
	return 0
}

// blanks are white space as JSON has it.
const blanks = " \t\r\n"

func isBlank(s string) bool { return strings.Trim(s, blanks) == "" }

// trimRight trims blanks, of many only the last, so that it does not matter in
// which pieces they came.
func trimRight(s string) string {
	trimmed := strings.TrimRight(s, blanks)
	n := len(s) - len(trimmed)
	return s[:len(trimmed)+n-n%maxBlanks]
}
