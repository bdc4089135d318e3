package jinja

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// Whatever a template is, it gives text or an error of one line, in time.
func FuzzTemplate(f *testing.F) {
	vars, list := cases(f)
	for _, c := range list {
		f.Add(c.([]any)[0].(string))
	}
	for _, source := range hostile {
		if len(source) < 1000 {
			f.Add(source)
		}
	}
	f.Fuzz(func(t *testing.T, source string) {
		start := time.Now()
		text, err := render(source, vars)
		if took := time.Since(start); took > 10*time.Second { // instrumented, and beside others
			t.Errorf("%v", took)
		}
		var e *Error
		var raised *RaisedError
		switch {
		case err == nil:
			if !utf8.ValidString(text) {
				t.Errorf("the text is not UTF-8: %q", text)
			}
		case !errors.As(err, &e) && !errors.As(err, &raised):
			t.Errorf("%T: %v", err, err)
		case strings.ContainsFunc(err.Error(), func(r rune) bool { return r < 0x20 || r == 0x7f }):
			t.Errorf("control bytes in %q", err)
		}
	})
}

// JSON is read whole or refused.
func FuzzFromJSON(f *testing.F) {
	for _, s := range []string{`{"a": [1, 2.5, null, true, "x\u00e9"], "b": {}}`, `[[[]]]`, `1e999`, `12345678901234567890`, `{"a": 1, "a": 2}`, `1 2`, `[1`, `{"a"`, "\xff"} {
		f.Add([]byte(s))
	}
	tojson, err := Parse("{{ x | tojson }}")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := FromJSON(data)
		if err != nil {
			return
		}
		vars := NewDict()
		vars.Set("x", v)
		text, err := tojson.Render(vars)
		if err != nil {
			return // too large a number to print, for one
		}
		again, err := FromJSON([]byte(text))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		vars.Set("x", again)
		if second, err := tojson.Render(vars); err != nil || second != text {
			t.Errorf("%q becomes %q (%v)", text, second, err)
		}
	})
}
