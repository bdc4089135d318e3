package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gptrun/gptrun"
)

// asCommand makes the test binary behave as gptrun.
const asCommand = "GPTRUN_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

func tiny(arch string) string {
	return filepath.Join("..", "..", "testdata", "tiny", arch, arch+"-q8_0.gguf")
}

// console is what a command sees and leaves.
type console struct {
	in          string
	environment map[string]string
	ctx         context.Context
	isTerminal  bool // standard output

	errIsTerminal bool

	out, err bytes.Buffer
}

// run runs a command line.
func (c *console) run(args ...string) int {
	c.out.Reset()
	c.err.Reset()
	ctx := c.ctx
	if ctx == nil {
		ctx = context.Background()
	}
	return run(ctx, &terminal{in: strings.NewReader(c.in), out: &c.out, err: &c.err, outIsTerminal: c.isTerminal, errIsTerminal: c.errIsTerminal, env: func(name string) (string, bool) {
		v, ok := c.environment[name]
		return v, ok
	}}, args)
}

// good runs a command line that must succeed and returns its output.
func good(t testing.TB, args ...string) string {
	t.Helper()
	var c console
	require.Zero(t, c.run(args...), "%q: %s", args, c.err.String())
	return c.out.String()
}

func decode[T any](t testing.TB, text string) (v T) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&v), text)
	require.False(t, d.More())
	return v
}

type promptJSON struct {
	Tokens  []int32            `json:"tokens"`
	Text    string             `json:"text"`
	Stop    string             `json:"stop"`
	Timings map[string]float64 `json:"timings"`
}

type idsJSON struct {
	IDs []int32 `json:"ids"`
}

