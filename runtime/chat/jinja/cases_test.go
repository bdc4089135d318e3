package jinja

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// cases returns our own small templates, each with the text of Python's jinja2
// or a dict with its error; testdata/make_cases.py writes them.
func cases(t testing.TB) (vars *Dict, list []any) {
	t.Helper()
	d := readTestdata(t, "cases.json")
	v, _ := d.Get("variables")
	c, _ := d.Get("cases")
	return v.(*Dict), c.([]any)
}

func TestSmallTemplatesRenderAsInPython(t *testing.T) {
	vars, list := cases(t)
	require.Greater(t, len(list), 1000)
	for _, c := range list {
		source, want := c.([]any)[0].(string), c.([]any)[1]
		text, err := render(source, vars)
		if e, ok := want.(*Dict); ok {
			class, _ := e.Get("error")
			var raised *RaisedError
			if err == nil {
				t.Errorf("%s\nPython's jinja2 ends in %s, this in %q", source, class, text)
			} else if errors.As(err, &raised) != (class == "TemplateError") {
				t.Errorf("%s\nPython's jinja2 ends in %s, this in %v", source, class, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s\nwant %q, got %v", source, want, err)
		} else if text != want {
			t.Errorf("%s\nwant %q\ngot  %q", source, want, text)
		}
	}
}
