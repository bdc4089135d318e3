package chat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrMessage reports JSON that is no message of a conversation.
var ErrMessage = errors.New("not a chat message")

// Message is one message of a conversation. As JSON it is OpenAI's and
// transformers' message: role, content, reasoning_content, tool_calls,
// tool_call_id, name.
type Message struct {
	Role    string // mostly "system", "user", "assistant" or "tool"; templates decide which there are
	Content string
	// Parts are the content as a list of parts; where there are any, Content is
	// not used.
	Parts      []Part
	Thinking   string     // of an assistant, before its answer; "reasoning_content" in JSON, where "thinking" is read too
	ToolCalls  []ToolCall // that an assistant wants
	ToolCallID string     // of a tool's message: the call that it answers
	Name       string     // of a tool's message: the tool
	Extra      []Field    // other keys of the JSON object, in its order, for the template
}

// Part is a part of a message's content: a text.
type Part struct {
	Text string
}

// Field is a key of a JSON object and its value.
type Field struct {
	Key   string
	Value json.RawMessage
}

// ToolCall is a function call that a model asks for. As JSON it is
// {"id":…,"type":"function","function":{"name":…,"arguments":{…}}}. Where
// OpenAI's clients write the arguments as a string that holds an object, they
// are read as that object.
type ToolCall struct {
	ID        string
	Name      string
	Arguments json.RawMessage // a JSON object
}

// MarshalJSON gives the part as {"type":"text","text":…}.
func (p Part) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}{"text", p.Text})
}

// UnmarshalJSON reads a text part. Others, such as images, are errors: the
// models that gptrun runs read text.
func (p *Part) UnmarshalJSON(data []byte) error {
	fields, err := objectFields(data)
	if err != nil {
		return fmt.Errorf("%w: a part of the content: %w", ErrMessage, err)
	}
	kind, text := "", (*string)(nil)
	for _, f := range fields {
		switch f.Key {
		case "type":
			err = json.Unmarshal(f.Value, &kind)
		case "text":
			err = json.Unmarshal(f.Value, &text)
		}
		if err != nil {
			return fmt.Errorf("%w: a part of the content: key %q: %w", ErrMessage, f.Key, err)
		}
	}
	if kind != "text" || text == nil {
		return fmt.Errorf("%w: a part of the content is of type %.100q, not text", ErrMessage, kind)
	}
	p.Text = *text
	return nil
}

type function struct {
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"`
}

// MarshalJSON gives the call in OpenAI's form, with its arguments as an object.
func (c ToolCall) MarshalJSON() ([]byte, error) {
	arguments := c.Arguments
	if arguments == nil {
		arguments = json.RawMessage("{}")
	}
	return marshal(struct {
		ID       string   `json:"id,omitempty"`
		Type     string   `json:"type"`
		Function function `json:"function"`
	}{c.ID, "function", function{c.Name, arguments}})
}

// UnmarshalJSON reads OpenAI's form, or the function alone.
func (c *ToolCall) UnmarshalJSON(data []byte) error {
	var call struct {
		ID        string          `json:"id"`
		Function  *function       `json:"function"`
		Name      string          `json:"name"`
		Arguments json.RawMessage `json:"arguments"`
	}
	if err := json.Unmarshal(data, &call); err != nil {
		return fmt.Errorf("%w: a tool call: %w", ErrMessage, err)
	}
	f := function{call.Name, call.Arguments}
	if call.Function != nil {
		f = *call.Function
	}
	if f.Name == "" {
		return fmt.Errorf("%w: a tool call without a function's name", ErrMessage)
	}
	arguments, err := objectOrText(f.Arguments)
	if err != nil {
		return fmt.Errorf("%w: the arguments of tool call %.100q: %w", ErrMessage, f.Name, err)
	}
	*c = ToolCall{ID: call.ID, Name: f.Name, Arguments: arguments}
	return nil
}

