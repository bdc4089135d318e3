package main

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fakes names a folder; the test binary then behaves as gptrun, llama-bench or
// llama-batched-bench, and keeps a log there.
const fakes = "COMPARE_TEST_FAKES"

func TestMain(m *testing.M) {
	if dir := os.Getenv(fakes); dir != "" {
		fake(dir, os.Args[1:])
		return
	}
	os.Exit(m.Run())
}

// fake prints results whose speeds depend on how often it has been called.
func fake(dir string, args []string) {
	role := "llama-bench"
	switch {
	case args[0] == "version":
		fmt.Println("gptrun v1.2.3, go1.26\ncpu: Fake CPU")
		return
	case args[0] == "bench":
		role = "gptrun"
	case slices.Contains(args, "-npp"):
		role = "llama-batched-bench"
	}
	path := filepath.Join(dir, "log")
	log, _ := os.ReadFile(path)
	calls := strings.Count(string(log), role+":")
	_ = os.WriteFile(path, append(log, role+": "+strings.Join(args, " ")+"\n"...), 0o600)
	if slices.Contains(args, "broken") {
		fmt.Fprintln(os.Stderr, "loading\nno such architecture")
		os.Exit(1)
	}
	faster := float64([]int{0, 20, 10}[calls%3])
	if role == "llama-batched-bench" {
		fmt.Printf(`{"pp": 0, "tg": 128, "pl": 4, "speed_pp": -nan, "speed_tg": %f}`+"\n\n", 200+faster)
		return
	}
	object := func(prompt, generation, parallel int, speed float64) string {
		return fmt.Sprintf(`{"build_commit": "abc", "build_number": 7, "cpu_info": "Fake CPU (4 cores)", "backends": "CPU fast",
			"model_filename": %q, "n_prompt": %d, "n_gen": %d, "n_depth": 0, "n_parallel": %d, "avg_ts": %f}`,
			args[slices.Index(args, "-m")+1], prompt, generation, parallel, speed)
	}
	switch {
	case role == "llama-bench":
		fmt.Printf("[%s, %s]", object(512, 0, 0, 100+faster), object(0, 128, 0, 20+faster))
	case slices.Contains(args, "-npl"):
		fmt.Printf("[%s]", object(0, 128, 4, 500+faster))
	default:
		fmt.Printf("[%s, %s]", object(512, 0, 1, 340+faster), object(0, 128, 1, 10+faster))
	}
}

// compare runs the command line with fakes for all programs and returns its
// settings, what it printed and the fakes' log.
func compare(t *testing.T, args ...string) (s *settings, out string, log []string, err error) {
	dir := t.TempDir()
	t.Setenv(fakes, dir)
	s, err = parse(append([]string{"-gptrun", os.Args[0], "-out", filepath.Join(dir, "results")}, args...), io.Discard)
	require.NoError(t, err)
	var b strings.Builder
	err = s.run(context.Background(), &b, io.Discard)
	text, _ := os.ReadFile(filepath.Join(dir, "log"))
	return s, b.String(), strings.Split(strings.TrimSpace(string(text)), "\n"), err
}

