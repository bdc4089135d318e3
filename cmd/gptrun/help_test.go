package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestHelpFitsInEightyColumns(t *testing.T) {
	texts := map[string]string{"gptrun": good(t, "help")}
	for _, c := range commands {
		texts[c.name] = good(t, c.name, "--help")
		require.Equal(t, texts[c.name], good(t, "help", c.name))
	}
	for name, text := range texts {
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			require.LessOrEqual(t, utf8.RuneCountInString(line), 80, "%s: %q", name, line)
			require.Equal(t, strings.TrimRight(line, " "), line, name)
			require.NotContains(t, line, "\x1b", name)
		}
	}
}

func TestHelpGivesEveryFlagWithItsVariableUnderATitle(t *testing.T) {
	for _, p := range pages(commands) {
		text := good(t, p.name, "-h")
		require.NotEmpty(t, p.examples, "%s has no example", p.name)
		for _, d := range p.defs {
			require.NotEmpty(t, d.title, "%s %s", p.name, d.spelling())
			_, group, ok := strings.Cut(text, "\n"+d.title+":\n")
			require.True(t, ok, "%s: no group %q", p.name, d.title)
			group, _, _ = strings.Cut(group, "\n\n")
			_, own, ok := strings.Cut(group, "  "+d.spelling())
			require.True(t, ok, "%s: no %q under %q", p.name, d.spelling(), d.title)
			if v := d.variable(); v != "" {
				require.Contains(t, own, "["+v+"]", "%s %s", p.name, d.spelling())
			}
		}
	}
}

func TestFlagsOfATitleThatComesAgainStandTogether(t *testing.T) {
	var f flags
	var a, b, c bool
	f.group("One")
	f.toggle(&a, "a", "")
	f.group("Two")
	f.toggle(&b, "b", "")
	f.group("One")
	f.toggle(&c, "c", "")
	require.Equal(t, []string{"One", "Two"}, f.titles())
	require.Equal(t, []*flagDef{f.defs[0], f.defs[2]}, f.in("One"))
}

// words takes a command line apart as a shell does, as far as examples need it.
func words(line string) []string {
	var list []string
	for _, word := range regexp.MustCompile(`"[^"]*"|\S+`).FindAllString(line, -1) {
		list = append(list, strings.Trim(word, `"`))
	}
	return list
}

func TestExamplesAreRightUsage(t *testing.T) {
	for _, p := range pages(commands) {
		for _, e := range p.examples {
			args := words(e.line)
			begin := slices.IndexFunc(args, func(s string) bool { return strings.HasSuffix(s, "gptrun") })
			require.GreaterOrEqual(t, begin, 0, e.line)
			args = args[begin+1:]
			if end := slices.IndexFunc(args, func(s string) bool { return s == "|" || s == ">" }); end >= 0 {
				args = args[:end]
			}
			args[len(args)-1] = strings.TrimSuffix(args[len(args)-1], ")")
			require.Equal(t, p.name, args[0], e.line)
			fresh, err := lookup(p.name, commands)
			require.NoError(t, err)
			rest, err := fresh.parse(args[1:], func(string) (string, bool) { return "", false })
			require.NoError(t, err, e.line)
			require.True(t, p.arguments != "" || len(rest) == 0, e.line)
		}
	}
}

// What help and completion offer must be all that a flag takes.
func TestFlagsTakeTheValuesTheyOffer(t *testing.T) {
	for _, p := range pages(commands) {
		for _, d := range p.defs {
			if d.set == nil {
				continue
			}
			for _, v := range d.values {
				require.Regexp(t, `^\w+$`, v, "no shell reads it as anything else")
				require.NoError(t, d.set(v), "%s %s", p.name, d.spelling())
			}
			if err := d.set("no-such-value"); err != nil && len(d.values) > 0 {
				for _, v := range d.values {
					require.ErrorContains(t, err, v)
				}
				continue
			}
			require.Empty(t, d.values, "%s %s takes anything", p.name, d.spelling())
		}
	}
}

func TestEveryCommandStandsUnderATitle(t *testing.T) {
	require.Contains(t, commandTitles, commands[0].name)
	for name := range commandTitles {
		_, err := lookup(name, commands)
		require.NoError(t, err)
	}
	text := good(t, "--help")
	for _, c := range commands {
		require.Contains(t, text, "\n  "+c.name+" ")
	}
	var con console
	require.Equal(t, exitUsage, con.run("help", "promt"))
	require.Contains(t, con.err.String(), "did you mean prompt?")
	require.Equal(t, exitUsage, con.run("help", "prompt", "eval"))
}

func TestLettersAreBoldOnATerminalAlone(t *testing.T) {
	for _, c := range []struct {
		name        string
		terminal    bool
		environment map[string]string
		bold        bool
	}{
		{"a terminal", true, map[string]string{"TERM": "xterm"}, true},
		{"a terminal that sets nothing", true, nil, true},
		{"an empty NO_COLOR, which counts as none", true, map[string]string{"NO_COLOR": ""}, true},
		{"NO_COLOR", true, map[string]string{"NO_COLOR": "0"}, false},
		{"a dumb terminal", true, map[string]string{"TERM": "dumb"}, false},
		{"a pipe", false, map[string]string{"TERM": "xterm"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, args := range [][]string{{"help"}, {"prompt", "--help"}, {"help", "eval"}} {
				con := console{environment: c.environment, isTerminal: c.terminal}
				require.Zero(t, con.run(args...))
				if !c.bold {
					require.NotContains(t, con.out.String(), "\x1b")
					continue
				}
				require.Contains(t, con.out.String(), "\x1b[1mUsage:\x1b[0m")
				plain := regexp.MustCompile("\x1b\\[[0-9]m").ReplaceAllString(con.out.String(), "")
				require.Equal(t, good(t, args...), plain)
			}
		})
	}
}

