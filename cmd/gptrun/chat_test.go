package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun"
	"github.com/gptrun/gptrun/cmd/gptrun/lineedit"
)

// fakeChat answers with what it is given.
type fakeChat struct {
	messages []gptrun.Message
	pieces   []gptrun.Token
	err      error // at the end
	tokens   int   // of the context in use
	sent     int
}

func (f *fakeChat) Send(ctx context.Context, text string, o ...gptrun.GenerateOption) iter.Seq2[gptrun.Token, error] {
	return f.answer(append(f.Messages(), gptrun.Message{Role: "user", Content: text}))
}

func (f *fakeChat) Reply(context.Context, ...gptrun.GenerateOption) iter.Seq2[gptrun.Token, error] {
	return f.answer(f.Messages())
}

func (f *fakeChat) answer(messages []gptrun.Message) iter.Seq2[gptrun.Token, error] {
	return func(yield func(gptrun.Token, error) bool) {
		f.sent++
		text := ""
		for _, piece := range f.pieces {
			if !yield(piece, nil) {
				return
			}
			text += piece.Text
		}
		if len(f.pieces) > 0 {
			f.messages = append(messages, gptrun.Message{Role: "assistant", Content: text})
		}
		if f.err != nil {
			yield(gptrun.Token{}, f.err)
		}
	}
}

func (f *fakeChat) Messages() []gptrun.Message     { return append([]gptrun.Message(nil), f.messages...) }
func (f *fakeChat) SetMessages(m []gptrun.Message) { f.messages = m }
func (f *fakeChat) Len() int                       { return f.tokens }
func (f *fakeChat) Stop() gptrun.StopReason        { return gptrun.StopEOS }
func (f *fakeChat) Timings() gptrun.Timings        { return gptrun.Timings{} }

// typed is a person who types lines; "^C" is that key.
type typed struct{ lines []string }

func (p *typed) OnInterrupt(func()) {}

func (p *typed) Read() (string, error) {
	if len(p.lines) == 0 {
		return "", io.EOF
	}
	line := p.lines[0]
	p.lines = p.lines[1:]
	if line == "^C" {
		return "", lineedit.ErrInterrupted
	}
	return line, nil
}

// talking holds a conversation with a fake and returns what the terminal gets.
func talking(t *testing.T, f *fakeChat, environment map[string]string, lines ...string) string {
	var out bytes.Buffer
	c := &chatFlags{}
	defineFlags := &flags{}
	c.samplingFlags.define(defineFlags)
	c.draw()
	term := &terminal{out: &out, err: &out, outIsTerminal: true, env: func(name string) (string, bool) {
		v, ok := environment[name]
		return v, ok
	}}
	k := &talk{
		t: term, out: &out, chat: f, capacity: 8192, name: "fake", sampling: &c.samplingFlags, settings: defineFlags,
		style: term.style(true), wipe: func() {},
		check: func(m []gptrun.Message) error {
			if m[0].Content == "refuse" {
				return errors.New("the template refuses it")
			}
			return nil
		},
	}
	require.NoError(t, k.converse(context.Background(), &typed{lines}, &lineedit.History{}))
	return out.String()
}

var noColours = map[string]string{"NO_COLOR": "1"}

func TestAnswersShowThinkingAndTheContextsUse(t *testing.T) {
	pieces := []gptrun.Token{{Text: "hm\x1b[31m", Thinking: true}, {Text: "Hi\a\u009b2J"}, {Text: "!"}}
	dimmed := talking(t, &fakeChat{pieces: pieces, tokens: 1204}, nil, "hello")
	require.Equal(t, "\x1b[2mhm\uFFFD[31m\x1b[0m\n\nHi\uFFFD\uFFFD2J!\n\x1b[2m(1,204 / 8,192 tokens)\x1b[0m\n", dimmed)
	for _, environment := range []map[string]string{noColours, {"TERM": "dumb"}} {
		plain := talking(t, &fakeChat{pieces: pieces, tokens: 1204}, environment, "hello")
		require.Equal(t, "hm\uFFFD[31m\n\nHi\uFFFD\uFFFD2J!\n(1,204 / 8,192 tokens)\n", plain)
	}
}

