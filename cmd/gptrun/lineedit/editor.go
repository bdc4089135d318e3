package lineedit

import (
	"errors"
	"io"
	"strings"
)

// ErrInterrupted is Ctrl-C.
var ErrInterrupted = errors.New("interrupted")

// Editor reads messages.
type Editor struct {
	Prompt       string // before the first line of a message
	Continuation string // before each other
	// Complete tells whether Enter ends the message: text is all of it. Where it
	// does not, Enter begins another line. nil: always.
	Complete func(text string) bool
	History  *History

	input   Input
	screen  screen
	buffer  buffer
	search  *search
	browsed int    // entry of the history that is shown; its length: none
	draft   string // what was typed before looking at the history
}

// Input is where an editor's keys come from.
type Input interface {
	// Next waits for a key. Redraw is a key that no one pressed: the terminal's
	// size has changed, or someone has written on it. After Ctrl-C by a signal
	// the key is "ctrl-c"; after the end of input the error is io.EOF.
	Next() (Key, error)
	// Suspend stops the process, where the system can, until it is continued.
	Suspend()
}

// Redraw is the name of the key that asks for drawing the message anew.
const Redraw = "redraw"

// New returns an editor that draws on out, a terminal of the given size.
func New(input Input, out io.Writer, size func() (width, height int)) *Editor {
	return &Editor{Prompt: "> ", Continuation: "  ", History: &History{}, input: input, screen: screen{out: out, size: size}}
}

// outcome is what a key does to the reading of a message.
type outcome int

const (
	goOn outcome = iota
	accept
	interrupt
	leave
)

// Read reads a message. Ctrl-C is ErrInterrupted, together with the text that
// it abandons; Ctrl-D on an empty message, and the end of input, are io.EOF.
// Either way the cursor is at the start of an empty line afterwards.
func (e *Editor) Read() (string, error) {
	killed := e.buffer.killed
	e.buffer = buffer{killed: killed}
	e.search, e.draft = nil, ""
	e.browsed = e.History.Len()
	e.screen.forget()
	for {
		if err := e.screen.draw(e.layout()); err != nil {
			return "", err
		}
		key, err := e.input.Next()
		result := leave
		if err == nil {
			result, err = e.press(key), nil
		}
		if result == goOn {
			continue
		}
		e.search = nil
		e.buffer.at = len(e.buffer.text)
		if drawn := e.screen.finish(e.layout()); err == nil {
			err = drawn
		}
		switch {
		case err != nil:
		case result == interrupt:
			err = ErrInterrupted
		case result == leave:
			err = io.EOF
		}
		return e.buffer.text, err
	}
}

func (e *Editor) layout() layout {
	width, _ := e.screen.measure()
	if e.search != nil {
		text, at := e.search.show(e.History)
		return set(e.search.prompt(), e.Continuation, text, at, width)
	}
	return set(e.Prompt, e.Continuation, e.buffer.text, e.buffer.at, width)
}

// press does what a key stands for.
func (e *Editor) press(key Key) outcome {
	if e.search != nil {
		if e.searchPress(key) {
			return goOn
		}
	}
	cutting := e.buffer.cutting
	e.buffer.cutting = false
	switch key.Name {
	case "text", "paste":
		e.buffer.insert(clean(key.Text))
		return goOn
	case "enter":
		return e.enter()
	case "ctrl-c":
		return interrupt
	case "ctrl-d":
		if e.buffer.text == "" {
			return leave
		}
	case Redraw:
		e.buffer.cutting = cutting
		return goOn
	}
	if act, ok := bindings[key.Name]; ok {
		e.buffer.cutting = cutting && kills[key.Name]
		act(e)
		e.buffer.cutting = e.buffer.cutting && kills[key.Name]
	}
	return goOn
}