func TestAnUnknownNameSuggestsTheNearest(t *testing.T) {
	for _, c := range []struct{ typed, meant string }{
		{"promt", "prompt"},
		{"Prompt", "prompt"},
		{"prmopt", "prompt"},
		{"tokenise", "tokenize"},
		{"tok", "tokenize"},
		{"benhc", "bench"},
		{"hlep", "help"},
		{"prompt --tempo", "--temp"},
		{"prompt --temprature=3", "--temperature"},
		{"prompt --top_k", "--top-k"},
		{"prompt -topk", "--top-k"},
		{"prompt --TOP-P", "--top-p"},
		{"prompt ---temp", "--temp"},
		{"prompt --verb", "--verbose"},
		{"prompt --N", "-n"},
		{"bench --ngen", "--n-gen"},
		{"prompt --hlep", "--help"},
		{"xyz", ""},
		{"pt", ""},
		{"prompt -x", ""},
		{"prompt --threshold", ""},
		{"prompt --" + strings.Repeat("temp", 1<<20), ""},
	} {
		var con console
		require.Equal(t, exitUsage, con.run(strings.Split(c.typed, " ")...))
		says := con.err.String()
		require.Equal(t, 1, strings.Count(says, "\n"))
		if c.meant == "" {
			require.NotContains(t, says, "did you mean")
		} else {
			require.Contains(t, says, "did you mean "+c.meant+"?")
		}
	}
	var con console
	require.Equal(t, exitUsage, con.run("-m", "model.gguf", "prompt"))
	require.Contains(t, con.err.String(), "flags go after the command")
}

func TestEditDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "ac", 1},
		{"abc", "acb", 1}, {"ca", "abc", 3}, {"kitten", "sitting", 3}, {"abcdef", "badcfe", 3},
	} {
		require.Equal(t, c.want, editDistance(c.a, c.b), "%s %s", c.a, c.b)
	}
	word := rapid.StringOfN(rapid.SampledFrom([]rune("abc")), 0, 8, -1)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		d := editDistance(a, b)
		require.Equal(t, d, editDistance(b, a))
		require.Equal(t, d == 0, a == b)
		require.LessOrEqual(t, d, max(len(a), len(b)))
		require.GreaterOrEqual(t, d, abs(len(a)-len(b)))
		require.LessOrEqual(t, editDistance(a, b+"x"), d+1)
	})
}

func TestLinesAreWrappedBetweenWords(t *testing.T) {
	text := rapid.StringMatching(`([a-c…]{1,12}( |` + nbsp + `)){0,20}`)
	rapid.Check(t, func(t *rapid.T) {
		s, width := text.Draw(t, "text"), rapid.IntRange(1, 30).Draw(t, "width")
		lines := wrap(s, width)
		require.Equal(t, strings.Fields(strings.ReplaceAll(s, nbsp, " ")), strings.Fields(strings.Join(lines, " ")))
		for _, line := range lines {
			require.True(t, utf8.RuneCountInString(line) <= width || strings.Contains(s, strings.ReplaceAll(line, " ", nbsp)), "%q", line)
		}
	})
}

func TestManualPagesAreWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man", "man1")
	good(t, "man", dir)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, len(commands)+1)
	for name := range (manual{pages: pages(commands)}).files() {
		require.FileExists(t, filepath.Join(dir, name))
	}
	page := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		return string(b)
	}
	require.Equal(t, page("gptrun.1"), good(t, "man"))
	require.Equal(t, page("gptrun-prompt.1"), good(t, "man", "prompt"))
	var con console
	require.Equal(t, exitUsage, con.run("man", dir, dir))
	require.Equal(t, exitError, con.run("man", filepath.Join(dir, "gptrun.1", "x")))
	require.Equal(t, 1, strings.Count(con.err.String(), "\n"))
}

// The pages say what help says, once formatted; no formatter complains.
func TestManualPagesFormat(t *testing.T) {
	mandoc, err := exec.LookPath("mandoc")
	if err != nil {
		t.Skip("there is no mandoc")
	}
	files := manual{date: "2026-01-02", version: "v1.2.3", pages: pages(commands)}.files()
	for name, text := range files {
		for line := range strings.Lines(text) {
			require.Regexp(t, `^[ -~]*\n$`, line, "plain ASCII")
		}
		cmd := exec.Command(mandoc, "-Tlint", "-Wwarning")
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s: %s", name, out)
	}
	for _, p := range pages(commands) {
		cmd := exec.Command(mandoc, "-Tutf8", "-Owidth=400")
		cmd.Stdin = strings.NewReader(files["gptrun-"+p.name+".1"])
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s: %s", p.name, out)
		// Bold letters are struck twice.
		text := strings.ReplaceAll(regexp.MustCompile(".\b").ReplaceAllString(string(out), ""), nbsp, " ")
		require.Contains(t, text, "v1.2.3")
		for _, d := range p.defs {
			require.Contains(t, text, d.spelling())
			require.Contains(t, text, strings.ReplaceAll(d.description(), nbsp, " "))
		}
		for _, e := range p.examples {
			require.Contains(t, text, e.line)
		}
	}
}
