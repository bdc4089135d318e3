package chat

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The sources stand for templates: what they know tells how the models write.
const (
	plainSource   = "{{ messages }}"
	qwenSource    = "<tool_call> <think>"
	mistralSource = "[TOOL_CALLS] [THINK]"
	llamaSource   = "<|python_tag|>"
	ossSource     = "<|channel|>analysis<|message|>"
)

// answerTo begins an answer with tools given.
func answerTo(source, prompt string) *Answer {
	t := &Template{source: source}
	return (&Templates{general: t, tools: t}).Answer(prompt, Options{Tools: []json.RawMessage{json.RawMessage("{}")}}, 0)
}

// feed gives the text in pieces and checks that what comes out at once is what
// the message holds in the end.
func feed(t testing.TB, a *Answer, pieces ...string) Message {
	var content, thinking strings.Builder
	note := func(pieces []Piece) {
		for _, p := range pieces {
			require.NotEmpty(t, p.Text)
			if p.Thinking {
				thinking.WriteString(p.Text)
			} else {
				content.WriteString(p.Text)
			}
		}
	}
	for _, piece := range pieces {
		note(a.Next(piece))
	}
	note(a.Flush())
	m := a.Message()
	require.Equal(t, m.Content, content.String())
	require.Equal(t, m.Thinking, thinking.String())
	return m
}

func call(id, name, arguments string) ToolCall {
	return ToolCall{ID: id, Name: name, Arguments: json.RawMessage(arguments)}
}

