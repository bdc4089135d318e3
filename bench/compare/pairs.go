package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// pair is what the two sides are run on by turns.
type pair struct {
	model        string
	threads      int
	ours, theirs side
}

func (p pair) file() string { return strings.TrimSuffix(filepath.Base(p.model), ".gguf") }

// side is a program with its arguments, which prints results that parse reads.
type side struct {
	name    string
	command []string
	parse   func(output []byte) ([]result, error)
}

// test says what a result is of.
type test struct{ prompt, generation, depth, parallel int }

// String is the test's name, as gptrun bench gives it.
func (t test) String() string {
	name := fmt.Sprintf("tg%d", t.generation)
	if t.prompt > 0 {
		name = fmt.Sprintf("pp%d", t.prompt)
	}
	if t.parallel > 1 {
		name += fmt.Sprintf(" x%d", t.parallel)
	}
	if t.depth > 0 {
		name += fmt.Sprintf(" @ d%d", t.depth)
	}
	return name
}

// result is one test's speed.
type result struct {
	test      test
	perSecond float64 // tokens
	raw       json.RawMessage

	CPU     string `json:"cpu_info"`
	Backend string `json:"backends"`
	Commit  string `json:"build_commit"`
	Number  int    `json:"build_number"`
}

// parseBench reads the array that gptrun bench and llama-bench print.
func parseBench(output []byte) ([]result, error) {
	var objects []json.RawMessage
	if err := json.Unmarshal(output, &objects); err != nil {
		return nil, err
	}
	var results []result
	for _, raw := range objects {
		v := struct {
			result
			Prompt     int     `json:"n_prompt"`
			Generation int     `json:"n_gen"`
			Depth      int     `json:"n_depth"`
			Parallel   int     `json:"n_parallel"`
			PerSecond  float64 `json:"avg_ts"`
		}{}
		if err := json.Unmarshal(raw, &v); err != nil {
			return nil, err
		}
		r := v.result
		r.raw, r.perSecond = raw, v.PerSecond
		r.test = test{v.Prompt, v.Generation, v.Depth, max(v.Parallel, 1)}
		results = append(results, r)
	}
	return results, nil
}

// notANumber is how llama-batched-bench prints the speed of an empty prompt.
var notANumber = regexp.MustCompile(`: -?nan\b`)

// parseBatched reads the lines that llama-batched-bench prints.
func parseBatched(output []byte) ([]result, error) {
	var results []result
	for line := range strings.Lines(string(output)) {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		raw := notANumber.ReplaceAll([]byte(strings.TrimSpace(line)), []byte(": null"))
		var v struct {
			Prompt     int     `json:"pp"`
			Generation int     `json:"tg"`
			Parallel   int     `json:"pl"`
			PerSecond  float64 `json:"speed_tg"`
		}
		if err := json.Unmarshal(raw, &v); err != nil {
			return nil, err
		}
		results = append(results, result{
			test: test{generation: v.Generation, depth: v.Prompt, parallel: v.Parallel}, perSecond: v.PerSecond, raw: raw,
		})
	}
	return results, nil
}

// text is the command as a record shows it, which is read on other machines: of
// paths the last part.
func (s side) text() string {
	var words []string
	for _, word := range s.command {
		if strings.ContainsRune(word, filepath.Separator) {
			word = strings.TrimSuffix(filepath.Base(word), ".exe")
		}
		words = append(words, word)
	}
	if tier := os.Getenv("GPTRUN_CPU"); tier != "" && s.name == "gptrun" {
		words = append([]string{"GPTRUN_CPU=" + tier}, words...)
	}
	return strings.Join(words, " ")
}

// run runs the side once.
func (s side) run(ctx context.Context) ([]result, error) {
	var stderr strings.Builder
	c := exec.CommandContext(ctx, s.command[0], s.command[1:]...)
	c.Stderr = &stderr
	output, err := c.Output()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(s.command, " "), err, lines[len(lines)-1])
	}
	results, err := s.parse(output)
	if err == nil && len(results) == 0 {
		err = fmt.Errorf("no results")
	}
	if err != nil {
		return nil, fmt.Errorf("what %s printed: %w", strings.Join(s.command, " "), err)
	}
	return results, nil
}

