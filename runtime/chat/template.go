package chat

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/runtime/chat/jinja"
	"github.com/gptrun/gptrun/runtime/token"
)

var (
	// ErrNoTemplate reports a model without a chat template.
	ErrNoTemplate = errors.New("the model has no chat template")
	// ErrTemplate reports a chat template that is malformed or refuses the messages.
	ErrTemplate = errors.New("chat template")
)

// templateError is an error of the engine, which says that it is about a chat template.
type templateError struct{ error }

func (e templateError) Unwrap() []error { return []error{ErrTemplate, e.error} }

const (
	templateKey = "tokenizer.chat_template"
	// toolTemplate names the template that transformers takes where tools are given.
	toolTemplate = "tool_use"
)

// specialTokens are the variables that hold the texts of special tokens, and
// the keys of their ids.
var specialTokens = []struct{ name, key string }{
	{"bos_token", "tokenizer.ggml.bos_token_id"},
	{"eos_token", "tokenizer.ggml.eos_token_id"},
	{"unk_token", "tokenizer.ggml.unknown_token_id"},
	{"pad_token", "tokenizer.ggml.padding_token_id"},
	{"sep_token", "tokenizer.ggml.seperator_token_id"}, // as GGUF spells it
	{"cls_token", "tokenizer.ggml.cls_token_id"},
	{"mask_token", "tokenizer.ggml.mask_token_id"},
}

// Templates are a model's chat templates. They never change and are safe for
// concurrent use.
type Templates struct {
	general *Template
	tools   *Template // where tools are given; may be general
	special []specialText
}

type specialText struct{ name, text string }

// Template is one parsed template.
type Template struct {
	source string
	engine *jinja.Template
	// thinking is the key under which the template looks for the thinking of an
	// earlier answer.
	thinking string
}

// HasTemplate reports whether a GGUF file holds a template.
func HasTemplate(m *loader.Metadata) bool {
	_, general := m.Value(templateKey)
	_, tools := m.Value(templateKey + "." + toolTemplate)
	return general || tools
}

// FromMetadata reads the templates of a GGUF file: the one without a name, and
// the one for tools where there is one. The error wraps ErrNoTemplate,
// ErrTemplate or loader.ErrMetadata.
func FromMetadata(m *loader.Metadata, t *token.Tokenizer) (*Templates, error) {
	general, err := fileTemplate(m, templateKey)
	if err != nil {
		return nil, err
	}
	tools, err := fileTemplate(m, templateKey+"."+toolTemplate)
	if err != nil {
		return nil, err
	}
	if general == nil {
		general = tools
	}
	if tools == nil {
		tools = general
	}
	if general == nil {
		return nil, ErrNoTemplate
	}
	return &Templates{general: general, tools: tools, special: specialTexts(m, t)}, nil
}

// FromSource makes Templates of a text that stands for all of the model's.
func FromSource(source string, m *loader.Metadata, t *token.Tokenizer) (*Templates, error) {
	template, err := parse(source)
	if err != nil {
		return nil, err
	}
	return &Templates{general: template, tools: template, special: specialTexts(m, t)}, nil
}

// fileTemplate reads one template, nil where there is none.
func fileTemplate(m *loader.Metadata, key string) (*Template, error) {
	source, ok, err := m.String(key)
	if err != nil || !ok {
		return nil, err
	}
	t, err := parse(source)
	if err != nil {
		return nil, fmt.Errorf("key %q: %w", key, err)
	}
	return t, nil
}

func parse(source string) (*Template, error) {
	engine, err := jinja.Parse(source)
	if err != nil {
		return nil, templateError{err}
	}
	t := &Template{source: source, engine: engine, thinking: reasoningKey}
	for _, key := range []string{reasoningKey, "reasoning", "thinking"} {
		if strings.Contains(source, "."+key) || strings.Contains(source, "'"+key+"'") || strings.Contains(source, `"`+key+`"`) {
			t.thinking = key
			break
		}
	}
	return t, nil
}