func TestWrongUsageIsOneLineAndStatusTwo(t *testing.T) {
	m := tiny("gpt2")
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"no command", nil, "which command?"},
		{"an unknown command", []string{"promt"}, `"promt"`},
		{"an unknown flag", []string{"prompt", "-m", m, "--tempo", "1"}, `"--tempo"`},
		{"text that looks like a flag", []string{"prompt", "-m", m, "-5 degrees"}, "--"},
		{"a flag without its value", []string{"prompt", "x", "-m"}, "-m needs a value"},
		{"no model", []string{"prompt", "x"}, "GPTRUN_MODEL"},
		{"no model for inspect", []string{"inspect"}, "GPTRUN_MODEL"},
		{"no integer", []string{"prompt", "-m", m, "-n", "many", "x"}, `-n: "many"`},
		{"an integer out of range", []string{"prompt", "-m", m, "-b", "0", "x"}, "-b"},
		{"not a number", []string{"prompt", "-m", m, "--temp", "nan", "x"}, "--temp"},
		{"top_p out of range", []string{"prompt", "-m", m, "--top-p", "1.5", "x"}, "--top-p"},
		{"unknown activations", []string{"eval", "-m", m, "--activations", "int4", "x"}, `"int4"`},
		{"unknown weights", []string{"eval", "-m", m, "--weights", "heavy", "x"}, `"heavy"`},
		{"unknown KV type", []string{"eval", "-m", m, "--kv-type", "q5_1", "x"}, `"q5_1"`},
		{"unknown logits", []string{"eval", "-m", m, "--logits", "some", "x"}, `"some"`},
		{"ids that are none", []string{"eval", "-m", m, "--ids", "1,x"}, `"x"`},
		{"text twice", []string{"prompt", "-m", m, "-p", "x", "y"}, "twice"},
		{"text and ids", []string{"eval", "-m", m, "--ids", "1", "y"}, "twice"},
		{"a text flag and ids", []string{"eval", "-m", m, "--ids", "1", "-p", "y"}, "twice"},
		{"neither true nor false", []string{"eval", "-m", m, "--json=maybe", "y"}, `--json: "maybe" is neither`},
		{"text and batch", []string{"tokenize", "-m", m, "--batch", "y"}, "--batch"},
		{"no model for bench", []string{"bench"}, "GPTRUN_MODEL"},
		{"nothing to bench", []string{"bench", "-m", m, "-p", "0", "-n", "0"}, "-pg"},
		{"a list with a hole", []string{"bench", "-m", m, "-p", "1,,2"}, `-p: "" is not`},
		{"a list with a negative number", []string{"bench", "-m", m, "-p", "-1"}, `-p: "" is not`},
		{"a range without an end", []string{"bench", "-m", m, "-p", "1-"}, `-p: "" is not`},
		{"a range backwards", []string{"bench", "-m", m, "-d", "8-1"}, `"8-1" is an empty range`},
		{"a range that stays", []string{"bench", "-m", m, "-p", "1-8*1"}, `"1-8*1" does not end`},
		{"a range that stays at 0", []string{"bench", "-m", m, "-d", "0-8*2"}, `"0-8*2" does not end`},
		{"a range by nothing", []string{"bench", "-m", m, "-p", "1-8+0"}, "0 is below 1"},
		{"a range of millions", []string{"bench", "-m", m, "-p", "1-9999999"}, "more than 1000 values"},
		{"a number past 32 bits", []string{"bench", "-m", m, "-p", "4294967296"}, "not an integer"},
		{"no threads of a list", []string{"bench", "-m", m, "-b", "0"}, "0 is below 1"},
		{"a pair of one", []string{"bench", "-m", m, "-pg", "5"}, `"5" is not two integers`},
		{"a pair of three", []string{"bench", "-m", m, "-pg", "5,6,7"}, `"6,7" is not an integer`},
		{"an unknown table", []string{"bench", "-m", m, "-o", "sql"}, `"sql" is not one of md, csv`},
		{"an unknown cache type", []string{"bench", "-m", m, "-ctk", "q2_k"}, "q2_k"},
		{"too many tests", []string{"bench", "-m", m, "-p", "1-1000", "-d", "1-20"}, "more than 10000 tests"},
		{"arguments for bench", []string{"bench", "-m", m, "y"}, `"y"`},
		{"arguments for inspect", []string{"inspect", "-m", m, "y"}, `"y"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var con console
			require.Equal(t, exitUsage, con.run(c.args...))
			require.Empty(t, con.out.String())
			lines := strings.Split(strings.TrimSpace(con.err.String()), "\n")
			last := lines[len(lines)-1]
			require.True(t, strings.HasPrefix(last, "gptrun: "), last)
			require.Contains(t, last, c.says)
			if len(c.args) > 0 {
				require.Len(t, lines, 1)
			}
		})
	}
}

func TestKeysAndValuesHaveTypesOfTheirOwn(t *testing.T) {
	eval := func(args ...string) string {
		return good(t, append([]string{"eval", "-m", tiny("llama"), "--json", "Hello world"}, args...)...)
	}
	full, half := eval("--kv-type", "f32"), eval()
	require.NotEqual(t, half, full)
	require.Equal(t, full, eval("-ctk", "f32", "--cache-type-v", "f32"))
	keys := eval("-ctk", "f32")
	require.NotEqual(t, half, keys)
	require.NotEqual(t, full, keys)
	require.Equal(t, keys, eval("-ctv", "f16", "--kv-type", "f32"), "a type of values alone goes before that of both")
}

func TestHelpGoesToStandardOutput(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"-h"}, {"--help"}} {
		require.Contains(t, good(t, args...), "tokenize")
	}
	for _, c := range commands {
		text := good(t, c.name, "-h")
		require.Contains(t, text, "Usage: gptrun "+c.name)
	}
	for _, flag := range strings.Fields("-m -p -f -n -c -t -s --seed --temp --top-k --top-p --min-p --repeat-penalty --repeat-last-n --activations --weights --kv-type --ctk --cache-type-k --ctv --cache-type-v -v --json") {
		require.Contains(t, good(t, "prompt", "--help"), flag)
	}
}

func TestFlagsMayStandAnywhereAndBeSpelledEitherWay(t *testing.T) {
	m := tiny("gpt2")
	want := good(t, "prompt", "-m", m, "--temp", "0", "-n", "5", "Hello world")
	for _, args := range [][]string{
		{"prompt", "Hello", "world", "-m", m, "--temp", "0", "-n", "5"},
		{"prompt", "Hello", "-temp=0", "--model=" + m, "world", "--predict", "5"},
		{"prompt", "-m", m, "--temp", "0", "-n", "5", "--", "Hello", "world"},
		{"prompt", "-m", m, "--temp", "0", "-n", "5", "-p", "Hello world"},
		{"prompt", "-m", m, "--temp", "0", "-n", "-1", "--n-predict", "5", "Hello world"},
		{"prompt", "-m", m, "--raw", "--raw=false", "--temp", "0", "-n", "5", "Hello world"},
	} {
		require.Equal(t, want, good(t, args...), "%q", args)
	}
}

func TestEveryFlagHasAVariable(t *testing.T) {
	m := tiny("gpt2")
	want := good(t, "prompt", "-m", m, "--temp", "0.5", "-s", "3", "-n", "5", "--top-k", "7", "--json", "Hello")
	c := console{environment: map[string]string{
		"GPTRUN_MODEL": m, "GPTRUN_TEMP": "0.5", "GPTRUN_SEED": "3", "GPTRUN_N": "5", "GPTRUN_TOP_K": "7", "GPTRUN_JSON": "1", "GPTRUN_PROMPT": "Hello",
	}}
	require.Zero(t, c.run("prompt"), c.err.String())
	require.Equal(t, decode[promptJSON](t, want).Tokens, decode[promptJSON](t, c.out.String()).Tokens)
	require.Zero(t, c.run("prompt", "-n", "2", "Bye"), "the command line comes first")
	require.Len(t, decode[promptJSON](t, c.out.String()).Tokens, 2)
	c.environment["GPTRUN_IDS"] = "1,2,3"
	require.Zero(t, c.run("eval", "--logits", "none"))
	require.Equal(t, []int32{1, 2, 3}, decode[evalJSON](t, c.out.String()).Tokens)
	require.Zero(t, c.run("eval", "--logits", "none", "Hi"), "text on the command line comes before ids of the environment")
	require.Len(t, decode[evalJSON](t, c.out.String()).Tokens, 2)
	c.environment["GPTRUN_N"] = ""
	require.Zero(t, c.run("prompt", "-c", "5"), "an empty variable is none")
	c.environment["GPTRUN_TEMP"] = "hot"
	require.Equal(t, exitUsage, c.run("prompt"))
	require.Contains(t, c.err.String(), "GPTRUN_TEMP")
}

func TestTextComesFromAFileOrStandardInput(t *testing.T) {
	m := tiny("gpt2")
	path := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(path, []byte("Hello\nworld\n"), 0o600))
	want := good(t, "tokenize", "-m", m, "--json", "Hello\nworld")
	require.Equal(t, want, good(t, "tokenize", "-m", m, "--json", "-f", path))
	c := console{in: "Hello\nworld\n"}
	for _, args := range [][]string{{"-f", "-"}, {}} {
		require.Zero(t, c.run(append([]string{"tokenize", "-m", m, "--json"}, args...)...))
		require.Equal(t, want, c.out.String())
	}
	require.Equal(t, 1, c.run("tokenize", "-m", m, "-f", filepath.Join(t.TempDir(), "missing")))
	require.Contains(t, c.err.String(), "missing")
}

func TestTokenize(t *testing.T) {
	require.Equal(t, "{\"ids\":[1,463,572,2]}\n", good(t, "tokenize", "-m", tiny("llama"), "--json", "Hi</s>"), "BOS, and special tokens are parsed")
	require.Equal(t, "{\"ids\":[]}\n", good(t, "tokenize", "-m", tiny("gpt2"), "--json", ""))
	require.Contains(t, good(t, "tokenize", "-m", tiny("llama"), "Hi</s>"), `     2  "</s>"`)

	c := console{in: "\"Hi</s>\"\n\"\"\n\"a\\nb\""}
	require.Zero(t, c.run("tokenize", "-m", tiny("llama"), "--batch"))
	lines := strings.Split(strings.TrimSuffix(c.out.String(), "\n"), "\n")
	require.Len(t, lines, 3)
	require.Equal(t, `{"ids":[1,463,572,2]}`, lines[0])
	require.Equal(t, `{"ids":[1]}`, lines[1])
	for _, line := range []string{"not JSON", "null", "5", `["a"]`, `"a`, ""} {
		c.in = "\"ok\"\n" + line + "\n\"ok\"\n"
		require.Equal(t, exitError, c.run("tokenize", "-m", tiny("llama"), "--batch"), "%q", line)
		require.Contains(t, c.err.String(), "line 2")
	}
	require.Contains(t, c.out.String(), "ids", "what came before is answered")
}

