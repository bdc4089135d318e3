package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestListsAndRanges(t *testing.T) {
	for text, want := range map[string][]int{
		"7":           {7},
		"0":           {0},
		"1,2,4":       {1, 2, 4},
		"3-5":         {3, 4, 5},
		"1-8+3":       {1, 4, 7},
		"1-8*2":       {1, 2, 4, 8},
		"1-9*3,5,0-1": {1, 3, 9, 5, 0, 1},
		"5-5":         {5},
	} {
		var f flags
		values := []int{42}
		list(&f, &values, integers(0), "p", "N,…", "")
		_, err := f.parse([]string{"-p", text}, func(string) (string, bool) { return "", false })
		require.NoError(t, err, text)
		require.Equal(t, want, values, text)
	}
}

func TestListsGrowWhenGivenAgainAndReplaceTheDefault(t *testing.T) {
	var f flags
	b := []int{2048}
	n := []int{128}
	list(&f, &b, integers(1), "b", "N,…", "")
	list(&f, &n, integers(1), "n-gen", "N,…", "")
	_, err := f.parse([]string{"-b", "1,2", "-b=3"}, func(name string) (string, bool) {
		return map[string]string{"GPTRUN_N_GEN": "5,6", "GPTRUN_B": "9"}[name], true
	})
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3}, b)
	require.Equal(t, []int{5, 6}, n)
}

func TestTestsAreNamedAsLlamaBenchNamesThem(t *testing.T) {
	for want, c := range map[string]benchCase{
		"pp512":            {prompt: 512, parallel: 1},
		"tg128":            {generation: 128, parallel: 1},
		"pp512+tg128":      {prompt: 512, generation: 128, parallel: 1},
		"pp512 @ d4096":    {prompt: 512, depth: 4096, parallel: 1},
		"tg128 x4":         {generation: 128, parallel: 4},
		"pp1+tg2 x8 @ d16": {prompt: 1, generation: 2, depth: 16, parallel: 8},
	} {
		require.Equal(t, want, c.name())
	}
}

func TestMeanAndDeviation(t *testing.T) {
	mean, deviation := meanAndDeviation([]float64{2, 4, 4, 4, 5, 5, 7, 9})
	require.InDelta(t, 5, mean, 1e-12)
	require.InDelta(t, math.Sqrt(32.0/7), deviation, 1e-12)
	mean, deviation = meanAndDeviation([]float64{3})
	require.Equal(t, [2]float64{3, 0}, [2]float64{mean, deviation})
}

func TestMagnitudes(t *testing.T) {
	for n, want := range map[int64]string{64_123: "64K", 134515008: "135M", 999_400_000: "999M", 1_100_048_384: "1.1B", 70e9: "70.0B"} {
		require.Equal(t, want, magnitude(n))
	}
}

// llamaBenchFields are the columns of llama-bench's CSV, less build_number.
const llamaBenchFields = "build_commit cpu_info gpu_info backends model_filename model_type model_size model_n_params " +
	"n_batch n_ubatch n_threads cpu_mask cpu_strict poll type_k type_v n_gpu_layers n_cpu_moe split_mode main_gpu " +
	"no_kv_offload flash_attn devices tensor_split tensor_buft_overrides load_mode lazy_mode embeddings no_op_offload " +
	"no_host repack fit_target fit_min_ctx n_prompt n_gen n_depth test_time avg_ns stddev_ns avg_ts stddev_ts"

const ownFields = " tier activations weights n_parallel"

// benchTiny runs bench on a tiny model.
func benchTiny(t *testing.T, arch string, args ...string) string {
	return good(t, append([]string{"bench", "-m", tiny(arch), "-t", "1", "-r", "3"}, args...)...)
}

type benchJSON struct {
	Backends    string    `json:"backends"`
	Filename    string    `json:"model_filename"`
	Kind        string    `json:"model_type"`
	Size        int64     `json:"model_size"`
	Parameters  int64     `json:"model_n_params"`
	Threads     int       `json:"n_threads"`
	Prompt      int       `json:"n_prompt"`
	Generation  int       `json:"n_gen"`
	Depth       int       `json:"n_depth"`
	Parallel    int       `json:"n_parallel"`
	Activations string    `json:"activations"`
	Time        time.Time `json:"test_time"`
	MeanNS      int64     `json:"avg_ns"`
	Mean        float64   `json:"avg_ts"`
	Deviation   float64   `json:"stddev_ts"`
	NS          []int64   `json:"samples_ns"`
	TS          []float64 `json:"samples_ts"`
}