// enter ends the message or begins another line: after a backslash, which goes,
// and where the message is not complete.
func (e *Editor) enter() outcome {
	b := &e.buffer
	if b.at == b.lineEnd() && strings.HasSuffix(b.text[:b.at], `\`) {
		b.remove(b.at - 1)
		b.insert("\n")
		return goOn
	}
	if e.Complete != nil && !e.Complete(b.text) {
		b.insert("\n")
		return goOn
	}
	return accept
}

// kills are the keys whose cuts join when they follow each other.
var kills = map[string]bool{
	"ctrl-k": true, "ctrl-u": true, "ctrl-w": true,
	"alt-d": true, "alt-backspace": true, "alt-ctrl-h": true, "ctrl-backspace": true, "ctrl-delete": true,
}

// bindings are what keys do to the text.
var bindings = map[string]func(*Editor){
	"left": (*Editor).left, "ctrl-b": (*Editor).left,
	"right": (*Editor).right, "ctrl-f": (*Editor).right,
	"ctrl-left": (*Editor).wordLeft, "alt-left": (*Editor).wordLeft, "alt-b": (*Editor).wordLeft,
	"ctrl-right": (*Editor).wordRight, "alt-right": (*Editor).wordRight, "alt-f": (*Editor).wordRight,
	"home": (*Editor).home, "ctrl-a": (*Editor).home,
	"end": (*Editor).end, "ctrl-e": (*Editor).end,
	"ctrl-home": (*Editor).first, "alt-<": (*Editor).first,
	"ctrl-end": (*Editor).last, "alt->": (*Editor).last,
	"up": (*Editor).up, "down": (*Editor).down,
	"ctrl-p": (*Editor).older, "pageup": (*Editor).older,
	"ctrl-n": (*Editor).newer, "pagedown": (*Editor).newer,
	"backspace": (*Editor).rubOut, "ctrl-h": (*Editor).rubOut, "shift-backspace": (*Editor).rubOut,
	"delete": (*Editor).delete, "ctrl-d": (*Editor).delete,
	"ctrl-k": (*Editor).killLine, "ctrl-u": (*Editor).killBefore, "ctrl-w": (*Editor).killField,
	"alt-d": (*Editor).killWord, "ctrl-delete": (*Editor).killWord,
	"alt-backspace": (*Editor).killWordBefore, "alt-ctrl-h": (*Editor).killWordBefore, "ctrl-backspace": (*Editor).killWordBefore,
	"ctrl-y": func(e *Editor) { e.buffer.insert(e.buffer.killed) },
	"ctrl-t": func(e *Editor) { e.buffer.transpose() },
	"ctrl-l": func(e *Editor) { _ = e.screen.clear() },
	"ctrl-r": func(e *Editor) { e.search = newSearch(e.History) },
	"ctrl-z": (*Editor).suspend,
	"tab":    func(e *Editor) { e.buffer.insert("\t") },

	"ctrl-j": (*Editor).newLine, "alt-enter": (*Editor).newLine, "alt-ctrl-j": (*Editor).newLine,
	"shift-enter": (*Editor).newLine, "ctrl-enter": (*Editor).newLine,
}

func (e *Editor) left()      { e.buffer.at = e.buffer.previous() }
func (e *Editor) right()     { e.buffer.at = e.buffer.next() }
func (e *Editor) wordLeft()  { e.buffer.at = e.buffer.wordStart(inWord) }
func (e *Editor) wordRight() { e.buffer.at = e.buffer.wordEnd() }
func (e *Editor) home()      { e.buffer.at = e.buffer.lineStart() }
func (e *Editor) end()       { e.buffer.at = e.buffer.lineEnd() }
func (e *Editor) first()     { e.buffer.at = 0 }
func (e *Editor) last()      { e.buffer.at = len(e.buffer.text) }
func (e *Editor) newLine()   { e.buffer.insert("\n") }
func (e *Editor) rubOut()    { e.buffer.remove(e.buffer.previous()) }
func (e *Editor) delete()    { e.buffer.remove(e.buffer.next()) }

// killLine cuts the rest of the line, or its end where nothing is left of it.
func (e *Editor) killLine() {
	end := e.buffer.lineEnd()
	if end == e.buffer.at {
		end = min(end+1, len(e.buffer.text))
	}
	e.buffer.kill(end)
}

func (e *Editor) killBefore()     { e.buffer.kill(e.buffer.lineStart()) }
func (e *Editor) killField()      { e.buffer.kill(e.buffer.wordStart(inField)) }
func (e *Editor) killWord()       { e.buffer.kill(e.buffer.wordEnd()) }
func (e *Editor) killWordBefore() { e.buffer.kill(e.buffer.wordStart(inWord)) }

// up and down move between lines, and from the first and last into the history.
func (e *Editor) up() {
	if !e.buffer.vertical(false) {
		e.older()
	}
}

func (e *Editor) down() {
	if !e.buffer.vertical(true) {
		e.newer()
	}
}

func (e *Editor) older() { e.browse(e.browsed - 1) }
func (e *Editor) newer() { e.browse(e.browsed + 1) }

// browse shows entry i of the history; the one after the last is the draft.
func (e *Editor) browse(i int) {
	if i < 0 || i > e.History.Len() {
		return
	}
	if e.browsed == e.History.Len() {
		e.draft = e.buffer.text
	}
	e.browsed = i
	if i == e.History.Len() {
		e.buffer.set(e.draft)
	} else {
		e.buffer.set(e.History.Entry(i))
	}
}

// suspend leaves the text on the terminal, and begins below it afterwards.
func (e *Editor) suspend() {
	_ = e.screen.finish(e.layout())
	e.input.Suspend()
	e.screen.forget()
}
