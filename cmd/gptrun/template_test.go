package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun"
	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/loader/gguftest"
)

// withTemplate writes a tiny model that has the template.
func withTemplate(t testing.TB, source string) string {
	f, err := loader.Open(tiny("gpt2"))
	require.NoError(t, err)
	defer f.Close()
	w := gguftest.From(t, f)
	w.Set("tokenizer.chat_template", source)
	return w.Write(t, "template.gguf")
}

func writeFile(t testing.TB, text string) string {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestChatTemplateRendersAsTransformersDoes(t *testing.T) {
	for _, arch := range []string{"llama", "gemma3"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "tiny", arch, "golden.json"))
		require.NoError(t, err)
		var golden struct {
			Chat []struct {
				Messages            json.RawMessage
				AddGenerationPrompt bool `json:"add_generation_prompt"`
				Text, Error         string
			}
		}
		require.NoError(t, json.Unmarshal(data, &golden))
		require.NotEmpty(t, golden.Chat)
		for _, chat := range golden.Chat {
			c := console{in: string(chat.Messages)}
			args := []string{"chat-template", "-m", tiny(arch)}
			if !chat.AddGenerationPrompt {
				args = append(args, "--no-generation-prompt")
			}
			if chat.Error != "" {
				require.Equal(t, exitError, c.run(append(args, "--json")...))
				require.Contains(t, c.err.String(), chat.Error)
				require.Equal(t, 1, strings.Count(c.err.String(), "\n"))
				require.Empty(t, c.out.String())
				continue
			}
			require.Zero(t, c.run(append(args, "--json")...), c.err.String())
			require.Equal(t, chat.Text, decode[struct{ Text string }](t, c.out.String()).Text)
			require.Zero(t, c.run(args...))
			require.Equal(t, chat.Text, c.out.String())
		}
	}
}

func TestChatTemplateGetsToolsAndVariablesAsTheyAre(t *testing.T) {
	source := `{{ tools | tojson }} {{ enable_thinking }} {{ messages[0].content[0].text }} {{ messages[0].extra | tojson }} {{ add_generation_prompt }} {{ documents is none }} {{ eos_token }}`
	c := console{in: `[{"role":"user","content":[{"type":"text","text":"Hi"}],"extra":{"b":1,"a":2.50}}]`}
	tools := writeFile(t, `[{"type":"function","function":{"name":"f","a":[1, 2]}}]`)
	require.Zero(t, c.run("chat-template", "-m", withTemplate(t, source), "--tools", tools, "--var", "enable_thinking=false"), c.err.String())
	require.Equal(t, `[{"type": "function", "function": {"name": "f", "a": [1, 2]}}] False Hi {"b": 1, "a": 2.5} True True <|endoftext|>`, c.out.String())
	require.Zero(t, c.run("chat-template", "-m", withTemplate(t, "{{ tools is none }}")))
	require.Equal(t, "True", c.out.String())
}

func TestWhatChatTemplateCannotUseIsOneLine(t *testing.T) {
	good := `[{"role":"user","content":"Hi"}]`
	model := withTemplate(t, "{{ messages[0].content }}")
	for _, x := range []struct {
		name, in string
		status   int
		args     []string
		says     string
	}{
		{"no template", good, exitError, []string{"-m", tiny("gpt2")}, "no chat template"},
		{"no model", good, exitUsage, nil, "which model?"},
		{"a template that does not parse", good, exitError, []string{"-m", withTemplate(t, "{% for %}")}, "chat template"},
		{"a template without end", good, exitError, []string{"-m", withTemplate(t, "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}")}, "chat template"},
		{"what a template raises", good, exitError, []string{"-m", withTemplate(t, `{{ raise_exception("two\nlines\x1b") }}`)}, `two`},
		{"messages that are no JSON", "Hi", exitError, []string{"-m", model}, "not a chat message"},
		{"messages that are no list", `{"role":"user"}`, exitError, []string{"-m", model}, "list"},
		{"a message that is no object", `["Hi"]`, exitError, []string{"-m", model}, "element 0"},
		{"tools that are missing", good, exitError, []string{"-m", model, "--tools", "no-such-file"}, "no-such-file"},
		{"tools that are no list", good, exitError, []string{"-m", model, "--tools", writeFile(t, "{}")}, "JSON list"},
		{"a variable without a value", good, exitUsage, []string{"-m", model, "--var", "x"}, "KEY=JSON"},
		{"a variable that is no JSON", good, exitUsage, []string{"-m", model, "--var", "x=y"}, "not JSON"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := console{in: x.in}
			require.Equal(t, x.status, c.run(append([]string{"chat-template"}, x.args...)...))
			require.Contains(t, c.err.String(), x.says)
			require.Equal(t, 1, strings.Count(c.err.String(), "\n"), c.err.String())
			require.NotContains(t, c.err.String(), "\x1b")
			require.Empty(t, c.out.String())
		})
	}
}

// ids are a model's ids of a text, given as it is.
func ids(t testing.TB, path, text string) int {
	return len(decode[idsJSON](t, good(t, "tokenize", "-m", path, "--json", text)).IDs)
}