func requireSound(t *testing.T, results []benchJSON) {
	for _, r := range results {
		require.Len(t, r.NS, 3)
		require.Len(t, r.TS, 3)
		var ns, ts float64
		for i := range r.NS {
			require.Positive(t, r.NS[i])
			require.InEpsilon(t, float64((r.Prompt+r.Generation)*r.Parallel)*1e9/float64(r.NS[i]), r.TS[i], 1e-6)
			ns += float64(r.NS[i]) / 3
			ts += r.TS[i] / 3
		}
		require.InDelta(t, ns, r.MeanNS, 1)
		require.InEpsilon(t, ts, r.Mean, 1e-6)
		require.Equal(t, 1, r.Threads)
		require.True(t, strings.HasPrefix(r.Backends, "CPU "))
		require.WithinDuration(t, time.Now(), r.Time, time.Minute)
	}
}

func TestBenchJSONIsAnArrayOfLlamaBenchsObjects(t *testing.T) {
	out := benchTiny(t, "llama", "-p", "5,9", "-n", "2", "-pg", "3,4", "-d", "0,6", "-npl", "1,3", "-b", "4", "-o", "json")
	var results []benchJSON
	require.NoError(t, json.Unmarshal([]byte(out), &results))
	var names []string
	for _, r := range results {
		names = append(names, benchCase{prompt: r.Prompt, generation: r.Generation, depth: r.Depth, parallel: r.Parallel}.name())
	}
	require.Equal(t, strings.Split("pp5,pp9,tg2,pp3+tg4,pp5 x3,pp9 x3,tg2 x3,pp3+tg4 x3,"+
		"pp5 @ d6,pp9 @ d6,tg2 @ d6,pp3+tg4 @ d6,pp5 x3 @ d6,pp9 x3 @ d6,tg2 x3 @ d6,pp3+tg4 x3 @ d6", ","), names)
	requireSound(t, results)
	inspected := decode[struct {
		Path       string         `json:"path"`
		Bytes      int64          `json:"bytes"`
		Parameters int64          `json:"parameters"`
		Metadata   map[string]any `json:"metadata"`
		Tensors    []struct {
			Name, Type string
			Shape      []int
			Bytes      int64
		}
	}](t, good(t, "inspect", "-m", tiny("llama"), "--json"))
	require.Equal(t, inspected.Parameters, results[0].Parameters)
	size := int64(0)
	for _, tensor := range inspected.Tensors {
		size += tensor.Bytes
	}
	require.Equal(t, size, results[0].Size)
	require.Equal(t, tiny("llama"), results[0].Filename)
	require.Equal(t, "llama "+magnitude(inspected.Parameters)+" Q8_0", results[0].Kind)

	var objects []map[string]any
	require.NoError(t, json.Unmarshal([]byte(out), &objects))
	for _, name := range strings.Fields(llamaBenchFields + ownFields + " samples_ns samples_ts") {
		require.Contains(t, objects[0], name)
	}
	require.Len(t, objects[0], len(strings.Fields(llamaBenchFields+ownFields))+2)
}

func TestBenchJSONLIsAnObjectALine(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(benchTiny(t, "gpt2", "-p", "5", "-n", "2", "-o", "jsonl")), "\n")
	require.Len(t, lines, 2)
	var results []benchJSON
	for _, line := range lines {
		var r benchJSON
		require.NoError(t, json.Unmarshal([]byte(line), &r))
		results = append(results, r)
	}
	requireSound(t, results)
}

func TestBenchCSVHasLlamaBenchsColumns(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(benchTiny(t, "gemma3", "-p", "5", "-n", "2", "-o", "csv"))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 3)
	require.Equal(t, strings.Fields(llamaBenchFields+ownFields), rows[0])
	require.Equal(t, "gemma3", strings.Fields(rows[1][5])[0])
	require.Equal(t, "0", rows[1][12], "a boolean")
}