// objectOrText returns the JSON object in data: itself, or within a string.
func objectOrText(data json.RawMessage) (json.RawMessage, error) {
	data = bytes.TrimSpace(data)
	var text string
	if len(data) > 0 && data[0] == '"' {
		if err := json.Unmarshal(data, &text); err != nil {
			return nil, err
		}
		data = bytes.TrimSpace([]byte(text))
	}
	if len(data) == 0 || string(data) == "null" {
		return json.RawMessage("{}"), nil
	}
	if data[0] != '{' || !json.Valid(data) {
		return nil, errors.New("they are no JSON object")
	}
	return bytes.Clone(data), nil
}

// MarshalJSON writes the keys that have a value, and content always.
func (m Message) MarshalJSON() ([]byte, error) {
	fields, err := m.fields()
	if err != nil {
		return nil, err
	}
	b := []byte{'{'}
	for i, f := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		key, err := marshal(f.Key)
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, key...), ':'), f.Value...)
	}
	return append(b, '}'), nil
}

// fields is the message as the fields of a JSON object.
func (m *Message) fields() (fields []Field, err error) {
	add := func(key string, value any) {
		data, e := marshal(value)
		if e != nil && err == nil {
			err = fmt.Errorf("%w: key %q: %w", ErrMessage, key, e)
		}
		fields = append(fields, Field{key, data})
	}
	add("role", m.Role)
	if len(m.Parts) > 0 {
		add("content", m.Parts)
	} else {
		add("content", m.Content)
	}
	if m.Thinking != "" {
		add(reasoningKey, m.Thinking)
	}
	if len(m.ToolCalls) > 0 {
		add("tool_calls", m.ToolCalls)
	}
	if m.ToolCallID != "" {
		add("tool_call_id", m.ToolCallID)
	}
	if m.Name != "" {
		add("name", m.Name)
	}
	for _, f := range m.Extra {
		add(f.Key, f.Value)
	}
	return fields, err
}

const reasoningKey = "reasoning_content"

// UnmarshalJSON reads a message; keys that Message has no field for go to Extra.
func (m *Message) UnmarshalJSON(data []byte) error {
	fields, err := objectFields(data)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMessage, err)
	}
	*m = Message{}
	for _, f := range fields {
		if err := m.set(f); err != nil {
			if errors.Is(err, ErrMessage) {
				return err
			}
			return fmt.Errorf("%w: key %q: %w", ErrMessage, f.Key, err)
		}
	}
	if m.Role == "" {
		return fmt.Errorf("%w: it has no role", ErrMessage)
	}
	return nil
}

// set reads one key; null is as if it were not there.
func (m *Message) set(f Field) error {
	to := map[string]any{
		"role": &m.Role, "content": &m.Content, reasoningKey: &m.Thinking, "thinking": &m.Thinking,
		"tool_calls": &m.ToolCalls, "tool_call_id": &m.ToolCallID, "name": &m.Name,
	}[f.Key]
	if to == nil {
		m.Extra = append(m.Extra, f)
		return nil
	}
	if f.Key == "content" && f.Value[0] == '[' {
		to = &m.Parts
	}
	return json.Unmarshal(f.Value, to)
}

// objectFields reads a JSON object, its keys in order; of a key that is there
// twice the last one counts.
func objectFields(data []byte) ([]Field, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	open, err := d.Token()
	if err != nil {
		return nil, err
	}
	if open != json.Delim('{') {
		return nil, errors.New("it is no JSON object")
	}
	var fields []Field
	at := map[string]int{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		f := Field{Key: key.(string)} // a key is always a string
		if err := d.Decode(&f.Value); err != nil {
			return nil, err
		}
		if i, ok := at[f.Key]; ok {
			fields[i] = f
			continue
		}
		at[f.Key] = len(fields)
		fields = append(fields, f)
	}
	_, err = d.Token()
	return fields, err
}

// marshal is json.Marshal without escapes for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