func TestAnswersAreTakenApart(t *testing.T) {
	weather := call("call00000", "weather", `{"city": "Oslo"}`)
	time := call("call00001", "time", `{}`)
	for _, c := range []struct {
		name, source, prompt, text string
		content, thinking          string
		calls                      []ToolCall
	}{
		{"a text", plainSource, "", " Hello\n\nthere \n", " Hello\n\nthere \n", "", nil},
		{"nothing", qwenSource, "", "", "", "", nil},
		{"blanks", qwenSource, "", " \n", " \n", "", nil},
		{"thinking", plainSource, "", "<think>\nHm. \n Hm!\n</think>\n\nYes.", "Yes.", "Hm. \n Hm!", nil},
		{"thinking after blanks", plainSource, "", "\n<think>a</think>b", "b", "a", nil},
		{"no thoughts", qwenSource, "", "<think>\n\n</think>\n\nYes.\n", "Yes.\n", "", nil},
		{"thinking that the prompt has begun", qwenSource, "<|im_start|>assistant\n<think>\n", "Hm.\n</think>\nYes.", "Yes.", "Hm.", nil},
		{"thinking that does not end", qwenSource, "<think>", "Hm </thin", "", "Hm </thin", nil},
		{"a marker within the text is text", plainSource, "", "Write <think>x</think>.", "Write <think>x</think>.", "", nil},
		{"the beginning of a marker is text", plainSource, "", "<thi", "<thi", "", nil},
		{"almost a marker", plainSource, "", "<thin>x", "<thin>x", "", nil},
		{"Mistral's thinking", mistralSource, "", "[THINK]a[/THINK]b", "b", "a", nil},
		{"markers that the template does not know", plainSource, "", "[THINK]a[/THINK]b", "[THINK]a[/THINK]b", "", nil},
		{"gpt-oss's channels", ossSource, "<|start|>assistant", "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b", "b", "a", nil},
		{"gpt-oss's answer alone", ossSource, "<|start|>assistant", "<|channel|>final<|message|>b", "b", "", nil},

		{"Qwen's call", qwenSource, "", "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Oslo\"}}\n</tool_call>", "", "", []ToolCall{weather}},
		{"a text, thinking and two calls", qwenSource, "", "<think>a</think>I look.\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Oslo\"}}\n</tool_call>\n<tool_call>\n{\"name\": \"time\", \"arguments\": {}}\n</tool_call>\n", "I look.", "a", []ToolCall{weather, time}},
		{"a call that does not end", qwenSource, "", "<tool_call>{\"name\": \"weather\", \"arguments\": {\"city\": \"Oslo\"}}\n", "", "", []ToolCall{weather}},
		{"a call that is cut off", qwenSource, "", "x <tool_call>{\"name\": \"wea", "x<tool_call>{\"name\": \"wea", "", nil},
		{"no JSON", qwenSource, "", "<tool_call>weather(Oslo)</tool_call>.", "<tool_call>weather(Oslo)</tool_call>.", "", nil},
		{"arguments that are no object", qwenSource, "", `<tool_call>{"name":"f","arguments":[1]}</tool_call>`, `<tool_call>{"name":"f","arguments":[1]}</tool_call>`, "", nil},
		{"arguments in a string", qwenSource, "", `<tool_call>{"name":"weather","arguments":"{\"city\": \"Oslo\"}"}</tool_call>`, "", "", []ToolCall{weather}},
		{"markers without tools' style", plainSource, "", "<tool_call>{}</tool_call>", "<tool_call>{}</tool_call>", "", nil},

		{"Llama 3's call", llamaSource, "", ` {"name": "weather", "parameters": {"city": "Oslo"}}`, "", "", []ToolCall{weather}},
		{"after the python tag", llamaSource, "", `<|python_tag|>{"type": "function", "name": "weather", "parameters": {"city": "Oslo"}}; {"name":"time","parameters":{}}`, "", "", []ToolCall{weather, time}},
		{"an object that is no call", llamaSource, "", ` {"city": "Oslo"}`, ` {"city": "Oslo"}`, "", nil},
		{"a function within an object", llamaSource, "", `{"type":"function","function":{"name":"weather","arguments":{"city": "Oslo"}}}`, "", "", []ToolCall{weather}},
		{"a function within a function", llamaSource, "", `{"function":{"function":{"name":"f","arguments":{}}}}`, `{"function":{"function":{"name":"f","arguments":{}}}}`, "", nil},
		{"python", llamaSource, "", `<|python_tag|>print(1)`, `<|python_tag|>print(1)`, "", nil},

		{"Mistral's list", mistralSource, "", `[TOOL_CALLS][{"name": "weather", "arguments": {"city": "Oslo"}}, {"name": "time", "arguments": {}}]`, "", "", []ToolCall{weather, time}},
		{"with ids", mistralSource, "", `[TOOL_CALLS] [{"name": "f", "arguments": {}, "id": "abcdefghi"}]`, "", "", []ToolCall{call("abcdefghi", "f", "{}")}},
		{"Mistral's newer calls", mistralSource, "", `I look.[TOOL_CALLS]weather[ARGS]{"city": "Oslo"}[TOOL_CALLS]time[ARGS]{}`, "I look.", "", []ToolCall{weather, time}},
		{"with an id between", mistralSource, "", `[TOOL_CALLS]f[CALL_ID]abcdefghi[ARGS]{}`, "", "", []ToolCall{call("abcdefghi", "f", "{}")}},
		{"without a mark before the arguments", mistralSource, "", `[TOOL_CALLS]weather{"city": "Oslo"}`, "", "", []ToolCall{weather}},
		{"a name that is none", mistralSource, "", `[TOOL_CALLS]what is {}`, `[TOOL_CALLS]what is {}`, "", nil},
		{"text after the arguments", mistralSource, "", `[TOOL_CALLS]f[ARGS]{} so`, `[TOOL_CALLS]f[ARGS]{} so`, "", nil},
		{"a marker within the arguments", mistralSource, "", `[TOOL_CALLS]f[ARGS]{"a":"[TOOL_CALLS]g[ARGS]{}"}`, "", "", []ToolCall{call("call00000", "f", `{"a":"[TOOL_CALLS]g[ARGS]{}"}`)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := Message{Role: "assistant", Content: c.content, Thinking: c.thinking, ToolCalls: c.calls}
			require.Equal(t, want, feed(t, answerTo(c.source, c.prompt), c.text))
			for i := range len(c.text) {
				require.Equal(t, want, feed(t, answerTo(c.source, c.prompt), c.text[:i], c.text[i:]), "cut at %d", i)
			}
			require.Equal(t, want, feed(t, answerTo(c.source, c.prompt), strings.Split(c.text, "")...), "by characters")
		})
	}
}