func TestPromptAnswersOnStandardOutputAlone(t *testing.T) {
	var c console
	args := []string{"prompt", "-m", tiny("gpt2"), "--temp", "0", "-n", "6", "Hello world!"}
	require.Zero(t, c.run(args...))
	require.Empty(t, c.err.String())
	text := c.out.String()
	require.True(t, strings.HasSuffix(text, "\n"))
	require.Zero(t, c.run(append(args, "-v", "-s", "77")...))
	require.Equal(t, text, c.out.String())
	for _, want := range []string{"load:", "prompt:", "generate:", "tok/s", "seed 77"} {
		require.Contains(t, c.err.String(), want)
	}
	p := decode[promptJSON](t, good(t, append(args, "--json")...))
	require.Equal(t, text, p.Text+"\n")
	require.Len(t, p.Tokens, 6)
	require.Equal(t, "length", p.Stop)
	require.Equal(t, 6.0, p.Timings["predicted_n"])
	require.Contains(t, p.Timings, "prompt_per_second")
}

func TestPromptStopsBeforeAGivenText(t *testing.T) {
	args := []string{"prompt", "-m", tiny("gpt2"), "--temp", "0", "-n", "6", "--json", "Hello world!"}
	whole := decode[promptJSON](t, good(t, args...))
	cut := decode[promptJSON](t, good(t, append(args, "-r", "not there", "-r", "pp")...))
	require.Equal(t, "stop", cut.Stop)
	require.Equal(t, whole.Text[:strings.Index(whole.Text, "pp")], cut.Text)
}

