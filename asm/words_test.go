package asm

import (
	"encoding/binary"
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// word is an instruction written as a number, what it says behind it, in GNU's
// spelling, and behind a semicolon a remark.
var word = regexp.MustCompile(`^\s*WORD\s+\$(0x[0-9a-f]{8}) // ([^;]*[^; ])( *;.*)?$`)

// disassembled is a line of objdump: address, code, instruction.
var disassembled = regexp.MustCompile(`^\s*[0-9a-f]+:\s+([0-9a-f]{8})\s+(.*?)(?:\s+//.*)?$`)

// macro is an instruction of words_arm64.h: its text, where it has a constant
// that one's limits, name, arguments and the expression of its code.
var macro = regexp.MustCompile(`(?m)^// ([^;\n]*)(?:; I = (\d+)\.\.(\d+))?\n#define (\w+)\((.*)\) WORD \$\((.*)\)$`)

// statement is one written as a number and what it says.
type statement struct {
	at, text string
	code     uint32
}

// Go's assembler lacks many of arm64's vector instructions. Each is a number
// with its text; the text is what a disassembler makes of the number.
func TestWordsAreTheInstructionsTheySay(t *testing.T) {
	objdump, err := exec.LookPath("aarch64-linux-gnu-objdump")
	if err != nil {
		t.Skip("no aarch64-linux-gnu-objdump: apt-get install binutils-aarch64-linux-gnu")
	}
	files, err := filepath.Glob("*_arm64.[sh]")
	require.NoError(t, err)
	var list []statement
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		list = append(list, words(t, name, string(text))...)
	}
	list = append(list, macros(t, "words_arm64.h")...)
	require.NotEmpty(t, list)
	texts := disassemble(t, objdump, list)
	for i, s := range list {
		require.Equal(t, s.text, texts[i], s.at)
	}
}

// words are the WORDs of a file outside macros.
func words(t *testing.T, name, text string) (list []statement) {
	for i, line := range strings.Split(text, "\n") {
		code, _, _ := strings.Cut(line, "//")
		if !strings.Contains(code, "WORD") || strings.HasPrefix(line, "#define") {
			continue
		}
		m := word.FindStringSubmatch(line)
		require.NotNil(t, m, "%s:%d: not WORD $0x…, eight digits, and its instruction: %s", name, i+1, line)
		v, err := strconv.ParseUint(m[1], 0, 32)
		require.NoError(t, err)
		list = append(list, statement{fmt.Sprintf("%s:%d", name, i+1), m[2], uint32(v)})
	}
	return list
}

// macros are uses of every macro of a file: each register with every number,
// each constant at its limits and between.
func macros(t *testing.T, name string) (list []statement) {
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	found := macro.FindAllStringSubmatch(string(text), -1)
	require.Len(t, found, strings.Count(string(text), "#define"), "every macro has its instruction above it")
	for _, m := range found {
		first, last := 0, 0
		if m[2] != "" {
			first, err = strconv.Atoi(m[2])
			require.NoError(t, err)
			last, err = strconv.Atoi(m[3])
			require.NoError(t, err)
		}
		for k := range 96 {
			args := map[string]int{"d": k % 32, "n": k * 7 % 32, "m": (k + 5) * 11 % 32, "i": first + k%(last-first+1)}
			list = append(list, use(t, m[4], m[1], m[6], args))
		}
	}
	return list
}

// use is a macro with its arguments in place, evaluated as Go does: the assembler
// has the same operators and another precedence.
func use(t *testing.T, name, text, code string, args map[string]int) statement {
	for arg, v := range args {
		code = regexp.MustCompile(`\b`+arg+`\b`).ReplaceAllString(code, strconv.Itoa(v))
		upper := strings.ToUpper(arg)
		text = strings.ReplaceAll(text, "0x"+upper, fmt.Sprintf("%#x", v))
		text = regexp.MustCompile(`(v|#|\[)`+upper).ReplaceAllString(text, "${1}"+strconv.Itoa(v))
	}
	require.NotRegexp(t, `[<>&|+-]\w+[<>&+-]`, code, "%s: two operators without parentheses", name)
	value, err := types.Eval(token.NewFileSet(), nil, token.NoPos, code)
	require.NoError(t, err)
	v, exact := constant.Uint64Val(value.Value)
	require.True(t, exact && v>>32 == 0, "%s: %s", name, code)
	return statement{name, text, uint32(v)}
}

// disassemble returns what a disassembler makes of the codes.
func disassemble(t *testing.T, objdump string, list []statement) (texts []string) {
	var code []byte
	for _, s := range list {
		code = binary.LittleEndian.AppendUint32(code, s.code)
	}
	file := filepath.Join(t.TempDir(), "code")
	require.NoError(t, os.WriteFile(file, code, 0o600))
	output, err := exec.Command(objdump, "-D", "-z", "-b", "binary", "-m", "aarch64", file).Output()
	require.NoError(t, err)
	for line := range strings.SplitSeq(string(output), "\n") {
		if m := disassembled.FindStringSubmatch(line); m != nil {
			texts = append(texts, strings.ReplaceAll(m[2], "\t", " "))
		}
	}
	require.Len(t, texts, len(list), "lines of %s", objdump)
	return texts
}
