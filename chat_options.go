package gptrun

import (
	"encoding/json"
	"fmt"

	"github.com/gptrun/gptrun/runtime/chat"
)

// Message is one message of a conversation.
type Message = chat.Message

// Part is a part of a message's content.
type Part = chat.Part

// Field is a key of a JSON object and its value.
type Field = chat.Field

// ToolCall is a function call that a model asks for.
type ToolCall = chat.ToolCall

// ChatOption says how a conversation is rendered.
type ChatOption func(*chatOptions)

type chatOptions struct {
	chat.Options
	system   string
	template *string
	err      error
}

func newChatOptions(opts []ChatOption) (chatOptions, error) {
	var o chatOptions
	for _, set := range opts {
		set(&o)
	}
	return o, o.err
}

// System begins a new Chat with a system message, unless text is empty.
func System(text string) ChatOption { return func(o *chatOptions) { o.system = text } }

// Tools tells the model of functions that it may call, each a JSON object such as
// {"type":"function","function":{"name":…,"description":…,"parameters":{…}}}; what
// of it matters is the template's to say. Calls in answers are parsed for models
// that write them as Hermes, Qwen, Mistral or Llama 3 do; other calls stay text.
func Tools(definitions ...json.RawMessage) ChatOption {
	return func(o *chatOptions) { o.Tools = append(o.Tools, definitions...) }
}

// TemplateVar sets a variable of the template, such as enable_thinking, to a value
// that package json can marshal.
func TemplateVar(name string, value any) ChatOption {
	return func(o *chatOptions) {
		data, err := json.Marshal(value)
		if err != nil && o.err == nil {
			o.err = fmt.Errorf("template variable %q: %w", name, err)
		}
		o.Vars = append(o.Vars, Field{Key: name, Value: data})
	}
}

// ChatTemplate replaces the model's own template.
func ChatTemplate(source string) ChatOption { return func(o *chatOptions) { o.template = &source } }

// NoGenerationPrompt leaves out the end of the rendering that makes the model
// answer. It is for ApplyChatTemplate; a Chat does not heed it.
func NoGenerationPrompt() ChatOption { return func(o *chatOptions) { o.NoGenerationPrompt = true } }

// ApplyChatTemplate renders messages as the text that the model continues with its
// answer. The text is a prompt for Session.Generate where that begins a
// session, except that a template may write the token that begins texts itself:
// Chat adds it only where it is missing.
//
// A model without a template is ErrNoChatTemplate. A template that is malformed,
// takes too long, or refuses the messages is ErrChatTemplate.
func (m *Model) ApplyChatTemplate(messages []Message, opts ...ChatOption) (string, error) {
	o, err := newChatOptions(opts)
	if err != nil {
		return "", err
	}
	templates, err := m.chatTemplates(&o)
	if err != nil {
		return "", err
	}
	return templates.Render(messages, o.Options)
}

// chatTemplates returns the model's templates, parsed at their first use, or the
// one that the options have.
func (m *Model) chatTemplates(o *chatOptions) (*chat.Templates, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	if o.template == nil {
		return m.templates()
	}
	t, err := m.tokenizer()
	if err != nil {
		return nil, err
	}
	return chat.FromSource(*o.template, &m.file.Meta, t)
}