// pairs lists what is to be compared, in the order of the table.
func (s *settings) pairs() ([]pair, error) {
	var pairs []pair
	for _, model := range list(s.models) {
		for _, text := range list(s.threads) {
			threads, err := strconv.Atoi(text)
			if err != nil {
				return nil, fmt.Errorf("-t: %w", err)
			}
			for _, depth := range list(s.depths) {
				common := slices.Concat([]string{"-m", model, "-t", text}, s.cache())
				if s.llamaBench != "" {
					pairs = append(pairs, s.single(pair{model: model, threads: threads}, common, depth))
				}
				if s.batchedBench != "" {
					pairs = append(pairs, s.together(pair{model: model, threads: threads}, common, depth))
				}
			}
		}
	}
	return pairs, nil
}

// single compares one sequence's speed.
func (s *settings) single(p pair, common []string, depth string) pair {
	tests := slices.Concat(common, []string{"-p", s.prompts, "-n", s.generations, "-d", depth, "-r", "1", "-o", "json"})
	p.ours = s.own(tests)
	p.theirs = s.side("llama-bench", s.llamaBench, parseBench, tests, s.llamaArguments)
	return p
}

// together compares the speed of several sequences decoded together.
func (s *settings) together(p pair, common []string, depth string) pair {
	p.ours = s.own(slices.Concat(common, []string{"-p", "0", "-n", s.generations, "-d", depth, "-npl", s.parallel, "-r", "1", "-o", "json"}))
	p.theirs = s.side("llama-batched-bench", s.batchedBench, parseBatched, slices.Concat(common, []string{
		"-tb", strconv.Itoa(p.threads), "-npp", depth, "-ntg", s.generations, "-npl", s.parallel,
		"-c", s.batchedContext(depth), "--output-format", "jsonl",
	}), s.batchedArguments)
	return p
}

// cache are the arguments for the types of keys and values, which all programs
// spell alike.
func (s *settings) cache() (args []string) {
	if s.keyType != "" {
		args = append(args, "-ctk", s.keyType)
	}
	if s.valueType != "" {
		args = append(args, "-ctv", s.valueType)
	}
	return args
}

// batchedContext is room for all sequences, each rounded up as llama.cpp does.
func (s *settings) batchedContext(depth string) string {
	const unit = 256
	most := func(values string) (m int) {
		for _, v := range list(values) {
			n, _ := strconv.Atoi(v)
			m = max(m, n)
		}
		return m
	}
	each := most(depth) + most(s.generations)
	return strconv.Itoa((each + unit) / unit * unit * most(s.parallel))
}

// own is gptrun's side.
func (s *settings) own(tests []string) side {
	args := append([]string{"bench"}, tests...)
	if s.activations != "" {
		args = append(args, "--activations", s.activations)
	}
	return s.side("gptrun", s.gptrun, parseBench, args, s.gptrunArguments)
}

func (s *settings) side(name, path string, parse func([]byte) ([]result, error), args []string, more string) side {
	return side{name, slices.Concat(strings.Fields(s.prefix), []string{path}, args, strings.Fields(more)), parse}
}

// build builds gptrun unless its path is given; remove takes it away.
func (s *settings) build(ctx context.Context) (remove func(), err error) {
	if s.gptrun != "" {
		return func() {}, nil
	}
	dir, err := os.MkdirTemp("", "gptrun-compare")
	if err != nil {
		return nil, err
	}
	s.gptrun = filepath.Join(dir, "gptrun.exe")
	c := exec.CommandContext(ctx, "go", "build", "-buildvcs=auto", "-o", s.gptrun, "github.com/gptrun/gptrun/cmd/gptrun")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := c.CombinedOutput(); err != nil {
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("building gptrun: %w: %s", err, output)
	}
	s.built = true
	return func() { _ = os.RemoveAll(dir) }, nil
}
