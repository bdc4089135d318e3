//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/loader/gguftest"
)

// talkative returns a model with a chat template and a long context whose every
// token is a word of its own or a wide character, and which never ends an answer.
func talkative(t testing.TB) string {
	file, err := loader.Open(tiny("llama"))
	require.NoError(t, err)
	defer file.Close()
	f := gguftest.From(t, file)
	f.Set("llama.context_length", uint32(100000))
	const end = 1
	f.Set("tokenizer.ggml.eos_token_id", uint32(end))
	i := slices.IndexFunc(f.Tensors, func(t gguftest.Tensor) bool { return t.Name == "output.weight" })
	head := &f.Tensors[i]
	row := len(head.Data) / int(head.Shape[1])
	head.Data = slices.Clone(head.Data)
	clear(head.Data[end*row : (end+1)*row]) // logits of 0 are never among the highest
	texts, _, err := file.Meta.Strings("tokenizer.ggml.tokens")
	require.NoError(t, err)
	for i, text := range texts {
		switch {
		case text == "<s>" || text == "<unk>":
		case i%7 == 0:
			texts[i] = string(rune(0x4e00 + i))
		default:
			texts[i] = fmt.Sprintf("▁w%d", i)
		}
	}
	f.Set("tokenizer.ggml.tokens", texts)
	types := make([]int32, len(texts))
	for i := range types {
		types[i] = 1
	}
	types[0], types[1] = 2, 3
	f.Set("tokenizer.ggml.token_type", types)
	return f.Write(t, "talkative.gguf")
}

// pane is a terminal that tmux emulates, in which gptrun runs between two looks
// at the terminal's modes.
type pane struct {
	t   testing.TB
	dir string
}

const shell = `trap : INT; stty -a >before; "$@"; echo "status $?"; stty -a >after; sleep 600`

func newPane(t testing.TB, width, height int, env []string, args ...string) *pane {
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is missing: apt-get install tmux, brew install tmux")
	}
	p := &pane{t, t.TempDir()}
	command := []string{"new-session", "-d", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height), "-c", p.dir}
	self, err := filepath.Abs(os.Args[0])
	require.NoError(t, err)
	command = append(command, "--", "sh", "-c", shell, "sh", "env", asCommand+"=1", "XDG_STATE_HOME="+filepath.Join(p.dir, "state"))
	command = append(append(command, env...), self)
	t.Cleanup(func() { _ = p.command("kill-server").Run() })
	require.NoError(t, os.WriteFile(filepath.Join(p.dir, "tmux.conf"), []byte("set-option -g history-limit 50000\n"), 0o600))
	p.tmux(append(command, args...)...)
	return p
}

func (p *pane) command(args ...string) *exec.Cmd {
	return exec.Command("tmux", append([]string{"-S", filepath.Join(p.dir, "socket"), "-f", filepath.Join(p.dir, "tmux.conf")}, args...)...)
}

func (p *pane) tmux(args ...string) string {
	p.t.Helper()
	out, err := p.command(args...).CombinedOutput()
	require.NoError(p.t, err, "tmux %q: %s", args, out)
	return string(out)
}

// keys presses keys by tmux's names; other words are typed.
func (p *pane) keys(keys ...string) { p.tmux(append([]string{"send-keys"}, keys...)...) }

func (p *pane) paste(text string) {
	c := p.command("load-buffer", "-")
	c.Stdin = strings.NewReader(text)
	require.NoError(p.t, c.Run())
	p.tmux("paste-buffer", "-p")
}

// screen is what the terminal shows; text is all of what it has shown, the rows
// joined that it wrapped.
func (p *pane) screen() string { return trimmed(p.tmux("capture-pane", "-p")) }
func (p *pane) text() string   { return trimmed(p.tmux("capture-pane", "-p", "-J", "-S", "-")) }

var trailing = regexp.MustCompile(` +\n`)

func trimmed(s string) string { return strings.TrimRight(trailing.ReplaceAllString(s, "\n"), " \n") }

func (p *pane) wait(what string, ok func(text string) bool) string {
	p.t.Helper()
	text := ""
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if text = p.text(); ok(text) {
			return text
		}
		if regexp.MustCompile(`(?m)^status \d`).MatchString(text) {
			break
		}
	}
	require.Fail(p.t, "timed out", "waiting for %s:\n%s", what, text[max(0, len(text)-3000):])
	return ""
}