func TestCallsAreTextWhereNoToolsAreGiven(t *testing.T) {
	template := &Template{source: qwenSource}
	a := (&Templates{general: template, tools: template}).Answer("", Options{}, 0)
	text := `<tool_call>{"name":"f","arguments":{}}</tool_call>`
	require.Equal(t, Message{Role: "assistant", Content: text}, feed(t, a, text))
	require.NotContains(t, a.Markers(), "<tool_call>")
}

func TestTextThatIsCertainIsNotHeldBack(t *testing.T) {
	a := answerTo(qwenSource, "")
	require.Equal(t, []Piece{{"Hello", false}}, a.Next("Hello"))
	require.False(t, a.Holding())
	require.Equal(t, []Piece{{", you", false}}, a.Next(", you <tool"))
	require.True(t, a.Holding())
	require.Equal(t, []Piece{{" <tools> and", false}}, a.Next("s> and"))
	require.Empty(t, a.Next("<tool_call>{"))
	require.False(t, a.Holding(), "what is in a call is no text to come")
}

func TestBlanksAreHeldBackToABound(t *testing.T) {
	for _, source := range []string{plainSource, qwenSource} {
		text := "a" + strings.Repeat(" ", 10*maxBlanks)
		m := feed(t, answerTo(source, ""), strings.Split(text, "")...)
		require.Equal(t, text, m.Content)
		a := answerTo(source, "")
		for _, piece := range strings.Split(text, "") {
			a.Next(piece)
			require.Less(t, len(a.held), maxBlanks+1)
		}
	}
}

func TestCallsGetIdsThatCountOn(t *testing.T) {
	template := &Template{source: qwenSource}
	a := (&Templates{general: template, tools: template}).Answer("", Options{Tools: []json.RawMessage{nil}}, 7)
	m := feed(t, a, `<tool_call>{"name":"f","arguments":{}}</tool_call>`)
	require.Equal(t, "call00007", m.ToolCalls[0].ID)
}

func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		"<think>a</think>b<tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call>", "[TOOL_CALLS]f[ARGS]{}[TOOL_CALLS]",
		"{\"name\":\"f\",\"parameters\":{}}", "<|channel|>analysis<|message|>x<|end|>", "[TOOL_CALLS][[[[", " \n<tool_call>\n</tool_call>\n ",
	} {
		for source := range uint8(5) {
			f.Add(seed, source, source%2 == 0, uint8(3))
		}
	}
	sources := []string{plainSource, qwenSource, mistralSource, llamaSource, ossSource}
	f.Fuzz(func(t *testing.T, text string, source uint8, begun bool, size uint8) {
		prompt := ""
		if begun {
			prompt = "<think>\n"
		}
		s := sources[int(source)%len(sources)]
		whole := feed(t, answerTo(s, prompt), text)
		var pieces []string
		for rest := text; rest != ""; {
			n := min(int(size%16)+1, len(rest))
			pieces = append(pieces, rest[:n])
			rest = rest[n:]
		}
		require.Equal(t, whole, feed(t, answerTo(s, prompt), pieces...))
		for _, c := range whole.ToolCalls {
			require.NotEmpty(t, c.Name)
			require.NotEmpty(t, c.ID)
			require.True(t, json.Valid(c.Arguments))
			require.Equal(t, byte('{'), c.Arguments[0])
		}
		if _, err := json.Marshal(whole); err != nil {
			t.Fatal(err)
		}
	})
}
