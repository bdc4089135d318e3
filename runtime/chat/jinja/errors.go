package jinja

import (
	"fmt"
	"strconv"
	"strings"
)

// Error says what is wrong with a template, or with what it does.
type Error struct {
	Line    int // the template's line, from 1; 0 where there is none
	Message string
}

func (e *Error) Error() string { return at(e.Line) + clean(e.Message) }

// RaisedError is the error that a template asks for by raise_exception.
type RaisedError struct {
	Line    int
	Message string // the template's own words: untrusted, may have many lines
}

func (e *RaisedError) Error() string {
	return at(e.Line) + "the template says " + strconv.Quote(shorten(e.Message))
}

func at(line int) string {
	if line <= 0 {
		return "chat template: "
	}
	return fmt.Sprintf("chat template: line %d: ", line)
}

const maxMessage = 400

// shorten cuts text that goes into a message, between characters.
func shorten(s string) string {
	if len(s) <= maxMessage {
		return s
	}
	return strings.ToValidUTF8(s[:maxMessage], "") + "…"
}

// clean keeps a message to one line without control bytes: names in it come
// from the template.
func clean(s string) string {
	s = shorten(s)
	for _, r := range s {
		if !strconv.IsPrint(r) {
			quoted := strconv.Quote(s)
			return quoted[1 : len(quoted)-1]
		}
	}
	return s
}
