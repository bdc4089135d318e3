package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// input is where a command's text comes from.
type input struct {
	text, file string
	textFlag   *flagDef
	fileFlag   *flagDef
	modelName
}

func (in *input) define(f *flags) {
	f.group("Model and text")
	in.modelName.define(f)
	in.textFlag = f.text(&in.text, "p prompt", "TEXT", "the text; or as arguments")
	in.fileFlag = f.text(&in.file, "f file", "FILE", "read the text from a file, - for standard input, less one line break at its end")
}

// read returns the text: of the arguments, of -p, of -f, or of standard input.
func (in *input) read(t *terminal, args []string) (string, error) {
	// What stands on the command line comes before the environment.
	if len(args) > 0 {
		if in.textFlag.typed || in.fileFlag.typed {
			return "", usageError(fmt.Sprintf("text is given twice: as argument %q and by a flag", args[0]))
		}
		return strings.Join(args, " "), nil
	}
	if in.textFlag.typed && in.fileFlag.typed {
		return "", usageError("text is given twice: by -p and by -f")
	}
	if in.textFlag.given && !in.fileFlag.typed {
		return in.text, nil
	}
	var data []byte
	var err error
	if in.file != "" && in.file != "-" {
		data, err = os.ReadFile(in.file)
	} else {
		if t.inIsTerminal {
			fmt.Fprintln(t.err, "gptrun: reading the text from standard input")
		}
		data, err = io.ReadAll(t.in)
	}
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(string(data), "\n"), nil
}

// errNoModel is a command line without a model.
var errNoModel = usageError("which model? Give -m FILE, or set " + envPrefix + "MODEL")

// closing closes c after a command and keeps the first error.
func closing(c io.Closer, err *error) {
	if e := c.Close(); *err == nil {
		*err = e
	}
}