// until waits until the terminal has shown a text n times.
func (p *pane) until(text string, n int) string {
	p.t.Helper()
	return p.wait(text, func(all string) bool { return strings.Count(all, text) >= n })
}

// prompted waits for an empty prompt.
func (p *pane) prompted() string {
	p.t.Helper()
	return p.wait("a prompt", func(all string) bool { return strings.HasSuffix(all, "\n>>>") })
}

// answering waits until an answer is well under way.
func (p *pane) answering() {
	p.t.Helper()
	p.wait("an answer", func(all string) bool {
		_, after, _ := strings.Cut(all, ">>> ")
		return len(after) > 3000
	})
}

// leaves checks that gptrun has ended and left the terminal as it was.
func (p *pane) leaves(status int) {
	p.t.Helper()
	p.until(fmt.Sprintf("status %d", status), 1)
	before, err := os.ReadFile(filepath.Join(p.dir, "before"))
	require.NoError(p.t, err)
	var after []byte
	for deadline := time.Now().Add(5 * time.Second); len(after) == 0 && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		after, _ = os.ReadFile(filepath.Join(p.dir, "after"))
	}
	_, modesBefore, _ := bytes.Cut(before, []byte(";")) // what precedes is the size
	_, modesAfter, _ := bytes.Cut(after, []byte(";"))
	size := regexp.MustCompile(`(rows|columns) \d+;`)
	require.Equal(p.t, size.ReplaceAllString(string(modesBefore), ""), size.ReplaceAllString(string(modesAfter), ""))
	require.Contains(p.t, string(modesAfter), " icanon")
	require.Contains(p.t, string(modesAfter), " echo ")
	require.Equal(p.t, "0", strings.TrimSpace(p.tmux("display-message", "-p", "#{pane_in_mode}")))
}

// signal sends a signal to gptrun.
func (p *pane) signal(name string) {
	p.t.Helper()
	shell := strings.TrimSpace(p.tmux("display-message", "-p", "#{pane_pid}"))
	out, err := exec.Command("pkill", "-"+name, "-P", shell).CombinedOutput()
	require.NoError(p.t, err, string(out))
}

// saved saves the conversation and returns its messages.
func (p *pane) saved() (contents []string) {
	p.t.Helper()
	p.keys("/save saved.json", "Enter")
	p.until("saved to saved.json", 1)
	data, err := os.ReadFile(filepath.Join(p.dir, "saved.json"))
	require.NoError(p.t, err)
	var saved struct{ Messages []struct{ Content string } }
	require.NoError(p.t, json.Unmarshal(data, &saved))
	for _, m := range saved.Messages {
		contents = append(contents, m.Content)
	}
	return contents
}

func chatArgs(model string, more ...string) []string {
	return append([]string{"chat", "-m", model, "--seed", "3", "--temp", "1", "-t", "1"}, more...)
}

// piped is what gptrun answers to lines.
func piped(t testing.TB, lines string, args ...string) string {
	c := console{in: lines}
	require.Zero(t, c.run(args...), c.err.String())
	return strings.TrimSuffix(c.out.String(), "\n")
}

func TestAConversationInATerminal(t *testing.T) {
	args := chatArgs(talkative(t), "-n", "400") // longer than the window
	p := newPane(t, 60, 20, nil, args...)
	p.until(">>>", 1)
	p.keys("Hello", "Enter")
	p.prompted()
	p.keys("Yes\\", "Enter", "no", "Enter")
	text := p.wait("the second answer", func(all string) bool { return strings.Count(all, " tokens)\n>>>") == 2 })
	hello := piped(t, "Hello\n", args...)
	require.Greater(t, len(hello), 60*20)
	contents := p.saved()
	require.Equal(t, "Hello", contents[0])
	require.Equal(t, "Yes\nno", contents[2])
	usage := regexp.MustCompile(`\(\S+ / 100,000 tokens\)`).FindAllString(text, -1)
	require.Len(t, usage, 2)
	first, _, _ := strings.Cut(text, "\n")
	require.Contains(t, first, "100,000 tokens of context")
	require.Equal(t, strings.Join([]string{first, ">>> Hello", hello, usage[0], ">>> Yes", "... no", contents[3], usage[1], ">>>"}, "\n"), text)
	p.keys("C-c")
	p.until("Ctrl-D or /exit leaves.", 1)
	p.keys("C-d")
	p.leaves(0)
	history, err := os.ReadFile(filepath.Join(p.dir, "state", "gptrun", "chat_history"))
	require.NoError(t, err)
	require.Equal(t, "\"Hello\"\n\"Yes\\nno\"\n\"/save saved.json\"\n", string(history))
}

