package jinja

import (
	"fmt"
	"strings"
	"time"
)

// Template is a parsed template. It may be rendered by several goroutines at a
// time.
type Template struct {
	// Now is the clock of strftime_now; nil is time.Now.
	Now func() time.Time

	body  []stmt
	names []string // of variables, by number
}

// Parse reads a template. The error is an *Error.
func Parse(source string) (t *Template, err error) {
	if len(source) > maxSource {
		return nil, &Error{Message: fmt.Sprintf("%d bytes are too long: %d at most", len(source), maxSource)}
	}
	defer recoverError(&err)
	p := &parser{tokens: tokenize(strings.ToValidUTF8(source, "\uFFFD")), ids: map[string]int{}}
	var body []stmt
	p.firm(func() { body = p.body() })
	return &Template{body: body, names: p.names}, nil
}

// Render returns the template's text for the variables: nil, bool, int64,
// float64, string, []any, *Dict, and integers beyond int64 as *big.Int. They
// are not changed. The error is an *Error or a *RaisedError.
func (t *Template) Render(vars *Dict) (text string, err error) {
	defer recoverError(&err)
	st := &state{template: t, lib: builtins, out: &strings.Builder{}, root: make([]any, len(t.names))}
	st.left = newBudget(inputSize(vars, 0))
	for id, name := range t.names {
		if v, ok := vars.Get(name); ok {
			st.root[id] = v
		} else if g, ok := globals[name]; ok {
			st.root[id] = g
		} else {
			st.root[id] = missing
		}
	}
	st.exec(t.body)
	return st.out.String(), nil
}

// recoverError turns the package's own panics, by which parser and evaluation
// end, into an error; any other panic goes on.
func recoverError(err *error) {
	switch e := recover().(type) {
	case nil:
	case *Error:
		*err = e
	case *RaisedError:
		*err = e
	default:
		panic(e)
	}
}

func failAt(line int, format string, args ...any) {
	panic(&Error{line, fmt.Sprintf(format, args...)})
}

// inputSize returns about how many bytes given values take, and refuses those
// of other types than templates know.
func inputSize(v any, depth int) int {
	if depth > maxValues {
		failAt(0, "the given values lie more than %d deep in each other", maxValues)
	}
	n := 16
	switch v := v.(type) {
	case *Dict:
		for _, e := range v.list() {
			n += inputSize(e.key, depth+1) + inputSize(e.value, depth+1)
		}
	case []any:
		for _, e := range v {
			n += inputSize(e, depth+1)
		}
	case string:
		n += len(v)
	default:
		if !isScalar(v) {
			failAt(0, "a given value is of type %T", v)
		}
	}
	return n
}