func TestPromptAppliesTheTemplate(t *testing.T) {
	model := withTemplate(t, "{% for m in messages %}[{{ m.role }}: {{ m.content }}]{% endfor %}{{ x }}{% if tools %}{{ tools | tojson }}{% endif %}")
	count := func(args ...string) int {
		out := good(t, append([]string{"prompt", "-m", model, "-n", "1", "--json", "Hi"}, args...)...)
		return int(decode[promptJSON](t, out).Timings["prompt_n"])
	}
	require.Equal(t, ids(t, model, "[user: Hi]"), count())
	require.Equal(t, ids(t, model, "[system: Be terse.][user: Hi]"), count("--system", "Be terse."))
	require.Equal(t, ids(t, model, "[system: Be terse.][user: Hi]"), count("-sys", "Be terse."))
	require.Equal(t, ids(t, model, "[user: Hi]7"), count("--var", "x=7"))
	require.Equal(t, ids(t, model, `[user: Hi][{"name": "f"}]`), count("--tools", writeFile(t, `[{"name":"f"}]`)))
	require.Equal(t, ids(t, model, "Hi"), count("--raw"))
	require.Equal(t, ids(t, tiny("gpt2"), "Hi"), int(decode[promptJSON](t, good(t, "prompt", "-m", tiny("gpt2"), "-n", "1", "--json", "Hi")).Timings["prompt_n"]))
}

func TestPromptSaysOnATerminalThatItAppliesTheTemplate(t *testing.T) {
	for _, x := range []struct {
		model    string
		args     []string
		terminal bool
		says     bool
	}{
		{tiny("llama"), nil, true, true},
		{tiny("llama"), nil, false, false},
		{tiny("llama"), []string{"--raw"}, true, false},
		{tiny("gpt2"), nil, true, false},
	} {
		c := console{errIsTerminal: x.terminal}
		require.Zero(t, c.run(append([]string{"prompt", "-m", x.model, "-n", "1", "Hi"}, x.args...)...), c.err.String())
		require.Equal(t, x.says, strings.Count(c.err.String(), "chat template") == 1, c.err.String())
	}
}

func TestWhatNeedsATemplateIsRefusedWithoutOne(t *testing.T) {
	for _, args := range [][]string{
		{"-m", tiny("gpt2"), "--system", "x"}, {"-m", tiny("gpt2"), "--tools", "x"}, {"-m", tiny("llama"), "--raw", "--var", "x=1"},
	} {
		var c console
		require.Equal(t, exitUsage, c.run(append([]string{"prompt", "Hi"}, args...)...))
		require.Contains(t, c.err.String(), "chat template")
	}
	var c console
	require.Equal(t, exitError, c.run("prompt", "-m", withTemplate(t, "{% if %}"), "Hi"))
	require.Contains(t, c.err.String(), "--raw")
	require.Equal(t, exitError, c.run("prompt", "-m", tiny("llama"), "--system", "x", "Hi"))
	require.Contains(t, c.err.String(), "Only user and assistant roles are supported!")
	require.Equal(t, 1, strings.Count(c.err.String(), "\n"))
}

func TestAnAnswersPartsGoWhereTheyBelong(t *testing.T) {
	stream := func(yield func(gptrun.Token, error) bool) {
		_ = yield(gptrun.Token{ID: 1, Text: "Hm.", Thinking: true}, nil) && yield(gptrun.Token{ID: 2, Text: "Yes."}, nil) && yield(gptrun.Token{ID: -1, Text: "!"}, nil)
	}
	m := &gptrun.Message{Role: "assistant", Content: "Yes.!", Thinking: "Hm.", ToolCalls: []gptrun.ToolCall{{ID: "a", Name: "f", Arguments: json.RawMessage(`{"x":1}`)}}}
	const callLine = `{"id":"a","type":"function","function":{"name":"f","arguments":{"x":1}}}`
	for _, x := range []struct {
		name        string
		format      answerFormat
		terminal    bool
		environment map[string]string
		want        string
	}{
		{"for a program", plainText, false, nil, "Yes.!\n" + callLine + "\n"},
		{"on a terminal", plainText, true, nil, "\x1b[2mHm.\x1b[0m\n\nYes.!\n" + callLine + "\n"},
		{"without colours", plainText, true, map[string]string{"NO_COLOR": "1"}, "Hm.\n\nYes.!\n" + callLine + "\n"},
		{"as JSON", jsonAtEnd, false, nil, `{"tokens":[1,2],"text":"Yes.!","thinking":"Hm.","tool_calls":[` + callLine + `],"stop":"eos","timings":{"load_ms":0,"prompt_n":0,"prompt_ms":0,"prompt_per_second":0,"predicted_n":0,"predicted_ms":0,"predicted_per_second":0}}` + "\n"},
		{"as lines of JSON", jsonLines, false, nil, `{"id":1,"text":"Hm.","thinking":true}` + "\n" + `{"id":2,"text":"Yes."}` + "\n" + `{"id":-1,"text":"!"}` + "\n" + `{"tool_calls":[` + callLine + `],"stop":"eos","timings":{"load_ms":0,"prompt_n":0,"prompt_ms":0,"prompt_per_second":0,"predicted_n":0,"predicted_ms":0,"predicted_per_second":0}}` + "\n"},
	} {
		t.Run(x.name, func(t *testing.T) {
			var out strings.Builder
			a := newAnswer(&terminal{out: &out, outIsTerminal: x.terminal, env: func(name string) (string, bool) {
				v, ok := x.environment[name]
				return v, ok
			}}, nil, x.format, -1)
			require.NoError(t, a.stream(stream))
			require.NoError(t, a.finish(m, gptrun.StopEOS, gptrun.Timings{}))
			require.Equal(t, x.want, out.String())
		})
	}
}
