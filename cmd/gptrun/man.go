package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func defineMan(f *flags) func(context.Context, *terminal, []string) error {
	f.describe("Prints gptrun's page, or that of a command. A directory, which is made where there is none, gets gptrun.1 and gptrun-COMMAND.1 for each command.")
	f.example("gptrun man prompt | man -l -", "read a page")
	f.example("gptrun man ~/.local/share/man/man1", "install all pages; then man gptrun-prompt")
	return func(_ context.Context, t *terminal, args []string) error {
		m := manual{date: buildDate(), version: version(), pages: pages(f.commands)}
		switch len(args) {
		case 0:
			_, err := io.WriteString(t.out, m.overview())
			return err
		case 1:
			for _, p := range m.pages {
				if p.name == args[0] {
					_, err := io.WriteString(t.out, m.command(p))
					return err
				}
			}
			return m.write(args[0])
		}
		return usageError(fmt.Sprintf("man takes one command or directory, not %q too", args[1]))
	}
}

// buildDate is the day of the commit that gptrun was built from, "" where that is
// not known.
func buildDate() string {
	t, err := time.Parse(time.RFC3339, builtFrom(releaseTime, "vcs.time"))
	if err != nil {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// manual makes pages in roff, with the macros of man(7).
type manual struct {
	date, version string
	pages         []page
}

// write puts all pages into a directory.
func (m manual) write(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for name, text := range m.files() {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// files are all pages by the names of their files.
func (m manual) files() map[string]string {
	files := map[string]string{"gptrun.1": m.overview()}
	for _, p := range m.pages {
		files["gptrun-"+p.name+".1"] = m.command(p)
	}
	return files
}

// overview is the page of gptrun itself.
func (m manual) overview() string {
	var r roff
	r.title(m, "gptrun", "run GPT-style language models on the CPU")
	r.macro("SH", "SYNOPSIS")
	r.macro("B", "gptrun")
	r.line(`\fICOMMAND\fR [\fIFLAGS\fR] \&.\|.\|.`)
	r.macro("SH", "COMMANDS")
	for _, p := range m.pages {
		r.item(p.name, p.summary+"; see gptrun-"+p.name+"(1)")
	}
	r.macro("SH", "ENVIRONMENT")
	r.item(envPrefix+"FLAG", "sets the flag of that name where the command line does not, with _ for a dash: "+envPrefix+"MODEL for --model")
	for _, v := range variables {
		r.item(v.name, v.usage)
	}
	r.statuses()
	r.macro("SH", "EXAMPLES")
	r.example(example{exampleFor, "go on with a text"})
	r.macro("SH", "SEE ALSO")
	var others []string
	for _, p := range m.pages {
		others = append(others, "gptrun-"+p.name+"(1)")
	}
	r.text(strings.Join(others, ", "))
	return r.String()
}

// command is the page of a command.
func (m manual) command(p page) string {
	var r roff
	r.title(m, "gptrun-"+p.name, p.summary)
	r.macro("SH", "SYNOPSIS")
	r.macro("B", "gptrun "+p.name)
	r.text(strings.TrimSpace("[FLAGS] " + p.arguments))
	if p.about != "" {
		r.macro("SH", "DESCRIPTION")
		r.text(p.about)
	}
	r.macro("SH", "FLAGS")
	r.text(flagsFooter)
	for _, title := range p.titles() {
		r.macro("SS", title)
		for _, d := range p.in(title) {
			r.item(d.spelling(), d.description())
		}
	}
	r.statuses()
	if len(p.examples) > 0 {
		r.macro("SH", "EXAMPLES")
	}
	for i, e := range p.examples {
		if i > 0 {
			r.line(".PP")
		}
		r.example(e)
	}
	r.macro("SH", "SEE ALSO")
	r.text("gptrun(1)")
	return r.String()
}

// roff is a page that is being written.
type roff struct{ strings.Builder }

func (r *roff) line(s string) { r.WriteString(s + "\n") }

// macro calls one with arguments, each as it is to be read.
func (r *roff) macro(name string, arguments ...string) {
	line := "." + name
	for _, a := range arguments {
		line += ` "` + escapeRoff(a) + `"`
	}
	r.line(line)
}

func (r *roff) text(s string) { r.line(`\&` + escapeRoff(s)) }

func (r *roff) title(m manual, name, summary string) {
	r.line(fmt.Sprintf(`.TH "%s" "1" "%s" "gptrun %s" "gptrun manual"`, escapeRoff(strings.ToUpper(name)), m.date, escapeRoff(m.version)))
	r.line(".nh\n.ad l") // names stay in one piece
	r.macro("SH", "NAME")
	r.line(escapeRoff(name) + ` \- ` + escapeRoff(summary))
}

// item is a paragraph under a name.
func (r *roff) item(name, description string) {
	r.line(".TP")
	r.macro("B", name)
	r.text(description)
}

func (r *roff) statuses() {
	r.macro("SH", "EXIT STATUS")
	for _, v := range statuses {
		r.item(v.status, v.meaning)
	}
}

// example shows a command line as it is typed.
func (r *roff) example(e example) {
	r.text(strings.ToUpper(e.comment[:1]) + e.comment[1:] + ":")
	r.line(".PP\n.in +4n\n.nf")
	r.text(e.line)
	r.line(".fi\n.in")
}

// escapeRoff spells a text so that roff prints the same characters: those it
// reads as commands, those it prints as typographic ones, and those past ASCII.
func escapeRoff(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch {
		case c == '\\':
			b.WriteString(`\e`)
		case c == '-':
			b.WriteString(`\-`)
		case c == '"':
			b.WriteString(`\(dq`)
		case c == '\'':
			b.WriteString(`\(aq`)
		case c == '`':
			b.WriteString(`\(ga`)
		case c == '^':
			b.WriteString(`\(ha`)
		case c == '~':
			b.WriteString(`\(ti`)
		case c == '\u00a0':
			b.WriteString(`\ `)
		case c > '~':
			fmt.Fprintf(&b, `\[u%04X]`, c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}