func TestSidesRunByTurnsAndTheBestCounts(t *testing.T) {
	goals := filepath.Join(t.TempDir(), "goals.csv")
	require.NoError(t, os.WriteFile(goals, []byte("# floor and aim\na,pp512,4,6\na,tg128,0.5,0.7\n"), 0o600))
	model := filepath.Join(t.TempDir(), "a.gguf")
	s, out, log, err := compare(t, "-llama-bench", os.Args[0], "-llama-batched-bench", os.Args[0], "-m", model,
		"-t", "2", "-npl", "4", "-rounds", "3", "-ctk", "f32", "-ctv", "f32", "-activations", "int16",
		"-gptrun-args", "--weights mapped", "-llama-args", "-fa 1", "-goals", goals, "-label", "Try 1")
	require.NoError(t, err)

	ours := "gptrun: bench -m " + model + " -t 2 -ctk f32 -ctv f32 -p 512 -n 128 -d 0 -r 1 -o json --activations int16 --weights mapped"
	theirs := "llama-bench: -m " + model + " -t 2 -ctk f32 -ctv f32 -p 512 -n 128 -d 0 -r 1 -o json -fa 1"
	together := "gptrun: bench -m " + model + " -t 2 -ctk f32 -ctv f32 -p 0 -n 128 -d 0 -npl 4 -r 1 -o json --activations int16 --weights mapped"
	batched := "llama-batched-bench: -m " + model + " -t 2 -ctk f32 -ctv f32 -tb 2 -npp 0 -ntg 128 -npl 4 -c 1024 --output-format jsonl"
	require.Equal(t, []string{ours, theirs, theirs, ours, ours, theirs, together, batched, batched, together, together, batched}, log)

	_, table, _ := strings.Cut(out, "\n\n| ")
	table, _, _ = strings.Cut("| "+table, "\n\n")
	require.Equal(t, `| file | threads | test | gptrun | llama.cpp | ratio | floor | aim | |
|---|---:|---|---:|---:|---:|---:|---:|---|
| a | 2 | pp512 | 360.0 | 120.0 | 3.00 | 4 | 6 | **below** |
| a | 2 | tg128 | 30.0 | 40.0 | 0.75 | 0.5 | 0.7 | aim |
| a | 2 | tg128 x4 | 520.0 | 220.0 | 2.36 | | | |`, table)
	require.Contains(t, out, "# gptrun beside llama.cpp, Fake CPU (4 cores), "+time.Now().Format(time.DateOnly))
	require.Contains(t, out, "gptrun v1.2.3, go1.26")
	require.Contains(t, out, "llama.cpp abc (7)")
	require.Contains(t, out, " bench -m a.gguf -t 2 ")
	require.NotContains(t, out, filepath.Dir(model))
	requireRecord(t, filepath.Join(s.out, "fake-cpu-4-cores-"+time.Now().Format(time.DateOnly)+"-try-1"), out, filepath.Dir(model))
}

func requireRecord(t *testing.T, folder, out, secret string) {
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		require.NotContains(t, string(text), secret)
		return string(text)
	}
	require.True(t, strings.HasPrefix(read("README.md"), out))
	lines := strings.Split(strings.TrimSpace(read("runs.jsonl")), "\n")
	require.Len(t, lines, 3*(2+2+1+1))
	for _, line := range lines {
		var v struct {
			Side, File     string
			Round, Threads int
			Result         map[string]any
		}
		require.NoError(t, json.Unmarshal([]byte(line), &v))
		require.Equal(t, "a", v.File)
		require.NotEmpty(t, v.Result)
	}
	svg := read("ratios.svg")
	require.NoError(t, xml.Unmarshal([]byte(svg), new(struct{})))
	require.Equal(t, 3, strings.Count(svg, `height="14"`), "a bar a line")
}