func TestBenchTable(t *testing.T) {
	out := benchTiny(t, "llama", "-p", "5", "-n", "0", "-pg", "2,3")
	lines := strings.Split(out, "\n")
	head := "| model                          |       size |     params | backend      | threads |            test |                  t/s |"
	require.Equal(t, head, lines[0])
	require.Equal(t, "| ------------------------------ | ---------: | ---------: | ------------ | ------: | --------------: | -------------------: |", lines[1])
	row := `^\| llama \d+K Q8_0 +\| +\d\.\d\d MiB \| +\d\.\d\d M \| CPU \w+ +\| +1 \| +%s \| +\d+\.\d\d ± \d+\.\d\d \|$`
	require.Regexp(t, fmt.Sprintf(row, "pp5"), lines[2])
	require.Regexp(t, fmt.Sprintf(row, regexp.QuoteMeta("pp2+tg3")), lines[3])
	require.Empty(t, lines[4])
	require.Regexp(t, `^build: \w+ \(.+\)$`, lines[5])

	out = benchTiny(t, "llama", "-p", "5", "-n", "0", "-b", "4", "-ub", "2,4", "--activations", "int16", "--weights", "mapped,packed", "-ctk", "f32", "-ctv", "f32")
	lines = strings.Split(out, "\n")
	for _, column := range strings.Fields("n_batch n_ubatch type_k type_v activations weights") {
		require.Contains(t, lines[0], " "+column+" ")
	}
	require.Contains(t, lines[2], " mapped ")
	require.Contains(t, lines[5], " packed ")
	require.Len(t, lines, 9)
}

// A window that has moved past the depth is filled again.
func TestBenchGoesBackBeforeASlidingWindow(t *testing.T) {
	benchTiny(t, "gemma3", "-p", "280", "-n", "0", "-d", "10", "-r", "1")
}

func TestBenchRunsSeveralModels(t *testing.T) {
	out := good(t, "bench", "-m", tiny("llama")+","+tiny("gpt2"), "-m", tiny("gemma3"), "-p", "4", "-n", "0", "-r", "1", "--no-warmup")
	require.Regexp(t, `(?s)\| llama .*\| gpt2 .*\| gemma3 `, out)
}

func TestBenchShowsHowFarItIs(t *testing.T) {
	var c console
	require.Zero(t, c.run("bench", "-m", tiny("llama"), "-p", "4", "-n", "2", "-r", "1", "--progress"))
	require.Equal(t, 5, strings.Count(c.err.String(), "\n"))
	require.Contains(t, c.err.String(), "benchmark 2/2: "+tiny("llama")+": tg2: run 1/1\n")

	var out, err bytes.Buffer
	status := run(context.Background(), &terminal{out: &out, err: &err, errIsTerminal: true, env: func(string) (string, bool) { return "", false }},
		[]string{"bench", "-m", tiny("llama"), "-p", "4", "-n", "2", "-r", "1"})
	require.Zero(t, status)
	require.True(t, strings.HasSuffix(err.String(), " \r"), "the line is wiped at the end")
	require.NotContains(t, err.String(), "\n")
}

func TestBenchThatCannotGoOnIsOneLine(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.gguf")
	for says, args := range map[string][]string{
		"missing.gguf":                       {"-m", missing},
		"gpt2-q8_0.gguf: a context of 10001": {"-m", tiny("gpt2"), "-p", "0", "-n", "1", "-d", "10000"},
		"option threads":                     {"-m", tiny("gpt2"), "-t", "100000"},
	} {
		var c console
		require.Equal(t, exitError, c.run(append([]string{"bench", "-o", "json"}, args...)...), says)
		require.Empty(t, c.out.String())
		require.Equal(t, 1, strings.Count(c.err.String(), "\n"))
		require.Contains(t, c.err.String(), says)
	}
	var c console // what has been measured is printed, and well-formed
	require.Equal(t, exitError, c.run("bench", "-o", "json", "-r", "1", "-p", "4", "-n", "0", "-m", tiny("llama"), "-m", missing))
	var results []benchJSON
	require.NoError(t, json.Unmarshal(c.out.Bytes(), &results))
	require.Len(t, results, 1)
}

func TestAnInterruptEndsBench(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(100*time.Millisecond, cancel)
	c := console{ctx: ctx}
	require.Equal(t, exitInterrupted, c.run("bench", "-m", tiny("llama"), "-p", "64", "-r", "1000000"))
	require.Empty(t, c.err.String())
}

func TestBenchTakesTheTierFromTheEnvironment(t *testing.T) {
	c := console{environment: map[string]string{"GPTRUN_CPU": "generic", "GPTRUN_MODEL": tiny("llama")}}
	require.Zero(t, c.run("bench", "-p", "2", "-n", "0", "-r", "1"), c.err.String())
	require.Contains(t, c.out.String(), "| CPU generic  |")
	c.environment["GPTRUN_CPU"] = "mmx"
	require.Equal(t, exitError, c.run("bench", "-p", "2", "-n", "0", "-r", "1"))
	require.Contains(t, c.err.String(), `"mmx"`)
}
