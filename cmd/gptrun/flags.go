package main

import (
	"errors"
	"fmt"
	"io"
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
	standard string // the default's text
	set      func(value string) error
	typed    bool // set on the command line
	given    bool // set there or by the environment
}

// env is the variable that sets the flag, by one of its names.
func (d *flagDef) env(name string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

func (d *flagDef) spelling() string {
	var s []string
	for _, name := range d.names {
		s = append(s, dashed(name))
	}
	text := strings.Join(s, ", ")
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

// flags are a command's flags. One and two dashes mean the same.
type flags struct {
	defs []*flagDef
}

// value adds a flag whose text parse reads into *p. names are separated by
// spaces; the last one's variable is the one that the help text gives.
func value[T any](f *flags, p *T, parse func(string) (T, error), names, argument, usage string) *flagDef {
	d := &flagDef{names: strings.Fields(names), argument: argument, usage: usage, standard: fmt.Sprint(*p)}
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
	case d == nil && (name == "h" || name == "help"):
		return nil, errHelp
	case d == nil:
		return nil, usageError(fmt.Sprintf("no flag %q; text that begins with a dash goes after --", arg))
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
		for i := len(d.names) - 1; i >= 0 && !d.given; i-- {
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

func (f *flags) help(w io.Writer) {
	width := 0
	for _, d := range f.defs {
		width = max(width, len(d.spelling()))
	}
	for _, d := range f.defs {
		usage := d.usage
		if d.standard != "" {
			usage += " (" + d.standard + ")"
		}
		fmt.Fprintf(w, "  %-*s  %s [%s]\n", width, d.spelling(), usage, d.env(d.names[len(d.names)-1]))
	}
}
