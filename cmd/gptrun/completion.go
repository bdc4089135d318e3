package main

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// shells are those whose completion can be printed, with what prints it.
var shells = []struct {
	name  string
	print func(w io.Writer, all []page)
}{
	{"bash", bashCompletion},
	{"zsh", zshCompletion},
	{"fish", fishCompletion},
}

func defineCompletion(f *flags) func(context.Context, *terminal, []string) error {
	f.example("source <(gptrun completion bash)", "in ~/.bashrc")
	f.example("source <(gptrun completion zsh)", "in ~/.zshrc, after compinit")
	f.example("gptrun completion fish > ~/.config/fish/completions/gptrun.fish", "once")
	for _, s := range shells {
		f.words = append(f.words, s.name)
	}
	return func(_ context.Context, t *terminal, args []string) error {
		if len(args) != 1 {
			return usageError("completion for which shell? One of " + strings.Join(f.words, ", "))
		}
		for _, s := range shells {
			if s.name == args[0] {
				var text strings.Builder
				s.print(&text, pages(f.commands))
				_, err := io.WriteString(t.out, text.String())
				return err
			}
		}
		return usageError(fmt.Sprintf("no completion for shell %q; there is one for %s", args[0], strings.Join(f.words, ", ")))
	}
}

// spellings are the flag's names with dashes.
func (d *flagDef) spellings() []string {
	var s []string
	for _, name := range d.names {
		s = append(s, dashed(name))
	}
	return s
}

// completions are the spellings that are completed: abbreviations of three
// letters with one dash too, as other programs have them.
func (d *flagDef) completions() []string {
	s := d.spellings()
	for _, name := range d.names[:len(d.names)-1] {
		if len(name) == 3 {
			s = append(s, "-"+name)
		}
	}
	return s
}

func (d *flagDef) takesFile() bool { return strings.HasPrefix(d.argument, "FILE") }
func (d *flagDef) takesDir() bool  { return strings.HasPrefix(d.argument, "DIR") }

func (p page) takesFile() bool { return strings.Contains(p.arguments, "FILE") }
func (p page) takesDir() bool  { return strings.Contains(p.arguments, "DIR") }

// bashCompletion prints a function that looks up what is completed in two tables:
// of flags that take a value, and of commands.
func bashCompletion(w io.Writer, all []page) {
	var names []string
	for _, p := range all {
		names = append(names, p.name)
	}
	fmt.Fprintf(w, bashHead, strings.Join(names, " "))
	for _, p := range all {
		for _, d := range p.defs {
			if d.argument != "" {
				fmt.Fprintf(w, "\t\"%s\") %s ;;\n", p.name+" "+strings.Join(d.names, `"|"`+p.name+" "), bashValue(d))
			}
		}
	}
	fmt.Fprint(w, bashMiddle)
	for _, p := range all {
		var flags []string
		for _, d := range p.defs {
			flags = append(flags, d.completions()...)
		}
		arguments := "words=" + shellQuote(strings.Join(p.words, " "))
		switch {
		case p.takesFile():
			arguments = "_gptrun_paths default -f; return"
		case p.takesDir():
			arguments = "_gptrun_paths dirnames -d; return"
		}
		fmt.Fprintf(w, "\t%s) if [[ $cur == -* ]]; then words=%s; else %s; fi ;;\n", p.name, shellQuote(strings.Join(flags, " ")), arguments)
	}
	fmt.Fprint(w, bashTail)
}

func bashValue(d *flagDef) string {
	switch {
	case d.takesFile():
		return "_gptrun_paths default -f; return"
	case d.takesDir():
		return "_gptrun_paths dirnames -d; return"
	case d.isList:
		return "_gptrun_list " + shellQuote(strings.Join(d.values, " ")) + "; return"
	}
	return "_gptrun_words " + shellQuote(strings.Join(d.values, " ")) + "; return"
}

const bashHead = `# Completes the command lines of gptrun in bash, from version 3.2 on.

_gptrun_words() { COMPREPLY=($(compgen -W "$1" -- "$cur")); }

# Completes what follows the last comma.
_gptrun_list() {
	local before=
	[[ $cur != *,* ]] || before=${cur%%,*},
	COMPREPLY=($(compgen -P "$before" -W "$1" -- "${cur#"$before"}"))
}

# Bash completes paths itself, from version 4 on.
_gptrun_paths() {
	local path
	compopt -o "$1" 2>/dev/null ||
		while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen "$2" -- "$cur")
}

_gptrun() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words= name=
	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		_gptrun_words '%s'
		return
	fi
	# --flag=value is three words.
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD-2]}
	fi
	if [[ $prev == -* ]]; then
		name=${prev#-}
		name=${name#-}
	fi
	case "${COMP_WORDS[1]} $name" in
`

const bashMiddle = `	esac
	case ${COMP_WORDS[1]} in
`

const bashTail = `	esac
	_gptrun_words "$words"
}

complete -F _gptrun gptrun
`

