package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// completionCases are command lines up to the cursor with what completes them, of
// which all of want and none of not must be there. The lines are typed in a
// directory with the files "a b.gguf" and "c.gguf" and the folder "sub".
var completionCases = []struct {
	line      string
	want, not []string
}{
	{"gptrun ", []string{"prompt", "tokenize", "completion", "version"}, []string{"--model", "c.gguf"}},
	{"gptrun to", []string{"tokenize"}, []string{"prompt"}},
	{"gptrun prompt --kv", []string{"--kv-type"}, []string{"--model"}},
	{"gptrun prompt -", []string{"--kv-type", "-m", "--model", "-ub", "--help"}, []string{"--no-warmup"}},
	{"gptrun inspect -", []string{"--model", "--json"}, []string{"--kv-type"}},
	{"gptrun prompt --kv-type ", []string{"f16", "f32", "q8_0"}, []string{"c.gguf", "auto"}},
	{"gptrun prompt --kv-type q", []string{"q8_0"}, []string{"f16"}},
	{"gptrun prompt -ctk q", []string{"q8_0"}, []string{"f16"}},
	{"gptrun prompt --ctv q", []string{"q8_0"}, []string{"f16"}},
	{"gptrun prompt --weights=p", []string{"packed"}, []string{"mapped"}},
	{"gptrun prompt --weights=", []string{"packed", "auto"}, []string{"f16"}},
	{"gptrun bench --ctk f16,q", []string{"q8_0"}, []string{"f32"}},
	{"gptrun prompt -m ", []string{"a b.gguf", "c.gguf"}, []string{"f16"}},
	{"gptrun prompt -v -m c", []string{"c.gguf"}, []string{"a b.gguf"}},
	{"gptrun prompt -n ", nil, []string{"c.gguf", "--model"}},
	{"gptrun prompt ", nil, []string{"c.gguf", "--model"}},
	{"gptrun bench -o js", []string{"json", "jsonl"}, []string{"md"}},
	{"gptrun completion ", []string{"bash", "zsh", "fish"}, nil},
	{"gptrun help be", []string{"bench"}, []string{"prompt"}},
	{"gptrun man s", []string{"sub"}, []string{"c.gguf"}},
}

// completer runs a script that completes each line on its standard input and
// prints the matches, then "." on a line. It skips where there is no such shell.
func completer(t *testing.T, shell, script string, arguments ...string) func(line string) []string {
	path, err := exec.LookPath(shell)
	if err != nil {
		t.Skipf("there is no %s", shell)
	}
	dir := t.TempDir()
	for _, name := range []string{"a b.gguf", "c.gguf"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "_gptrun"), []byte(good(t, "completion", shell)), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "complete."+shell), []byte(script), 0o600))

	var lines strings.Builder
	for _, c := range completionCases {
		lines.WriteString(c.line + "\n")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, append(arguments, "complete."+shell)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "TERM=xterm")
	cmd.Stdin = strings.NewReader(lines.String())
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	answers := map[string][]string{}
	i := 0
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSuffix(line, "\n"); line == "." {
			i++
			continue
		}
		require.Less(t, i, len(completionCases), "%s", out)
		answers[completionCases[i].line] = append(answers[completionCases[i].line], line)
	}
	require.Equal(t, len(completionCases), i, "%s", out)
	return func(line string) []string { return answers[line] }
}

func testCompletion(t *testing.T, complete func(line string) []string, plain func(match string) string) {
	for _, c := range completionCases {
		t.Run(c.line, func(t *testing.T) {
			var got []string
			for _, match := range complete(c.line) {
				if match = plain(match); match != "" {
					got = append(got, match)
				}
			}
			require.Subset(t, got, c.want)
			for _, not := range c.not {
				require.NotContains(t, got, not)
			}
			if c.want == nil {
				require.Empty(t, got)
			}
		})
	}
}

func TestBashCompletes(t *testing.T) {
	complete := completer(t, "bash", `
source ./_gptrun
complete -p gptrun >/dev/null || exit 1
while IFS= read -r line; do
	# As readline takes a line apart.
	COMP_WORDS=(${line//=/ = })
	[[ $line != *[\ =] ]] || COMP_WORDS+=("")
	[[ $line != *= ]] || unset 'COMP_WORDS[${#COMP_WORDS[@]}-1]'
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_gptrun gptrun
	((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
	echo .
done
`, "--norc")
	testCompletion(t, complete, func(match string) string { return match[strings.LastIndex(match, ",")+1:] })
}

func TestFishCompletes(t *testing.T) {
	complete := completer(t, "fish", `
source ./_gptrun
while read -l line
	complete -C $line
	echo .
end
`, "--no-config")
	testCompletion(t, complete, func(match string) string {
		match, _, _ = strings.Cut(match, "\t") // the description
		match = strings.TrimPrefix(match, "--weights=")
		return strings.TrimSuffix(match[strings.LastIndex(match, ",")+1:], "/")
	})
}

// Zsh completes at a terminal alone. It prints each match itself, between bytes
// that nothing else prints.
func TestZshCompletes(t *testing.T) {
	complete := completer(t, "zsh", `
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z '
PS1=
fpath=($PWD $fpath)
autoload -Uz compinit
compinit -u -D
unsetopt auto_list
compadd() {
	if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
		builtin compadd "$@"
		return
	fi
	local hit
	local -a hits
	builtin compadd -A hits "$@"
	for hit in "$hits[@]"; do print -rn -- $'"'\\x1e'"'$hit$'"'\\x1d'"'; done
	builtin compadd "$@"
}
tab() { zle complete-word; BUFFER=; print -n $'"'\\x1f'"'; }
zle -N tab
bindkey "^I" tab
print -n $'"'\\x1f'"'
'
zpty -r z out $'*\x1f*'
while IFS= read -r line; do
	zpty -w -n z "$line"$'\t'
	zpty -r z out $'*\x1f*'
	print -rl -- "$out" .
done
`, "-f")
	matches := regexp.MustCompile("\x1e([^\x1d]*)\x1d")
	testCompletion(t, func(line string) (list []string) {
		for _, hit := range matches.FindAllStringSubmatch(strings.Join(complete(line), "\n"), -1) {
			list = append(list, hit[1])
		}
		return list
	}, func(match string) string { return strings.ReplaceAll(match, `\ `, " ") })
}

func TestCompletionNamesItsShells(t *testing.T) {
	var c console
	for _, args := range [][]string{{}, {"tcsh"}, {"bash", "zsh"}} {
		require.Equal(t, exitUsage, c.run(append([]string{"completion"}, args...)...))
		require.Contains(t, c.err.String(), "bash, zsh, fish")
		require.Empty(t, c.out.String())
	}
}
