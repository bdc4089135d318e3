package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/gptrun/gptrun"
	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/runtime/chat"
	"github.com/gptrun/gptrun/runtime/token"
)

// templateFlags are what a chat template gets beside the messages.
type templateFlags struct {
	toolsFile string
	vars      []chat.Field
}

func (c *templateFlags) define(f *flags) {
	f.text(&c.toolsFile, "tools", "FILE", "JSON list of functions that the model may call")
	value(f, &c.vars, func(s string) ([]chat.Field, error) {
		v, err := parseVar(s)
		return append(c.vars, v), err
	}, "var", "KEY=JSON", "variable of the template, such as enable_thinking=false").many()
}

// parseVar reads KEY=JSON.
func parseVar(s string) (chat.Field, error) {
	key, text, ok := strings.Cut(s, "=")
	if !ok || key == "" {
		return chat.Field{}, fmt.Errorf("%q is not KEY=JSON", s)
	}
	if !json.Valid([]byte(text)) {
		return chat.Field{}, fmt.Errorf("the value of %q is not JSON: %q", key, text)
	}
	return chat.Field{Key: key, Value: json.RawMessage(text)}, nil
}

// tools reads the definitions of functions.
func (c *templateFlags) tools() ([]json.RawMessage, error) {
	if c.toolsFile == "" {
		return nil, nil
	}
	data, err := os.ReadFile(c.toolsFile)
	if err != nil {
		return nil, err
	}
	var list []json.RawMessage
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("%s: not a JSON list of functions: %w", c.toolsFile, err)
	}
	return list, nil
}

// options are what a chat is made with.
func (c *templateFlags) options() ([]gptrun.ChatOption, error) {
	tools, err := c.tools()
	if err != nil {
		return nil, err
	}
	opts := []gptrun.ChatOption{gptrun.Tools(tools...)}
	for _, v := range c.vars {
		opts = append(opts, gptrun.TemplateVar(v.Key, v.Value))
	}
	return opts, nil
}

func defineChatTemplate(f *flags) func(context.Context, *terminal, []string) error {
	var in modelName
	var flags templateFlags
	var asJSON, noGenerationPrompt bool
	in.define(f)
	f.toggle(&asJSON, "json", `print {"text":…}`)
	f.toggle(&noGenerationPrompt, "no-generation-prompt", "leave out what makes the model answer")
	flags.define(f)
	f.describe("Messages are read from standard input as a JSON list, in the form of OpenAI's and transformers' messages. The text that the template makes of them is printed, without the token that begins texts where the template does not write it.")
	f.example(`echo '[{"role":"user","content":"Hi"}]' | gptrun chat-template -m model.gguf`, "what the model is given")
	return func(ctx context.Context, t *terminal, _ []string) (err error) {
		path, err := in.model(ctx, t)
		if err != nil {
			return err
		}
		tools, err := flags.tools()
		if err != nil {
			return err
		}
		file, err := loader.Open(path)
		if err != nil {
			return err
		}
		defer closing(file, &err)
		tokenizer, err := token.FromMetadata(&file.Meta)
		if err != nil {
			return file.Named(err)
		}
		templates, err := chat.FromMetadata(&file.Meta, tokenizer)
		if err != nil {
			return file.Named(err)
		}
		if t.inIsTerminal {
			fmt.Fprintln(t.err, "gptrun: reading messages as JSON from standard input")
		}
		messages, err := io.ReadAll(t.in)
		if err != nil {
			return err
		}
		text, err := templates.RenderJSON(messages, chat.Options{Tools: tools, Vars: flags.vars, NoGenerationPrompt: noGenerationPrompt})
		if err != nil {
			return file.Named(err)
		}
		if !asJSON {
			_, err = io.WriteString(t.answer(), text)
			return err
		}
		b := appendString([]byte(`{"text":`), text)
		_, err = t.out.Write(append(b, "}\n"...))
		return err
	}
}
