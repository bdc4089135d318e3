package jinja

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func Example() {
	t, err := Parse("{% for m in messages %}<|{{ m.role }}|>\n{{ m.content | trim }}\n{% endfor %}<|assistant|>\n")
	if err != nil {
		fmt.Println(err)
		return
	}
	vars, err := FromJSON([]byte(`{"messages": [{"role": "user", "content": " Hello! "}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := t.Render(vars.(*Dict))
	fmt.Println(text)
	fmt.Println(err)
	// Output:
	// <|user|>
	// Hello!
	// <|assistant|>
	// <nil>
}

func TestWhatATemplateRaisesIsARaisedError(t *testing.T) {
	_, err := render("a\n{{ raise_exception('no\nsystem \x1b[31m') }}", nil)
	var raised *RaisedError
	require.ErrorAs(t, err, &raised)
	require.Equal(t, &RaisedError{2, "no\nsystem \x1b[31m"}, raised)
	require.EqualError(t, err, `chat template: line 2: the template says "no\nsystem \x1b[31m"`)
}

func TestErrorsNameTheLine(t *testing.T) {
	for source, want := range map[string]string{
		"\n\n{% if %}":                                  `chat template: line 3: expected an expression, got %}`,
		"{# \n\n #}{{ nothing.x }}":                     `chat template: line 3: "nothing" is undefined`,
		"{% for x in y %}\n{{ x }}":                     `chat template: line 2: the template ends before {% endfor %}`,
		"\n{{ 1 +\n 'a' }}":                             `chat template: line 2: int + str is not possible`,
		"{% include 'x' %}":                             `chat template: line 1: include: a chat template has no other templates`,
		"\n{{ 'a'|nope }}":                              `chat template: line 2: no filter named "nope"`,
		"{% macro m(x) %}{% endmacro %}\n{{ m(1, 2) }}": `chat template: line 2: macro "m" takes 1 arguments at most, 2 are given`,
	} {
		_, err := render(source, nil)
		var e *Error
		require.True(t, errors.As(err, &e), "%s: %v", source, err)
		require.EqualError(t, err, want, source)
	}
}
