package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/gptrun/gptrun"
)

// cannotError is why a command does nothing.
type cannotError string

func (e cannotError) Error() string { return string(e) }

// chatCommand is what a person can ask for beside answers.
type chatCommand struct {
	name, argument, summary string
	run                     func(k *talk, ctx context.Context, argument string) error
}

// chatCommands are all commands, in the order of the help text.
func chatCommands() []chatCommand {
	return []chatCommand{
		{"help", "", "this list", (*talk).help},
		{"clear", "", "begin anew, with the same system message", (*talk).clear},
		{"regen", "", "answer the last message once more", (*talk).regenerate},
		{"save", "FILE", "write messages and settings to a file", (*talk).save},
		{"load", "FILE", "go on with those of a file", (*talk).load},
		{"system", "TEXT", `set the system message, or show it; "" for none`, (*talk).system},
		{"set", "NAME VALUE", "set what the flag of that name does, or show all", (*talk).set},
		{"stats", "", "show the last answer's times and the context's use", (*talk).stats},
		{"exit", "", "leave, as /bye and Ctrl-D do", (*talk).exit},
	}
}

const keysHelp = `
Enter sends a message. Alt-Enter, Ctrl-J or a backslash before Enter begins a
line, and """ begins a message that goes on until the next """. Up, down and
Ctrl-R find what was typed before. Ctrl-C stops an answer. A message that
begins like a command is sent with a space before it.
`

// commandLine is a command and its argument.
var commandLine = regexp.MustCompile(`(?s)^/([a-z]+)(?:\s+(.*))?$`)

// command reads a text that begins like a command.
func (k *talk) command(text string) (run func(*talk, context.Context, string) error, argument string, ok bool) {
	parts := commandLine.FindStringSubmatch(text)
	if parts == nil {
		return nil, "", false
	}
	name, argument := parts[1], strings.TrimSpace(parts[2])
	if name == "bye" {
		name = "exit"
	}
	for _, c := range chatCommands() {
		if c.name != name {
			continue
		}
		if c.argument == "" && argument != "" {
			return cannot(fmt.Sprintf("/%s takes no argument %q", name, argument)), "", true
		}
		if c.argument == "FILE" && argument == "" {
			return cannot(fmt.Sprintf("/%s needs the name of a file", name)), "", true
		}
		return c.run, argument, true
	}
	return cannot(fmt.Sprintf("no command /%s; /help lists them", name)), "", true
}

func cannot(why string) func(*talk, context.Context, string) error {
	return func(*talk, context.Context, string) error { return cannotError(why) }
}

func (k *talk) help(context.Context, string) error {
	var b strings.Builder
	for _, c := range chatCommands() {
		fmt.Fprintf(&b, "  %-16s %s\n", strings.TrimSpace("/"+c.name+" "+c.argument), c.summary)
	}
	b.WriteString(keysHelp)
	_, err := io.WriteString(k.out, b.String())
	return err
}

func (k *talk) exit(context.Context, string) error { return errLeave }

func (k *talk) clear(context.Context, string) error {
	k.chat.SetMessages(k.systemMessages())
	return k.hint("(a new conversation)")
}

// systemMessages is the system message, if there is one.
func (k *talk) systemMessages() []gptrun.Message {
	if m := k.chat.Messages(); len(m) > 0 && m[0].Role == "system" {
		return m[:1]
	}
	return nil
}

// regenerate answers the messages without the answer they have. Where no new one
// comes, the old one stays.
func (k *talk) regenerate(ctx context.Context, _ string) error {
	old := k.chat.Messages()
	asked := old
	for len(asked) > 0 && asked[len(asked)-1].Role == "assistant" {
		asked = asked[:len(asked)-1]
	}
	if len(asked) == len(k.systemMessages()) {
		return cannotError("there is no message to answer")
	}
	k.chat.SetMessages(asked)
	err := k.reply(ctx, k.chat.Reply)
	if len(k.chat.Messages()) == len(asked) {
		k.chat.SetMessages(old)
	}
	return err
}

func (k *talk) system(_ context.Context, text string) error {
	old := k.systemMessages()
	switch {
	case text == "" && len(old) == 0:
		return k.hint("(no system message)")
	case text == "":
		_, err := fmt.Fprintln(k.t.answer(), old[0].Content)
		return err
	}
	text = unquote(text)
	if text == `""` {
		text = ""
	}
	messages := k.chat.Messages()[len(old):]
	if text != "" {
		messages = append([]gptrun.Message{{Role: "system", Content: text}}, messages...)
	}
	if err := k.fits(messages); err != nil {
		return cannotError(err.Error())
	}
	k.chat.SetMessages(messages)
	return k.hint("(the system message is set)")
}

// fits tells whether the template takes messages, and a question after them.
func (k *talk) fits(messages []gptrun.Message) error {
	if len(messages) == 0 {
		return nil
	}
	if last := messages[len(messages)-1].Role; last != "user" && last != "tool" {
		messages = append(slices.Clone(messages), gptrun.Message{Role: "user", Content: "?"})
	}
	return k.check(messages)
}

func (k *talk) set(_ context.Context, argument string) error {
	if argument == "" {
		values := k.sampling.settings()
		for _, name := range slices.Sorted(maps.Keys(values)) {
			text, err := json.Marshal(values[name])
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(k.t.answer(), "  %-16s %s\n", name, text); err != nil {
				return err
			}
		}
		return nil
	}
	name, text, _ := strings.Cut(argument, " ")
	d := k.settings.find(strings.TrimLeft(name, "-"))
	if text = strings.TrimSpace(text); d == nil || text == "" {
		return cannotError("/set NAME VALUE: /set alone lists the names")
	}
	if err := d.set(text); err != nil {
		return cannotError(fmt.Sprintf("/set %s: %v", name, err))
	}
	k.sampling.draw()
	return k.hint(fmt.Sprintf("(%s is set)", d.names[len(d.names)-1]))
}

func (k *talk) stats(context.Context, string) error {
	report(k.out, k.chat.Timings())
	_, err := fmt.Fprintf(k.out, "context:  %s, %d messages\n", k.usage(), len(k.chat.Messages()))
	return err
}

func (k *talk) save(_ context.Context, name string) error {
	path := k.path(name)
	messages := k.chat.Messages()
	if err := saveChat(path, k.name, k.sampling.settings(), messages); err != nil {
		return cannotError(err.Error())
	}
	return k.hint(fmt.Sprintf("(%d messages saved to %s)", len(messages), printable(path)))
}

func (k *talk) load(_ context.Context, name string) error {
	path := k.path(name)
	saved, err := loadChat(path)
	if err != nil {
		return cannotError(err.Error())
	}
	sampling, err := k.sampling.with(saved.Settings)
	if err == nil {
		err = k.fits(saved.Messages)
	}
	if err != nil {
		return cannotError(fmt.Sprintf("%s: %v", path, err))
	}
	*k.sampling = sampling
	k.chat.SetMessages(saved.Messages)
	return k.hint(fmt.Sprintf("(%d messages loaded)", len(saved.Messages)))
}

// path is the path of a file named by a person.
func (k *talk) path(name string) string {
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	return name
}