// wrapped cuts a text into rows of so many cells; the only wide characters are
// Chinese.
func wrapped(text string, width int) string {
	var b strings.Builder
	cells := 0
	for _, r := range text {
		n := 1
		if r >= 0x4e00 {
			n = 2
		}
		if cells+n > width {
			b.WriteByte('\n')
			cells = 0
		}
		b.WriteRune(r)
		cells += n
	}
	return trimmed(b.String())
}

// Typing ahead shows only once it is the editor's turn.
func TestAnAnswerIsInterruptedAndResizedWithoutTornLines(t *testing.T) {
	model := talkative(t)
	p := newPane(t, 80, 24, nil, chatArgs(model)...)
	p.until(">>>", 1)
	p.keys("Hello", "Enter")
	p.answering()
	for _, width := range []string{"40", "100", "33", "60"} {
		p.tmux("resize-window", "-x", width, "-y", "18")
		time.Sleep(50 * time.Millisecond)
	}
	p.keys("typed ahead")
	p.keys("C-c")
	p.prompted()
	p.keys("/save x", "C-u", "after", "Enter")
	text := p.wait("the second answer", func(all string) bool {
		_, after, _ := strings.Cut(all, ">>> after")
		return len(after) > 1500
	})
	p.keys("C-c")
	p.prompted()
	_, text, _ = strings.Cut(text, ">>> Hello\n")
	answer, rest, stopped := strings.Cut(text, "\n(stopped; ")
	require.True(t, stopped, text)
	words := len(strings.Fields(answer))
	whole := piped(t, "Hello\n", chatArgs(model, "-n", strconv.Itoa(4*words))...)
	require.True(t, strings.HasPrefix(whole, answer), "the terminal shows what a pipe gets")
	require.Regexp(t, `^[0-9,]+ / 100,000 tokens\)\n>>> after\n`, rest)
	p.keys("/bye", "Enter")
	p.leaves(0)
}

func TestEditingGoesOnInAnotherSize(t *testing.T) {
	p := newPane(t, 60, 16, nil, chatArgs(talkative(t), "-n", "3")...)
	p.until(">>>", 1)
	message := "The quick brown fox 東京 jumps over the lazy dog, and then once more."
	p.keys(message)
	p.until("more.", 1)
	// The terminal wraps rows by itself as the editor does: a key more tells that
	// the editor has drawn.
	for _, width := range []int{60, 30, 90, 41, 12, 70} {
		p.tmux("resize-window", "-x", strconv.Itoa(width), "-y", "16")
		p.keys("x")
		message += "x"
		rows := wrapped(">>> "+message, width)
		for range 2 { // drawn for the key, then for the size
			p.wait("the message in its rows", func(string) bool {
				screen := p.screen()
				return strings.HasSuffix("\n"+screen, "\n"+rows) && strings.Count(screen, ">>>") == 1
			})
			time.Sleep(150 * time.Millisecond)
		}
	}
	p.keys("Home", "X", "End", "!", "Enter")
	p.prompted()
	require.Equal(t, "X"+message+"!", p.saved()[0])
	p.keys("C-d")
	p.leaves(0)
}

func TestAPasteOf500LinesIsOneMessageInATerminal(t *testing.T) {
	p := newPane(t, 60, 15, nil, chatArgs(talkative(t), "-n", "3")...)
	p.until(">>>", 1)
	var b strings.Builder
	for i := range 499 { // short lines, since generic kernels take long for long prompts
		fmt.Fprintln(&b, i)
	}
	b.WriteString("é東\n")
	text := strings.TrimSuffix(b.String(), "\n")
	p.paste(text)
	p.until("é東", 1)
	p.keys("Enter")
	p.until(" tokens)", 1)
	shown := p.prompted()
	require.Contains(t, shown, ">>> "+strings.ReplaceAll(text, "\n", "\n... ")+"\n")
	require.Equal(t, text, p.saved()[0])
	p.keys("/exit", "Enter")
	p.leaves(0)
}