func TestARecordIsNotOverwritten(t *testing.T) {
	r := report{settings: &settings{out: t.TempDir()}, cpu: "X", begin: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	for _, want := range []string{"x-2026-01-02", "x-2026-01-02-2", "x-2026-01-02-3"} {
		folder, err := r.record()
		require.NoError(t, err)
		require.Equal(t, want, filepath.Base(folder))
	}
}

func TestAProgramThatFailsIsNamedWithItsLastLine(t *testing.T) {
	_, out, _, err := compare(t, "-llama-bench", os.Args[0], "-m", "a.gguf", "-llama-args", "broken")
	require.ErrorContains(t, err, "no such architecture")
	require.ErrorContains(t, err, "-m a.gguf -t 1")
	require.NotContains(t, err.Error(), "loading")
	require.Empty(t, out)

	// What was measured before it is printed.
	s, out, _, err := compare(t, "-llama-bench", os.Args[0], "-llama-batched-bench", os.Args[0], "-m", "a.gguf", "-batched-args", "broken")
	require.ErrorContains(t, err, "no such architecture")
	require.Contains(t, out, "| a | 1 | pp512 | 360.0 | 120.0 | 3.00 |")
	require.NoDirExists(t, s.out)
}

func TestTheTableOfRatios(t *testing.T) {
	r := report{
		settings: &settings{rounds: 5}, begin: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		gptrunVersion: "gptrun v1", llamaVersion: "b1", cpu: "CPU", backend: "CPU avx2",
		lines: []line{
			{"a", 1, test{prompt: 512, parallel: 1}, 1000, 250},
			{"a", 1, test{generation: 128, depth: 4096, parallel: 1}, 90.25, 100},
			{"b", 2, test{generation: 128, parallel: 8}, 700, 200},
		},
		runs: []run{{command: "gptrun bench"}, {command: "llama-bench"}, {command: "gptrun bench", round: 1}},
	}
	require.Equal(t, `# gptrun beside llama.cpp, CPU, 2026-01-02

Tokens a second, the best of 5 runs each, by turns. gptrun v1, CPU avx2; llama.cpp b1.

| file | threads | test | gptrun | llama.cpp | ratio |
|---|---:|---|---:|---:|---:|
| a | 1 | pp512 | 1000.0 | 250.0 | 4.00 |
| a | 1 | tg128 @ d4096 | 90.2 | 100.0 | 0.90 |
| b | 2 | tg128 x8 | 700.0 | 200.0 | 3.50 |

Commands of the first round:

    gptrun bench
    llama-bench
`, r.markdown())
	// 4 is on the scale's end, and 1 at a quarter of it.
	require.Contains(t, r.plot(), fmt.Sprintf(`<rect x="%d" y="%d" width="%d.0"`, plotLeft, plotTop+plotRow/2+3, plotWidth))
	require.Contains(t, r.plot(), fmt.Sprintf(`<line x1="%d.0" y1="%d"`, plotLeft+plotWidth/4, plotTop-6))
}

func TestWrongUsageIsRefused(t *testing.T) {
	for says, args := range map[string][]string{
		"which models":    {"-llama-bench", "x"},
		"compare with":    {"-m", "x"},
		"no argument":     {"-m", "x", "-llama-bench", "x", "y"},
		"-rounds must be": {"-m", "x", "-llama-bench", "x", "-rounds", "0"},
		"not defined":     {"-x"},
	} {
		_, err := parse(args, io.Discard)
		require.ErrorContains(t, err, says)
	}
	for says, text := range map[string]string{"wrong number of fields": "a,pp512,1\n", "invalid syntax": "a,pp512,1,x\n"} {
		path := filepath.Join(t.TempDir(), "goals")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := readGoals(path)
		require.ErrorContains(t, err, says)
		require.ErrorContains(t, err, path)
	}
}

func TestTheGoalsAreRead(t *testing.T) {
	g, err := readGoals("goals.csv")
	require.NoError(t, err)
	for _, v := range g {
		require.Less(t, v.floor, v.aim)
	}
	v, ok := g.of(line{file: "smollm2-135m-instruct-q4_1", test: test{generation: 128, depth: 4096, parallel: 1}})
	require.True(t, ok)
	require.Equal(t, goal{2.5, 3.3}, v)
}

// What gptrun itself prints is read: it is built and runs a tiny model.
func TestGptrunIsBuiltAndRead(t *testing.T) {
	s, err := parse([]string{"-m", "x", "-llama-bench", "x"}, io.Discard)
	require.NoError(t, err)
	remove, err := s.build(context.Background())
	require.NoError(t, err)
	defer remove()
	model := filepath.Join("..", "..", "testdata", "tiny", "llama", "llama-q8_0.gguf")
	results, err := s.own([]string{"-m", model, "-p", "5", "-n", "3", "-npl", "2", "-d", "4", "-r", "1", "-o", "json"}).run(context.Background())
	require.NoError(t, err)
	require.Len(t, results, 2)
	require.Equal(t, "pp5 x2 @ d4", results[0].test.String())
	require.Equal(t, "tg3 x2 @ d4", results[1].test.String())
	require.Positive(t, results[1].perSecond)
	require.Contains(t, results[0].Backend, "CPU ")
}
