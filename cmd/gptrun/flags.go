package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// usageError is a wrong command line.
type usageError string

func (e usageError) Error() string { return string(e) }

// errHelp asks for the command's help.
var errHelp = errors.New("help")

// envPrefix begins the name of every variable.
const envPrefix = "GPTRUN_"

// flagDef is one flag of a command.
type flagDef struct {
	names    []string // without dashes; the last names the variable
	argument string   // what stands for its value in the help text; "" for a switch
	usage    string
	standard string                   // the default's text
	title    string                   // of the group that help lists it in
	values   []string                 // all that it takes, where they are few
	isList   bool                     // values with commas between them
	repeated bool                     // may be given several times
	set      func(value string) error // nil: the flag asks for help
	typed    bool                     // set on the command line
	given    bool                     // set there or by the environment
}

// env is the variable that sets the flag, by one of its names.
func (d *flagDef) env(name string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

func (d *flagDef) spelling() string {
	text := strings.Join(d.spellings(), ", ")
	if d.argument != "" {
		text += " " + d.argument
	}
	return text
}

func dashed(name string) string {
	if len(name) > 2 {
		return "--" + name
	}
	return "-" + name
}

// oneOf says which values the flag takes, for help and completion.
func (d *flagDef) oneOf(values ...string) *flagDef {
	d.values = values
	return d
}

// many says that the flag adds a value each time it is given.
func (d *flagDef) many() {
	d.repeated = true
	d.standard = ""
	d.usage += "; may be given several times"
}

// flags are a command's flags, and what else help says about it. One and two
// dashes mean the same.
type flags struct {
	defs     []*flagDef
	title    string // of the group that flags are added to
	about    string
	examples []example
	words    []string  // those that the command takes as arguments, where they are few
	commands []command // of the program, for commands that are about it
}

// example is a command line with what it does.
type example struct{ line, comment string }

// group makes the flags that follow part of a group with a title. The same
// title may come again.
func (f *flags) group(title string) { f.title = title }

// describe adds a paragraph to the command's help.
func (f *flags) describe(text string) { f.about = text }

// example adds a command line to the command's help.
func (f *flags) example(line, comment string) {
	f.examples = append(f.examples, example{line, comment})
}

// titles are the groups in the order in which they were begun.
func (f *flags) titles() []string {
	var titles []string
	for _, d := range f.defs {
		if !slices.Contains(titles, d.title) {
			titles = append(titles, d.title)
		}
	}
	return titles
}

// in are the flags of a group.
func (f *flags) in(title string) []*flagDef {
	var defs []*flagDef
	for _, d := range f.defs {
		if d.title == title {
			defs = append(defs, d)
		}
	}
	return defs
}

// value adds a flag whose text parse reads into *p. names are separated by
// spaces; the last one's variable is the one that the help text gives. An
// argument that begins with FILE or DIR is completed as such.
func value[T any](f *flags, p *T, parse func(string) (T, error), names, argument, usage string) *flagDef {
	d := &flagDef{names: strings.Fields(names), argument: argument, usage: usage, standard: fmt.Sprint(*p), title: f.title}
	d.set = func(s string) error {
		v, err := parse(s)
		if err == nil {
			*p = v
		}
		return err
	}
	f.defs = append(f.defs, d)
	return d
}

// toggle adds a flag without a value.
func (f *flags) toggle(p *bool, names, usage string) {
	value(f, p, func(s string) (bool, error) {
		v, err := strconv.ParseBool(s)
		if err != nil {
			err = fmt.Errorf("%q is neither true nor false", s)
		}
		return v, err
	}, names, "", usage).standard = ""
}

func (f *flags) text(p *string, names, argument, usage string) *flagDef {
	d := value(f, p, func(s string) (string, error) { return s, nil }, names, argument, usage)
	d.standard = ""
	return d
}

// integer adds a flag of at least low.
func (f *flags) integer(p *int, low int, names, argument, usage string) *flagDef {
	return value(f, p, func(s string) (int, error) {
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil {
			return 0, fmt.Errorf("%q is not an integer", s)
		}
		if int(n) < low {
			return 0, fmt.Errorf("%d is below %d", n, low)
		}
		return int(n), nil
	}, names, argument, usage)
}

// float adds a flag within low and high.
func (f *flags) float(p *float32, low, high float32, names, argument, usage string) *flagDef {
	return value(f, p, func(s string) (float32, error) {
		v, err := strconv.ParseFloat(s, 32)
		if err != nil {
			return 0, fmt.Errorf("%q is not a number", s)
		}
		if x := float32(v); !(x >= low && x <= high) {
			return 0, fmt.Errorf("%v is not within %v and %v", x, low, high)
		}
		return float32(v), nil
	}, names, argument, usage)
}

func (f *flags) find(name string) *flagDef {
	for _, d := range f.defs {
		for _, n := range d.names {
			if n == name {
				return d
			}
		}
	}
	return nil
}

// parse sets flags from the environment, then from args, and returns the
// arguments that are no flags.
func (f *flags) parse(args []string, env func(string) (string, bool)) (rest []string, err error) {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			rest = append(rest, args...)
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			rest = append(rest, arg)
			continue
		}
		if args, err = f.parseFlag(arg, args); err != nil {
			return nil, err
		}
	}
	return rest, f.parseEnv(env)
}

// parseFlag sets the flag arg, which may take its value from args, and returns
// what is left of them.
func (f *flags) parseFlag(arg string, args []string) ([]string, error) {
	name, val, hasValue := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
	d := f.find(name)
	switch {
	case d == nil:
		return nil, f.unknown(arg)
	case d.set == nil:
		return nil, errHelp
	case d.argument == "" && !hasValue:
		val = "true"
	case !hasValue && len(args) == 0:
		return nil, usageError(fmt.Sprintf("flag %s needs a value", dashed(name)))
	case !hasValue:
		val, args = args[0], args[1:]
	}
	if err := d.set(val); err != nil {
		return nil, usageError(fmt.Sprintf("flag %s: %v", dashed(name), err))
	}
	d.typed, d.given = true, true
	return args, nil
}

// parseEnv sets the flags that the command line does not give. Each
// name of a flag makes a variable; an empty one counts as none.
func (f *flags) parseEnv(env func(string) (string, bool)) error {
	for _, d := range f.defs {
		for i := len(d.names) - 1; i >= 0 && !d.given && d.set != nil; i-- {
			name := d.env(d.names[i])
			val, ok := env(name)
			if !ok || val == "" {
				continue
			}
			if err := d.set(val); err != nil {
				return usageError(fmt.Sprintf("variable %s: %v", name, err))
			}
			d.given = true
		}
	}
	return nil
}