func TestWhatAPersonTypesIsDone(t *testing.T) {
	hi := []gptrun.Token{{Text: "Hi"}}
	for _, c := range []struct {
		name  string
		chat  fakeChat
		lines []string
		says  string
		sent  int
	}{
		{"Ctrl-C says how to leave", fakeChat{}, []string{"^C"}, "Ctrl-D or /exit leaves.", 0},
		{"leaving", fakeChat{pieces: hi}, []string{"/exit", "x"}, "", 0},
		{"leaving as in ollama", fakeChat{pieces: hi}, []string{"/bye", "x"}, "", 0},
		{"blank lines are nothing", fakeChat{pieces: hi}, []string{"", "  "}, "", 0},
		{"an unknown command", fakeChat{}, []string{"/foo"}, "no command /foo; /help lists them", 0},
		{"a path is a message", fakeChat{pieces: hi}, []string{"/etc/passwd is what?"}, "Hi", 1},
		{"a quoted command is a message", fakeChat{pieces: hi}, []string{`"""/exit"""`}, "Hi", 1},
		{"too much", fakeChat{}, []string{"/clear all"}, `/clear takes no argument "all"`, 0},
		{"no file", fakeChat{}, []string{"/save"}, "/save needs the name of a file", 0},
		{"nothing to answer again", fakeChat{}, []string{"/regen"}, "there is no message to answer", 0},
		{"an answer anew", fakeChat{pieces: hi}, []string{"hello", "/regen"}, "Hi", 2},
		{"a full context", fakeChat{pieces: hi, tokens: 8192}, []string{"hello"}, "the context is full: 8,192 / 8,192 tokens; /clear", 1},
		{"no room for a message", fakeChat{err: gptrun.ErrContext}, []string{"hello"}, "The conversation is as it was; /clear", 1},
		{"an answer that is stopped", fakeChat{pieces: hi, err: context.Canceled}, []string{"hello"}, "Hi\n(stopped; 0 / 8,192 tokens)", 1},
		{"another error", fakeChat{err: errors.New("bad\nfile")}, []string{"hello"}, `gptrun: bad\nfile`, 1},
		{"settings", fakeChat{}, []string{"/set temp 0.5", "/set"}, "temp             0.5\n", 0},
		{"a setting by its flag", fakeChat{}, []string{"/set --top-k 7", "/set"}, "top-k            7\n", 0},
		{"a setting out of range", fakeChat{}, []string{"/set top-p 2"}, "/set top-p: 2 is not within 0 and 1", 0},
		{"no such setting", fakeChat{}, []string{"/set colour 2"}, "/set alone lists the names", 0},
		{"no system message", fakeChat{}, []string{"/system"}, "(no system message)", 0},
		{"a system message", fakeChat{}, []string{"/system Be brief.", "/system"}, "Be brief.\n", 0},
		{"a system message no more", fakeChat{}, []string{"/system x", `/system ""`, "/system"}, "(no system message)", 0},
		{"a system message refused", fakeChat{}, []string{"/system refuse", "/system"}, "the template refuses it\n(no system message)", 0},
		{"statistics", fakeChat{pieces: hi, tokens: 12}, []string{"hello", "/stats"}, "context:  12 / 8,192 tokens, 2 messages", 1},
		{"help", fakeChat{}, []string{"/help"}, "/set NAME VALUE", 0},
	} {
		out := talking(t, &c.chat, noColours, c.lines...)
		require.Contains(t, out, c.says, c.name)
		require.Equal(t, c.sent, c.chat.sent, c.name)
	}
}

func TestClearKeepsTheSystemMessage(t *testing.T) {
	f := &fakeChat{pieces: []gptrun.Token{{Text: "Hi"}}}
	talking(t, f, noColours, "/system Be brief.", "hello", "/clear")
	require.Equal(t, []gptrun.Message{{Role: "system", Content: "Be brief."}}, f.messages)
}

func TestAnAnswerThatDoesNotComeLeavesTheOldOne(t *testing.T) {
	old := []gptrun.Message{{Role: "user", Content: "hello"}, {Role: "assistant", Content: "Hi"}}
	f := &fakeChat{messages: old, err: context.Canceled}
	talking(t, f, noColours, "/regen")
	require.Equal(t, 1, f.sent)
	require.Equal(t, old, f.messages)
}

func TestAConversationIsSavedAndLoaded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chat.json")
	f := &fakeChat{pieces: []gptrun.Token{{Text: "Hi"}}}
	talking(t, f, noColours, "/system Be brief.", "hello", "/set temp 0.25", "/set reverse-prompt END", "/save "+path, "/save "+path)
	if runtime.GOOS != "windows" {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	g := &fakeChat{}
	out := talking(t, g, noColours, "/load "+path, "/set")
	require.Equal(t, f.messages, g.messages)
	require.Contains(t, out, "(3 messages loaded)")
	require.Contains(t, out, "temp             0.25\n")
	require.Contains(t, out, `reverse-prompt   ["END"]`)
}

