package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"unicode"

	"github.com/gptrun/gptrun/cmd/gptrun/lineedit"
)

const (
	exitError       = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// command is one subcommand.
type command struct {
	name, arguments, summary string
	// define adds the command's flags and returns what runs it afterwards,
	// with the arguments that are no flags.
	define func(f *flags) func(ctx context.Context, t *terminal, args []string) error
}

// commands are all subcommands, in the order of the help text.
var commands = []command{
	{"prompt", "[TEXT…]", "answer a prompt, or continue a text", definePrompt},
	{"chat", "", "hold a conversation", defineChat},
	{"chat-template", "", "print messages as the model's chat template renders them", defineChatTemplate},
	{"tokenize", "[TEXT…]", "print a text's token ids", defineTokenize},
	{"eval", "[TEXT…]", "print how likely a text is, and logits", defineEval},
	{"bench", "", "measure how fast models are, in llama-bench's words", defineBench},
	{"inspect", "", "print a model file's metadata and tensors", defineInspect},
	{"version", "", "print gptrun's version and what it can use of the CPU", defineVersion},
}

// terminal is where a command reads and writes.
type terminal struct {
	in       io.Reader
	out, err io.Writer
	// outIsTerminal and errIsTerminal tell that a person looks on; inIsTerminal
	// that one types.
	inIsTerminal, outIsTerminal, errIsTerminal bool
	// env looks up an environment variable.
	env func(string) (string, bool)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process
	os.Exit(run(ctx, standardTerminal(ctx), os.Args[1:]))
}

// run executes a command line and returns the exit status.
func run(ctx context.Context, t *terminal, args []string) int {
	err := dispatch(ctx, t, args)
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		complain(t, err)
		return exitUsage
	case ctx.Err() != nil, errors.Is(err, lineedit.ErrTerminated):
		return exitInterrupted
	case !errors.Is(err, syscall.EPIPE): // whoever reads the answer has had enough
		complain(t, err)
	}
	return exitError
}

// complain prints err as one line without control characters.
func complain(t *terminal, err error) {
	fmt.Fprintf(t.err, "gptrun: %s\n", printable(err.Error()))
}

func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsControl(r) {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func dispatch(ctx context.Context, t *terminal, args []string) error {
	if len(args) == 0 {
		help(t.err)
		return usageError("which command?")
	}
	name := args[0]
	switch name {
	case "help", "-h", "-help", "--help":
		help(t.out)
		return nil
	case "-version", "--version":
		name = "version"
	}
	for _, c := range commands {
		if c.name != name {
			continue
		}
		f := &flags{}
		action := c.define(f)
		rest, err := f.parse(args[1:], t.env)
		if errors.Is(err, errHelp) {
			commandHelp(t.out, c, f)
			return nil
		}
		if err != nil {
			return err
		}
		if c.arguments == "" && len(rest) > 0 {
			return usageError(fmt.Sprintf("%s takes no argument %q", c.name, rest[0]))
		}
		return action(ctx, t, rest)
	}
	return usageError(fmt.Sprintf("no command %q; gptrun help lists them", name))
}

func help(w io.Writer) {
	fmt.Fprint(w, "gptrun runs GPT-style language models on the CPU.\n\nusage: gptrun COMMAND [FLAGS] …\n\n")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-13s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, "\ngptrun COMMAND -h lists a command's flags.\n")
}

func commandHelp(w io.Writer, c command, f *flags) {
	fmt.Fprintf(w, "usage: gptrun %s\n\n%s%s.\n\n", strings.TrimSpace(c.name+" [FLAGS] "+c.arguments), strings.ToUpper(c.summary[:1]), c.summary[1:])
	f.help(w)
	fmt.Fprint(w, "\nFlags may stand before and after the text; -- ends them. Each can be set by the variable at the end of its line.\n")
}
