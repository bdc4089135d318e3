package chat

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMessagesAreJSON(t *testing.T) {
	for _, c := range []struct {
		name, text string
		message    Message
		written    string // "": text
	}{
		{"a text", `{"role":"user","content":"Hi <b>"}`, Message{Role: "user", Content: "Hi <b>"}, ""},
		{"parts", `{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}`,
			Message{Role: "user", Parts: []Part{{"a"}, {"b"}}}, ""},
		{"thinking", `{"role":"assistant","content":"a","reasoning_content":"b"}`, Message{Role: "assistant", Content: "a", Thinking: "b"}, ""},
		{"thinking by its other name", `{"role":"assistant","content":"a","thinking":"b"}`, Message{Role: "assistant", Content: "a", Thinking: "b"},
			`{"role":"assistant","content":"a","reasoning_content":"b"}`},
		{"OpenAI's tool calls", `{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"b\":1,\"a\":2}"}}]}`,
			Message{Role: "assistant", ToolCalls: []ToolCall{call("1", "f", `{"b":1,"a":2}`)}},
			`{"role":"assistant","content":"","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":{"b":1,"a":2}}}]}`},
		{"a function alone", `{"role":"assistant","tool_calls":[{"name":"f","arguments":{}}]}`,
			Message{Role: "assistant", ToolCalls: []ToolCall{call("", "f", `{}`)}},
			`{"role":"assistant","content":"","tool_calls":[{"type":"function","function":{"name":"f","arguments":{}}}]}`},
		{"a tool's answer", `{"role":"tool","content":"1","tool_call_id":"x","name":"f"}`, Message{Role: "tool", Content: "1", ToolCallID: "x", Name: "f"}, ""},
		{"other keys, in order", `{"role":"user","content":"","z":{"b":1,"a":2},"a":[1.0]}`,
			Message{Role: "user", Extra: []Field{{"z", json.RawMessage(`{"b":1,"a":2}`)}, {"a", json.RawMessage(`[1.0]`)}}}, ""},
		{"of a key that comes twice the last", `{"role":"a","role":"b","x":1,"x":2}`,
			Message{Role: "b", Extra: []Field{{"x", json.RawMessage(`2`)}}}, `{"role":"b","content":"","x":2}`},
		{"keys are told apart by case", `{"role":"a","Content":"x"}`,
			Message{Role: "a", Extra: []Field{{"Content", json.RawMessage(`"x"`)}}}, `{"role":"a","content":"","Content":"x"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m Message
			require.NoError(t, json.Unmarshal([]byte(c.text), &m))
			require.Equal(t, c.message, m)
			written, err := m.MarshalJSON()
			require.NoError(t, err)
			want := c.written
			if want == "" {
				want = c.text
			}
			require.Equal(t, want, string(written))
			var again Message
			require.NoError(t, json.Unmarshal(written, &again))
			require.Equal(t, m, again)
		})
	}
}

func TestWhatIsNoMessageIsRefused(t *testing.T) {
	for _, text := range []string{
		`1`, `null`, `[]`, `"x"`, `{}`, `{"role":1}`, `{"role":null}`, `{"content":"x"}`, `{"role":"a","content":1}`, `{"role":"a","content":{}}`,
		`{"role":"a","content":[1]}`, `{"role":"a","content":[{"type":"image","url":"x"}]}`, `{"role":"a","content":[{"type":"text"}]}`,
		`{"role":"a","tool_calls":{}}`, `{"role":"a","tool_calls":[{}]}`, `{"role":"a","tool_calls":[{"name":"f","arguments":"x"}]}`,
		`{"role":"a","tool_calls":[{"name":"f","arguments":[1]}]}`, `{"role":"a","reasoning_content":[]}`,
	} {
		var m Message
		require.ErrorIs(t, json.Unmarshal([]byte(text), &m), ErrMessage, text)
	}
}

func FuzzMessage(f *testing.F) {
	f.Add(`{"role":"user","content":[{"type":"text","text":"a"}],"x":1}`)
	f.Add(`{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{}"}}],"thinking":"x"}`)
	f.Fuzz(func(t *testing.T, text string) {
		var m Message
		if json.Unmarshal([]byte(text), &m) != nil {
			return
		}
		written, err := json.Marshal(m)
		require.NoError(t, err)
		var again Message
		require.NoError(t, json.Unmarshal(written, &again), string(written))
		rewritten, err := json.Marshal(again)
		require.NoError(t, err)
		require.Equal(t, string(written), string(rewritten))
	})
}