func TestALineAtATimeWhereTheOutputIsAPipe(t *testing.T) {
	model := talkative(t)
	args := chatArgs(model, "-n", "5")
	p := newPane(t, 80, 20, nil, args...)
	p.until(">>>", 1)
	p.keys("C-d")
	p.leaves(0)
	self, err := filepath.Abs(os.Args[0])
	require.NoError(t, err)
	command := asCommand + "=1 " + self + " " + strings.Join(args, " ") + " | cat"
	p.tmux("respawn-pane", "-k", "--", "sh", "-c", command+"; echo done; sleep 600")
	p.keys("Hello", "Enter")
	p.keys("C-d")
	p.until("done", 1)
	require.Equal(t, "Hello\n"+piped(t, "Hello\n", args...)+"\ndone", p.screen())
}

func TestADumbTerminalHasNoEditorAndNoColours(t *testing.T) {
	p := newPane(t, 80, 20, []string{"TERM=dumb"}, chatArgs(talkative(t))...)
	p.tmux("pipe-pane", "cat >'"+filepath.Join(p.dir, "raw")+"'")
	p.until(">>>", 1)
	p.keys("Hello", "Enter")
	p.answering()
	p.keys("C-c")
	p.until("(stopped; ", 1)
	p.keys(`"""`, "Enter", "/exit", "Enter", `"""`, "Enter")
	p.until("... ", 2)
	p.keys("C-c")
	p.until("(stopped; ", 2)
	p.keys("/exit", "Enter")
	p.leaves(0)
	raw, err := os.ReadFile(filepath.Join(p.dir, "raw"))
	require.NoError(t, err)
	require.Contains(t, string(raw), "(stopped; ")
	require.NotContains(t, string(raw), "\x1b")
}

func TestTheTerminalIsAsItWasAfterEveryWayOut(t *testing.T) {
	model := talkative(t)
	for _, c := range []struct {
		name   string
		leave  func(p *pane)
		status int
	}{
		{"Ctrl-D", func(p *pane) { p.keys("C-d") }, 0},
		{"a command", func(p *pane) { p.keys("/exit", "Enter") }, 0},
		{"SIGTERM", func(p *pane) { p.signal("TERM") }, exitInterrupted},
		{"SIGHUP", func(p *pane) { p.signal("HUP") }, 128 + 1},
		{"SIGQUIT", func(p *pane) { p.signal("QUIT") }, 2},
		{"the key for it", func(p *pane) { p.keys(`C-\`) }, 2},
		{"SIGINT twice", func(p *pane) {
			p.signal("INT")
			p.until("leaves.", 2)
			p.signal("INT")
		}, exitInterrupted},
		{"SIGTERM in a message", func(p *pane) {
			p.keys("some text")
			p.until("some text", 1)
			p.signal("TERM")
		}, exitInterrupted},
		{"SIGTERM in an answer", func(p *pane) {
			p.keys("Hello", "Enter")
			p.answering()
			p.signal("TERM")
		}, exitInterrupted},
		{"SIGINT twice in an answer", func(p *pane) {
			p.keys("Hello", "Enter")
			p.answering()
			p.signal("INT")
			p.until("(stopped; ", 1)
			p.signal("INT")
		}, exitInterrupted},
		{"SIGQUIT in an answer", func(p *pane) {
			p.keys("Hello", "Enter")
			p.answering()
			p.signal("QUIT")
		}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPane(t, 80, 200, nil, chatArgs(model)...)
			p.until(">>>", 1)
			c.leave(p)
			p.leaves(c.status)
		})
	}
}

func TestTheTerminalIsAsItWasAfterAPanic(t *testing.T) {
	p := newPane(t, 80, 200, []string{panicking + "=1"}, chatArgs(talkative(t))...)
	p.until(">>>", 1)
	p.keys("Hello", "Enter")
	p.until("a panic for the test", 1)
	p.leaves(2)
}
