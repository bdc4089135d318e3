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
	{"pull", "NAME…", "download models, by name, into the cache", definePull},
	{"list", "", "list the models in the cache", defineList},
	{"rm", "NAME…", "delete models from the cache", defineRemove},
	{"tokenize", "[TEXT…]", "print a text's token ids", defineTokenize},
	{"chat-template", "", "print messages as the model's chat template renders them", defineChatTemplate},
	{"eval", "[TEXT…]", "print how likely a text is, and logits", defineEval},
	{"bench", "", "measure how fast models are, in llama-bench's words", defineBench},
	{"inspect", "", "print a model file's metadata and tensors", defineInspect},
	{"completion", "bash|zsh|fish", "print what completes gptrun's command lines in a shell", defineCompletion},
	{"man", "[COMMAND|DIR]", "print a manual page, or write all of them", defineMan},
	{"help", "[COMMAND]", "print this help, or a command's", defineHelp},
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
	case ctx.Err() != nil:
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
		help(t.err, commands, t.style(t.errIsTerminal))
		return usageError("which command?")
	}
	name := args[0]
	switch name {
	case "-h", "-help", "--help":
		name = "help"
	case "-version", "--version":
		name = "version"
	}
	p, err := lookup(name, commands)
	if err != nil {
		return err
	}
	rest, err := p.parse(args[1:], t.env)
	if errors.Is(err, errHelp) {
		p.help(t.out, t.style(t.outIsTerminal))
		return nil
	}
	if err != nil {
		return err
	}
	if p.arguments == "" && len(rest) > 0 {
		return usageError(fmt.Sprintf("%s takes no argument %q", p.name, rest[0]))
	}
	return p.run(ctx, t, rest)
}