func specialTexts(m *loader.Metadata, t *token.Tokenizer) []specialText {
	var texts []specialText
	for _, s := range specialTokens {
		id, ok, err := m.Uint(s.key)
		text := ""
		switch {
		case s.name == "bos_token":
			if bos, has := t.BOS(); has { // which a vocabulary may have without a key
				text = t.Text(bos)
			}
		case s.name == "eos_token":
			if eos, has := t.EOS(); has {
				text = t.Text(eos)
			}
		case err != nil || !ok || id >= uint64(t.Size()):
			continue
		default:
			text = t.Text(token.ID(id))
		}
		texts = append(texts, specialText{s.name, text})
	}
	return texts
}

// Options say how messages are rendered.
type Options struct {
	Tools []json.RawMessage // definitions of the functions that the model may call
	// Vars are further variables of the template. They go before all others.
	Vars []Field
	// NoGenerationPrompt leaves out what makes the model answer.
	NoGenerationPrompt bool
}

// pick returns the template to use.
func (t *Templates) pick(o Options) *Template {
	if len(o.Tools) > 0 {
		return t.tools
	}
	return t.general
}

// Render renders messages as the text that a model continues, with their content in a
// form that the template can render. The error wraps ErrTemplate; errors.As finds a
// *jinja.RaisedError where the template itself refuses the messages.
func (t *Templates) Render(messages []Message, o Options) (string, error) {
	template := t.pick(o)
	return renderContent(messages, func(messages []Message) (string, error) {
		list := make([]any, len(messages))
		for i := range messages {
			var err error
			if list[i], err = template.value(&messages[i]); err != nil {
				return "", err
			}
		}
		return t.render(template, list, o)
	})
}

// value makes a template's value of a message.
func (t *Template) value(m *Message) (*jinja.Dict, error) {
	fields, err := m.fields()
	if err != nil {
		return nil, err
	}
	d := jinja.NewDict()
	for _, f := range fields {
		value, err := jinja.FromJSON(f.Value)
		if err != nil {
			return nil, fmt.Errorf("%w: key %q: %w", ErrMessage, f.Key, err)
		}
		if f.Key == reasoningKey {
			f.Key = t.thinking
		}
		d.Set(f.Key, value)
	}
	return d, nil
}

// RenderJSON renders a JSON list of messages, which reaches the template as it is.
func (t *Templates) RenderJSON(messages []byte, o Options) (string, error) {
	value, err := jinja.FromJSON(messages)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrMessage, err)
	}
	list, ok := value.([]any)
	if !ok {
		return "", fmt.Errorf("%w: a list of messages is needed", ErrMessage)
	}
	for i, m := range list {
		if _, ok := m.(*jinja.Dict); !ok {
			return "", fmt.Errorf("%w: element %d of the list is no object", ErrMessage, i)
		}
	}
	return t.render(t.pick(o), list, o)
}

func (t *Templates) render(template *Template, messages []any, o Options) (string, error) {
	vars := jinja.NewDict()
	for _, s := range t.special {
		vars.Set(s.name, s.text)
	}
	vars.Set("messages", messages)
	vars.Set("tools", nil)
	vars.Set("documents", nil)
	vars.Set("add_generation_prompt", !o.NoGenerationPrompt)
	if len(o.Tools) > 0 {
		tools := make([]any, len(o.Tools))
		for i, definition := range o.Tools {
			var err error
			if tools[i], err = jinja.FromJSON(definition); err != nil {
				return "", fmt.Errorf("the definition of tool %d: %w", i, err)
			}
		}
		vars.Set("tools", tools)
	}
	for _, f := range o.Vars {
		value, err := jinja.FromJSON(f.Value)
		if err != nil {
			return "", fmt.Errorf("template variable %q: %w", f.Key, err)
		}
		vars.Set(f.Key, value)
	}
	text, err := template.engine.Render(vars)
	if err != nil {
		return "", templateError{err}
	}
	return text, nil
}
