package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	helpWidth  = 80
	helpColumn = 28 // where descriptions begin
	exampleFor = "gptrun prompt -m model.gguf --raw \"Once upon a time\""
)

// commandTitles are the groups that help lists commands in, each by the first
// of its commands.
var commandTitles = map[string]string{
	"prompt":     "Use a model",
	"pull":       "Have models",
	"tokenize":   "Look closer",
	"completion": "About gptrun",
}

// variables are those that set no flag.
var variables = []struct{ name, usage string }{
	{envPrefix + "CPU", "the tier of SIMD routines, such as avx2 or generic; by default the best that the CPU can run. All give the same bits."},
	{"NO_COLOR", "where it is set, no colours and no bold letters, which otherwise show on terminals"},
}

// statuses are the exit statuses with what they mean.
var statuses = []struct{ status, meaning string }{
	{"0", "success"},
	{"1", "an error, told in one line on standard error"},
	{"2", "wrong usage: an unknown command or flag, or a value out of range"},
	{"130", "interrupted"},
}

const flagsFooter = "Flags may stand before and after arguments, with one dash or two; -- ends them. " +
	"The variable in brackets sets a flag that the command line does not give."

// page is a command with what its define function says about it.
type page struct {
	command
	*flags
	run func(ctx context.Context, t *terminal, args []string) error
}

// page defines the command's flags. all are the program's commands.
func (c command) page(all []command) page {
	f := &flags{commands: all, title: "Flags"}
	run := c.define(f)
	f.title = "Help"
	f.defs = append(f.defs, &flagDef{names: []string{"h", "help"}, usage: "print this help", title: f.title})
	return page{c, f, run}
}

func pages(all []command) []page {
	var list []page
	for _, c := range all {
		list = append(list, c.page(all))
	}
	return list
}

// lookup finds a command.
func lookup(name string, all []command) (page, error) {
	for _, c := range all {
		if c.name == name {
			return c.page(all), nil
		}
	}
	return page{}, unknownCommand(name, all)
}

func defineHelp(f *flags) func(context.Context, *terminal, []string) error {
	for _, c := range f.commands {
		f.words = append(f.words, c.name)
	}
	f.example("gptrun help prompt", "the same as gptrun prompt --help")
	return func(_ context.Context, t *terminal, args []string) error {
		switch len(args) {
		case 0:
			help(t.out, f.commands, t.style(t.outIsTerminal))
			return nil
		case 1:
			p, err := lookup(args[0], f.commands)
			if err == nil {
				p.help(t.out, t.style(t.outIsTerminal))
			}
			return err
		}
		return usageError(fmt.Sprintf("help takes one command, not %q too", args[1]))
	}
}

// help prints what gptrun can do.
func help(w io.Writer, all []command, s style) {
	fmt.Fprintf(w, "gptrun runs GPT-style language models on the CPU.\n\n%s gptrun COMMAND [FLAGS] …\n", s.bold("Usage:"))
	for _, c := range all {
		if title, ok := commandTitles[c.name]; ok {
			fmt.Fprintf(w, "\n%s\n", s.bold(title+":"))
		}
		row(w, 17, c.name, c.summary, s)
	}
	fmt.Fprintf(w, "\n%s\n", s.bold("Example:"))
	fmt.Fprintf(w, "  %s\n", exampleFor)
	fmt.Fprintf(w, "\n%s\n", s.bold("Environment:"))
	row(w, 17, envPrefix+"…", "each flag's: "+envPrefix+"MODEL for --model", s)
	for _, v := range variables {
		row(w, 17, v.name, v.usage, s)
	}
	fmt.Fprintf(w, "\n%s\n", s.bold("Exit status:"))
	for _, v := range statuses {
		row(w, 17, v.status, v.meaning, s)
	}
	fmt.Fprint(w, "\n\"gptrun COMMAND --help\" lists a command's flags and gives examples.\n")
}

// help prints a command's flags and examples.
func (p page) help(w io.Writer, s style) {
	fmt.Fprintf(w, "%s%s.\n\n%s gptrun %s\n", strings.ToUpper(p.summary[:1]), p.summary[1:], s.bold("Usage:"), p.synopsis())
	if p.about != "" {
		fmt.Fprintf(w, "\n%s\n", strings.Join(wrap(p.about, helpWidth), "\n"))
	}
	for _, title := range p.titles() {
		fmt.Fprintf(w, "\n%s\n", s.bold(title+":"))
		for _, d := range p.in(title) {
			row(w, helpColumn, d.spelling(), d.description(), s)
		}
	}
	if len(p.examples) > 0 {
		fmt.Fprintf(w, "\n%s\n", s.bold("Examples:"))
	}
	for _, e := range p.examples {
		fmt.Fprintf(w, "  %s\n", s.dim("# "+e.comment))
		fmt.Fprintf(w, "  %s\n", e.line)
	}
	if len(p.defs) > 1 {
		fmt.Fprintf(w, "\n%s\n", strings.Join(wrap(flagsFooter, helpWidth), "\n"))
	}
}

func (p page) synopsis() string { return strings.TrimSpace(p.name + " [FLAGS] " + p.arguments) }

// nbsp keeps what is on both sides of it on one line.
const nbsp = "\u00a0"

// description is all that help says about a flag.
func (d *flagDef) description() string {
	text := d.meaning()
	if v := d.variable(); v != "" {
		text += " [" + v + "]"
	}
	return text
}

// meaning is what a flag does, its values and its default.
func (d *flagDef) meaning() string {
	text := d.usage
	if len(d.values) > 0 {
		text += "; one of " + strings.Join(d.values, ", ")
	}
	if d.standard != "" {
		text += " (default" + nbsp + d.standard + ")"
	}
	return text
}

// variable is the one that the help text gives; "" where none sets the flag.
func (d *flagDef) variable() string {
	if d.set == nil {
		return ""
	}
	return d.env(d.names[len(d.names)-1])
}

// row prints a name and, from a column on, its description.
func row(w io.Writer, column int, name, description string, s style) {
	lines := wrap(description, helpWidth-column)
	name = "  " + name
	if width := utf8.RuneCountInString(name); width+2 <= column {
		fmt.Fprintf(w, "%s%*s%s\n", s.bold(name), column-width, "", lines[0])
		lines = lines[1:]
	} else {
		fmt.Fprintln(w, s.bold(name))
	}
	for _, line := range lines {
		fmt.Fprintf(w, "%*s%s\n", column, "", line)
	}
}

// wrap breaks a text into lines of at most width characters.
func wrap(text string, width int) []string {
	lines := []string{""}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' }) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], nbsp, " ")
	}
	return lines
}