func TestTheSameSeedGivesTheSameText(t *testing.T) {
	args := func(seed string) []string {
		return []string{"prompt", "-m", tiny("gpt2"), "--temp", "3", "--min-p", "0", "-n", "12", "-s", seed, "Hello"}
	}
	require.Equal(t, good(t, args("5")...), good(t, args("5")...))
	require.NotEqual(t, good(t, args("5")...), good(t, args("6")...))
	require.NotEqual(t, good(t, args("-1")...), good(t, args("4294967295")...), "both are random")
}

func TestAPromptPastTheContextIsAnError(t *testing.T) {
	var c console
	require.Equal(t, exitError, c.run("prompt", "-m", tiny("gpt2"), "-c", "3", "a prompt of more than three tokens"))
	require.Contains(t, c.err.String(), "context of 3")
	require.Equal(t, exitError, c.run("prompt", "-m", tiny("gpt2"), ""))
	require.Contains(t, c.err.String(), "nothing to continue")
}

func TestAnInterruptedAnswerKeepsItsText(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := console{ctx: ctx}
	require.Equal(t, exitInterrupted, c.run("prompt", "-m", tiny("gpt2"), "Hello"))
	require.Equal(t, "\n", c.out.String())
	require.Empty(t, c.err.String())
	require.Equal(t, exitInterrupted, c.run("prompt", "--json", "-m", tiny("gpt2"), "Hello"))
	require.Equal(t, "cancelled", decode[promptJSON](t, c.out.String()).Stop)
	require.Equal(t, exitInterrupted, c.run("eval", "-m", tiny("gpt2"), "Hello"))
}