func zshCompletion(w io.Writer, all []page) {
	fmt.Fprint(w, zshHead)
	for _, p := range all {
		fmt.Fprintf(w, "\t\t\t%s\n", shellQuote(p.name+":"+p.summary))
	}
	fmt.Fprint(w, zshMiddle)
	for _, p := range all {
		fmt.Fprintf(w, "\t\t%s)\n\t\t\t_arguments -S", p.name)
		for _, d := range p.defs {
			for _, spelling := range d.completions() {
				fmt.Fprintf(w, " \\\n\t\t\t\t%s", shellQuote(zshFlag(d, spelling)))
			}
		}
		switch {
		case len(p.words) > 0:
			fmt.Fprintf(w, " \\\n\t\t\t\t%s", shellQuote("1: :("+strings.Join(p.words, " ")+")"))
		case p.takesFile():
			fmt.Fprintf(w, " \\\n\t\t\t\t'*: :_files'")
		case p.takesDir():
			fmt.Fprintf(w, " \\\n\t\t\t\t'*: :_files -/'")
		case p.arguments != "":
			fmt.Fprintf(w, " \\\n\t\t\t\t'*:%s: '", strings.Trim(p.arguments, "[]…"))
		}
		fmt.Fprint(w, " ;;\n")
	}
	fmt.Fprint(w, zshTail)
}

// zshFlag is a flag as _arguments takes it: (excluded)-name[what]:argument:action.
func zshFlag(d *flagDef, spelling string) string {
	text := "(" + strings.Join(d.completions(), " ") + ")" + spelling
	if d.repeated {
		text = "*" + spelling
	}
	if d.argument != "" && strings.HasPrefix(spelling, "--") {
		text += "=" // --flag value and --flag=value
	}
	text += "[" + strings.NewReplacer("[", `\[`, "]", `\]`, ":", `\:`).Replace(d.usage) + "]"
	values := strings.Join(d.values, " ")
	switch {
	case d.argument == "":
		return text
	case d.takesFile():
		return text + ":" + d.argument + ":_files"
	case d.takesDir():
		return text + ":" + d.argument + ":_files -/"
	case values == "":
		return text + ":" + d.argument + ": "
	case d.isList:
		return text + ":" + d.argument + ":_sequence compadd - " + values
	}
	return text + ":" + d.argument + ":(" + values + ")"
}

const zshHead = `#compdef gptrun
# Completes the command lines of gptrun in zsh.

_gptrun() {
	local context state state_descr line
	typeset -A opt_args
	_arguments -C '1:command:->command' '*::argument:->argument'
	case $state in
	command)
		local -a commands
		commands=(
`

const zshMiddle = `		)
		_describe command commands ;;
	argument)
		case $words[1] in
`

const zshTail = `		esac ;;
	esac
}

# Loaded as a file of $fpath, this is the function's first call.
if [[ $funcstack[1] == _gptrun ]]; then
	_gptrun "$@"
else
	compdef _gptrun gptrun
fi
`

func fishCompletion(w io.Writer, all []page) {
	fmt.Fprint(w, fishHead)
	for _, p := range all {
		fmt.Fprintf(w, "\ncomplete -c gptrun -n __gptrun_first -a %s -d %s\n", p.name, fishQuote(p.summary))
		on := "complete -c gptrun -n '__gptrun_on " + p.name + "'"
		switch {
		case len(p.words) > 0:
			fmt.Fprintf(w, "%s -a %s\n", on, fishQuote(strings.Join(p.words, " ")))
		case p.takesFile():
			fmt.Fprintf(w, "%s -F\n", on)
		case p.takesDir():
			fmt.Fprintf(w, "%s -a '(__fish_complete_directories)'\n", on)
		}
		for _, d := range p.defs {
			fmt.Fprintf(w, "%s%s -d %s\n", on, fishFlag(d), fishQuote(d.usage))
		}
	}
}

func fishFlag(d *flagDef) string {
	text := ""
	for _, spelling := range d.completions() {
		switch {
		case strings.HasPrefix(spelling, "--"):
			text += " -l " + spelling[2:]
		case len(spelling) == 2:
			text += " -s " + spelling[1:]
		default:
			text += " -o " + spelling[1:]
		}
	}
	values := strings.Join(d.values, " ")
	switch {
	case d.argument == "":
		return text
	case d.takesFile():
		return text + " -r -F"
	case d.takesDir():
		return text + " -x -a '(__fish_complete_directories)'"
	case values == "":
		return text + " -x"
	case d.isList:
		return text + " -x -a " + fishQuote(`(__fish_complete_list , 'printf "%s\n" `+values+`')`)
	}
	return text + " -x -a " + fishQuote(values)
}

const fishHead = `# Completes the command lines of gptrun in fish.

function __gptrun_first
    test (count (commandline -opc)) -eq 1
end

function __gptrun_on
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test $words[2] = $argv[1]
end

complete -c gptrun -f
`

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}
