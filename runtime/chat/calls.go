package chat

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// parseCalls reads the text of tool calls, after the marker that they begin with.
func parseCalls(s style, text string) (calls []ToolCall, ok bool) {
	text = strings.TrimSpace(text)
	if s == mistralCalls && text != "" && text[0] != '[' && text[0] != '{' {
		return namedCalls(text)
	}
	return jsonCalls(text)
}

// jsonCalls reads one or more calls as JSON: objects, one after the other or in a
// list, which blanks, commas or semicolons may separate.
func jsonCalls(text string) (calls []ToolCall, ok bool) {
	for text != "" {
		value, rest, err := firstValue(text)
		if err != nil {
			return nil, false
		}
		list := []json.RawMessage{value}
		if value[0] == '[' && json.Unmarshal(value, &list) != nil {
			return nil, false
		}
		for _, v := range list {
			c, ok := jsonCall(v)
			if !ok {
				return nil, false
			}
			calls = append(calls, c)
		}
		text = strings.TrimLeft(rest, " \t\r\n,;")
	}
	return calls, len(calls) > 0
}

// firstValue cuts off the JSON value that text begins with.
func firstValue(text string) (value json.RawMessage, rest string, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	if err := d.Decode(&value); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, "", err
	}
	return value, text[d.InputOffset():], nil
}

// jsonCall reads {"name":…,"arguments":{…}}, or with "parameters", or as the
// "function" of an object.
func jsonCall(data json.RawMessage) (ToolCall, bool) {
	var c ToolCall
	fields, err := objectFields(data)
	if err != nil {
		return c, false
	}
	for _, f := range fields {
		switch f.Key {
		case "id":
			err = json.Unmarshal(f.Value, &c.ID)
		case "name":
			err = json.Unmarshal(f.Value, &c.Name)
		case "arguments", "parameters":
			c.Arguments, err = objectOrText(f.Value)
		case "function":
			if bytes.HasPrefix(f.Value, []byte("{")) && c.Name == "" {
				id := c.ID
				inner, ok := plainCall(f.Value)
				if !ok {
					return c, false
				}
				c = inner
				c.ID = id
			}
		}
		if err != nil {
			return c, false
		}
	}
	return c, c.Name != "" && c.Arguments != nil
}

// plainCall reads a call that is not wrapped in another.
func plainCall(data json.RawMessage) (ToolCall, bool) {
	fields, err := objectFields(data)
	if err != nil {
		return ToolCall{}, false
	}
	for _, f := range fields {
		if f.Key == "function" {
			return ToolCall{}, false
		}
	}
	return jsonCall(data)
}

// namedCalls reads Mistral's name[ARGS]{…}, with [CALL_ID]id after the name in
// some models, and more of them after further markers.
func namedCalls(text string) (calls []ToolCall, ok bool) {
	for {
		end := strings.IndexByte(text, '{')
		if end < 0 {
			return nil, false
		}
		head := strings.TrimSuffix(strings.TrimSpace(text[:end]), mistralArguments)
		name, id, _ := strings.Cut(head, mistralID)
		c := ToolCall{Name: strings.TrimSpace(name), ID: strings.TrimSpace(id)}
		arguments, rest, err := firstValue(text[end:])
		if err != nil || !isName(c.Name) || c.ID != "" && !isName(c.ID) {
			return nil, false
		}
		c.Arguments = bytes.Clone(arguments)
		calls = append(calls, c)
		rest = strings.TrimSpace(rest)
		if rest == "" {
			return calls, true
		}
		if text, ok = strings.CutPrefix(rest, callMarkers[mistralCalls].open); !ok {
			return nil, false
		}
	}
}

// isName reports whether s may be a function's name or a call's id.
func isName(s string) bool {
	if s == "" || len(s) > 256 {
		return false
	}
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_-.:/", r) {
			return false
		}
	}
	return true
}