func TestInspectAndVersion(t *testing.T) {
	for _, arch := range []string{"gpt2", "llama", "gemma3"} {
		text := good(t, "inspect", "-m", tiny(arch))
		require.Contains(t, text, fmt.Sprintf("general.architecture = %q", arch))
		require.Contains(t, text, "token_embd.weight")
		v := decode[struct {
			Path       string         `json:"path"`
			Bytes      int64          `json:"bytes"`
			Parameters int64          `json:"parameters"`
			Metadata   map[string]any `json:"metadata"`
			Tensors    []struct {
				Name  string `json:"name"`
				Type  string `json:"type"`
				Shape []int  `json:"shape"`
				Bytes int    `json:"bytes"`
			} `json:"tensors"`
		}](t, good(t, "inspect", "-m", tiny(arch), "--json"))
		require.Equal(t, arch, v.Metadata["general.architecture"])
		require.NotEmpty(t, v.Tensors)
		require.Positive(t, v.Parameters)
		info, err := os.Stat(tiny(arch))
		require.NoError(t, err)
		require.Equal(t, info.Size(), v.Bytes)
	}
	text := good(t, "version")
	require.Contains(t, text, "tier: ")
	require.Contains(t, text, "generic")
	machine, err := gptrun.ThisMachine()
	require.NoError(t, err)
	require.Contains(t, text, fmt.Sprintf("cores: %s\nthreads: %d, %s\n", machine.Cores, machine.Threads, machine.ThreadsWhy))
	t.Setenv("GPTRUN_CPU", "generic")
	require.Contains(t, good(t, "--version"), "tier: generic")
	require.Contains(t, good(t, "version", "--json"), `"tier":"generic"`)
}

type evalJSON struct {
	Tokens []int32         `json:"tokens"`
	NLL    []float64       `json:"nll"`
	Logits json.RawMessage `json:"logits"`
}

func TestEvalAgreesWithItself(t *testing.T) {
	for _, arch := range []string{"gpt2", "llama", "gemma3"} {
		t.Run(arch, func(t *testing.T) {
			text := "Hello world! It's 12345 tokens; don't panic."
			all := decode[evalJSON](t, good(t, "eval", "-m", tiny(arch), "--json", "--logits", "all", text))
			rows := decode[[][]float32](t, string(all.Logits))
			require.Len(t, rows, len(all.Tokens))
			require.Len(t, all.NLL, len(all.Tokens)-1)
			require.Equal(t, decode[idsJSON](t, good(t, "tokenize", "-m", tiny(arch), "--json", text)).IDs, all.Tokens)
			for i, v := range all.NLL {
				require.InDelta(t, exactNLL(rows[i], all.Tokens[i+1]), v, 1e-6)
			}
			ids := strings.Trim(strings.ReplaceAll(fmt.Sprint(all.Tokens), " ", ","), "[]")
			last := decode[evalJSON](t, good(t, "eval", "-m", tiny(arch), "--json", "--ids", ids, "-b", "5", "-ub", "3", "-t", "1"))
			require.Equal(t, all.Tokens, last.Tokens)
			require.Equal(t, all.NLL, last.NLL)
			require.Equal(t, rows[len(rows)-1], decode[[]float32](t, string(last.Logits)))
			none := decode[evalJSON](t, good(t, "eval", "-m", tiny(arch), "--json", "--logits", "none", text))
			require.Equal(t, "[]", string(none.Logits))
			require.Equal(t, all.NLL, none.NLL)

			path := filepath.Join(t.TempDir(), "logits.npy")
			require.Contains(t, good(t, "eval", "-m", tiny(arch), "--npy", path, text), "perplexity")
			shape, values := readNPY(t, path)
			require.Equal(t, fmt.Sprintf("(%d, %d)", len(rows), len(rows[0])), shape)
			for i, row := range rows {
				require.Equal(t, row, values[i*len(row):(i+1)*len(row)])
			}
		})
	}
}

func TestASingleTokenHasNoLikelihood(t *testing.T) {
	require.Equal(t, "tokens      1\n", good(t, "eval", "-m", tiny("gpt2"), "--ids", "5"))
	require.Equal(t, `{"tokens":[5],"nll":[],"logits":[]}`+"\n", good(t, "eval", "-m", tiny("gpt2"), "--ids", "5", "--json", "--logits", "none"))
}