func TestSettingsAreFlags(t *testing.T) {
	var f flags
	var s samplingFlags
	s.define(&f)
	for name := range s.settings() {
		require.NotNil(t, f.find(name), name)
	}
	require.Len(t, s.settings(), len(f.defs))
}

func TestBadConversationsAreRefusedInOneLineAndChangeNothing(t *testing.T) {
	dir := t.TempDir()
	const begin = `{"format":"gptrun chat 1","model":"m",`
	for name, text := range map[string]string{
		"empty":            "",
		"another language": "hello",
		"cut":              begin + `"messages":[{"role":"us`,
		"a list":           "[]",
		"another format":   `{"format":"x","messages":[]}`,
		"an unknown key":   begin + `"messages":[],"more":1}`,
		"more after it":    begin + `"messages":[]} {}`,
		"an unknown role":  begin + `"messages":[{"role":"god","content":"x"}]}`,
		"no role":          begin + `"messages":[{"content":"x"}]}`,
		"no message":       begin + `"messages":[7]}`,
		"a bad setting":    begin + `"settings":{"temp":"hot"},"messages":[]}`,
		"a list of them":   begin + `"settings":{"temp":[1]},"messages":[]}`,
		"no list":          begin + `"settings":{"reverse-prompt":1},"messages":[]}`,
		"no such setting":  begin + `"settings":{"warp\u001b":1},"messages":[]}`,
		"refused":          begin + `"settings":{"temp":0.1},"messages":[{"role":"user","content":"refuse"}]}`,
		"deep":             strings.Repeat("[", 1<<20),
		"long":             begin + `"messages":[` + strings.Repeat(" ", maxSaved) + "]}",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			old := []gptrun.Message{{Role: "user", Content: "hello"}}
			f := &fakeChat{messages: old}
			out := talking(t, f, noColours, "/load "+path)
			require.Equal(t, 1, strings.Count(out, "\n"), out)
			require.NotContains(t, out, "\x1b")
			require.Equal(t, old, f.messages)
			require.Contains(t, talking(t, f, noColours, "/load "+path, "/set"), "temp             0.8\n")
		})
	}
	for _, path := range []string{dir, filepath.Join(dir, "missing")} {
		out := talking(t, &fakeChat{}, noColours, "/load "+path)
		require.Equal(t, 1, strings.Count(out, "\n"), out)
	}
}

func TestSavingReplacesNothingButConversations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "thesis.txt")
	require.NoError(t, os.WriteFile(path, []byte("years of work"), 0o600))
	require.Contains(t, talking(t, &fakeChat{}, noColours, "/save "+path), "left as it is")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "years of work", string(data))
}

func TestEachLineOfAPipeIsAMessage(t *testing.T) {
	args := []string{"chat", "-m", tiny("llama"), "--temp", "0", "-n", "5"}
	c := console{in: "Hello\r\n\n  \n/exit\nBye"}
	require.Zero(t, c.run(args...), c.err.String())
	require.Empty(t, c.err.String())

	model, err := gptrun.Open(tiny("llama"))
	require.NoError(t, err)
	defer model.Close()
	chat, err := model.NewChat()
	require.NoError(t, err)
	defer chat.Close()
	want := ""
	for _, text := range []string{"Hello", "/exit", "Bye"} {
		for token, err := range chat.Send(context.Background(), text, gptrun.Temperature(0), gptrun.MaxTokens(5)) {
			require.NoError(t, err)
			want += token.Text
		}
		if !strings.HasSuffix(want, "\n") {
			want += "\n"
		}
	}
	require.Equal(t, want, c.out.String())
}

func TestErrorsOfAChatOverAPipe(t *testing.T) {
	for _, c := range []struct{ name, model, in, says string }{
		{"a model without a template", tiny("gpt2"), "x\n", "gptrun prompt"},
		{"a message past the context", tiny("llama"), strings.Repeat("word ", 2000) + "\n", "context"},
	} {
		con := console{in: c.in}
		require.Equal(t, exitError, con.run("chat", "-m", c.model, "-n", "1"), c.name)
		require.Contains(t, con.err.String(), c.says)
		require.Equal(t, 1, strings.Count(con.err.String(), "\n"), con.err.String())
		require.Empty(t, con.out.String())
	}
}

func TestASavedConversationIsOpenAIsMessages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chat.json")
	talking(t, &fakeChat{messages: []gptrun.Message{{Role: "assistant", Content: "Hi", Thinking: "hm"}}}, noColours, "/save "+path)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var saved struct{ Messages []map[string]string }
	require.NoError(t, json.Unmarshal(data, &saved))
	require.Equal(t, []map[string]string{{"role": "assistant", "content": "Hi", "reasoning_content": "hm"}}, saved.Messages)
}
