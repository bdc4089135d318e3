package jinja

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// now is the time of the recorded texts.
var now = time.Date(2024, 7, 26, 9, 5, 7, 123456000, time.UTC)

// render parses and renders with the recorded texts' clock.
func render(source string, vars *Dict) (string, error) {
	t, err := Parse(source)
	if err != nil {
		return "", err
	}
	t.Now = func() time.Time { return now }
	return t.Render(vars)
}

func readTestdata(t testing.TB, name string) *Dict {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	v, err := FromJSON(data)
	require.NoError(t, err)
	return v.(*Dict)
}

// The templates of many models must give the text that Python's jinja2 gives,
// or fail where it fails. templates.json is written by make_templates.py.
func TestRealTemplatesRenderAsInPython(t *testing.T) {
	lab := os.Getenv("GPTRUN_LAB")
	if lab == "" {
		t.Skip("GPTRUN_LAB is not set: make lab fetches llama.cpp's templates")
	}
	folder := filepath.Join(lab, "llama_cpp_python-0.3.36/vendor/llama.cpp/models/templates")
	data, err := os.ReadFile("testdata/templates.json")
	require.NoError(t, err)
	var want map[string]map[string]string
	require.NoError(t, json.Unmarshal(data, &want))
	conversations := readTestdata(t, "conversations.json")
	require.NotEmpty(t, want)
	for name, row := range want {
		t.Run(name, func(t *testing.T) {
			source, err := os.ReadFile(filepath.Join(folder, name))
			require.NoError(t, err, "python3 scripts/lab.py vocabs fetches the templates")
			for _, conversation := range conversations.Keys() {
				for _, prompt := range []bool{false, true} {
					given, _ := conversations.Get(conversation)
					vars := NewDict()
					for _, e := range given.(*Dict).list() {
						vars.put(e.hash, e.key, e.value)
					}
					vars.Set("add_generation_prompt", prompt)
					key := conversation
					if prompt {
						key += " +prompt"
					}
					text, err := render(string(source), vars)
					checkText(t, key, row[key], text, err)
				}
			}
		})
	}
}

// checkText compares with a recorded hash or class of error.
func checkText(t *testing.T, key, want, text string, err error) {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	switch got := hex.EncodeToString(sum[:8]); {
	case len(want) != len(got): // a class of error
		var raised *RaisedError
		if err == nil {
			t.Errorf("%s: Python's jinja2 ends in %s, this in\n%s", key, want, text)
		} else if errors.As(err, &raised) != (want == "TemplateError") {
			t.Errorf("%s: Python's jinja2 ends in %s, this in %v", key, want, err)
		}
	case err != nil:
		t.Errorf("%s: %v", key, err)
	case got != want:
		t.Errorf("%s: the text differs from Python's (see testdata/make_templates.py):\n%s", key, text)
	}
}