func exactNLL(logits []float32, id int32) float64 {
	sum := 0.0
	for _, l := range logits {
		sum += math.Exp(float64(l) - float64(logits[id]))
	}
	return math.Log(sum)
}

func readNPY(t *testing.T, path string) (shape string, values []float32) {
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "\x93NUMPY\x01\x00", string(b[:8]))
	n := 10 + int(binary.LittleEndian.Uint16(b[8:]))
	require.Zero(t, n%npyAlign)
	header := string(b[10:n])
	require.True(t, strings.HasSuffix(header, "\n"))
	require.Contains(t, header, "'descr': '<f4', 'fortran_order': False")
	_, shape, _ = strings.Cut(header, "'shape': ")
	shape, _, _ = strings.Cut(shape, ", }")
	values = make([]float32, (len(b)-n)/4)
	_, err = binary.Decode(b[n:], binary.LittleEndian, values)
	require.NoError(t, err)
	return shape, values
}

func TestEvalRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logits.npy")
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"no token", []string{""}, "nothing"},
		{"a token past the vocabulary", []string{"--ids", "1,512", "--npy", path}, "512"},
		{"more than the context", []string{"-c", "2", "--ids", "1,2,3", "--npy", path}, "context of 2"},
		{"an array that cannot be written", []string{"--ids", "1", "--npy", filepath.Join(path, "x")}, "logits.npy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var con console
			require.Equal(t, exitError, con.run(append([]string{"eval", "-m", tiny("gpt2")}, c.args...)...))
			require.Contains(t, con.err.String(), c.says)
			require.Equal(t, 1, strings.Count(con.err.String(), "\n"))
			require.NoFileExists(t, path)
		})
	}
}

func TestAnArrayIsReplacedOnlyByAWholeOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logits.npy")
	require.NoError(t, os.WriteFile(path, []byte("before"), 0o600))
	var con console
	require.Equal(t, exitError, con.run("eval", "-m", tiny("gpt2"), "--ids", "1,512", "--npy", path))
	left, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "before", string(left))
	good(t, "eval", "-m", tiny("gpt2"), "--ids", "1,2", "--npy", path)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "\x93NUMPY", string(whole[:6]))
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

func TestNumbersAreWrittenSoThatTheyReadBack(t *testing.T) {
	require.Equal(t, "[0.1,1e-45,3.4028235e+38,null,null]",
		string(appendFloats32(nil, []float32{0.1, 1e-45, math.MaxFloat32, float32(math.NaN()), float32(math.Inf(1))})))
	require.Equal(t, `"a\"\ufffd\u001b"`, string(appendString(nil, "a\"\xff\x1b")))
}

func TestNoControlCharacterReachesATerminal(t *testing.T) {
	require.Equal(t, `a\x1b[2J\nb`, printable("a\x1b[2J\nb"))
	var b bytes.Buffer
	term := terminal{out: &b, outIsTerminal: true}
	_, err := term.answer().Write([]byte("a\x1b[2J\n\tb\u009b"))
	require.NoError(t, err)
	require.Equal(t, "a\ufffd[2J\n\tb\ufffd", b.String())
	term.outIsTerminal = false
	b.Reset()
	_, err = term.answer().Write([]byte("\x1b"))
	require.NoError(t, err)
	require.Equal(t, "\x1b", b.String())
}

func TestProgressShowsOnATerminalAfterAWhile(t *testing.T) {
	var b bytes.Buffer
	term := terminal{err: &b}
	report, _ := term.progress()
	require.Nil(t, report)
	term.errIsTerminal = true
	report, wipe := term.progress()
	report(1, 2)
	wipe()
	require.Empty(t, b.String(), "a moment has not passed")
	p := progress{w: &b, shown: -1}
	p.report(1, 2)
	p.report(1, 2)
	require.Equal(t, "\rloading  50 %", b.String())
	p.wipe()
	require.True(t, strings.HasSuffix(b.String(), "\r"))
}
