// Command compare measures gptrun beside llama.cpp: it runs gptrun bench and a
// given llama-bench (and llama-batched-bench) by turns, one repetition each a
// round, takes the best of each, prints the table of ratios, and records it with
// a plot, the raw results and the versions under bench/results.
//
//	go run ./bench/compare -llama-bench PATH -m FILE,… -t 1,2 -p 512 -n 128 -rounds 5
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// settings are the command's flags.
type settings struct {
	models, threads, depths                           string
	prompts, generations, parallel                    string
	keyType, valueType, activations                   string
	gptrun, llamaBench, batchedBench                  string
	gptrunArguments, llamaArguments, batchedArguments string
	prefix, goals, out, label                         string
	rounds                                            int
	built                                             bool // gptrun, by us
}

func parse(args []string, w io.Writer) (*settings, error) {
	s := &settings{}
	f := flag.NewFlagSet("compare", flag.ContinueOnError)
	f.SetOutput(w)
	f.StringVar(&s.models, "m", "", "model `FILE,…` (GGUF)")
	f.StringVar(&s.threads, "t", "1,2", "`threads`")
	f.StringVar(&s.depths, "d", "0", "tokens that are in the cache before a test, `N,…`")
	f.StringVar(&s.prompts, "p", "512", "tokens of a prompt, `N,…`; 0: no such test")
	f.StringVar(&s.generations, "n", "128", "tokens to generate, `N,…`; 0: no such test")
	f.StringVar(&s.parallel, "npl", "4,8", "sequences decoded together, `N,…`, where there is a llama-batched-bench")
	f.StringVar(&s.keyType, "ctk", "", "`type` of the cache of keys, on both sides")
	f.StringVar(&s.valueType, "ctv", "", "`type` of the cache of values, on both sides (llama-bench wants -llama-args \"-fa 1\" where it is quantised)")
	f.StringVar(&s.activations, "activations", "", "gptrun's `type` of activations")
	f.StringVar(&s.gptrun, "gptrun", "", "gptrun's `path`; built if not given")
	f.StringVar(&s.llamaBench, "llama-bench", "", "llama-bench's `path`")
	f.StringVar(&s.batchedBench, "llama-batched-bench", "", "llama-batched-bench's `path`")
	f.StringVar(&s.gptrunArguments, "gptrun-args", "", "more `arguments` for gptrun bench")
	f.StringVar(&s.llamaArguments, "llama-args", "", "more `arguments` for llama-bench")
	f.StringVar(&s.batchedArguments, "batched-args", "", "more `arguments` for llama-batched-bench")
	f.StringVar(&s.prefix, "prefix", "", "`command` put before each of the programs, such as \"taskset -c 0,1\"")
	f.StringVar(&s.goals, "goals", "", "CSV `file` of file,test,floor,aim to show beside the ratios")
	f.StringVar(&s.out, "out", "bench/results", "`folder` for the record; empty: none")
	f.StringVar(&s.label, "label", "", "`text` at the end of the record's name")
	f.IntVar(&s.rounds, "rounds", 5, "how often each side runs")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case f.NArg() > 0:
		return nil, fmt.Errorf("no argument is taken: %q", f.Arg(0))
	case s.models == "":
		return nil, fmt.Errorf("which models? Give -m")
	case s.llamaBench == "" && s.batchedBench == "":
		return nil, fmt.Errorf("compare with what? Give -llama-bench or -llama-batched-bench")
	case s.rounds < 1:
		return nil, fmt.Errorf("-rounds must be at least 1")
	}
	return s, nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := parse(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err == nil:
		err = s.run(ctx, os.Stdout, os.Stderr)
	default:
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(2)
	}
	switch {
	case ctx.Err() != nil:
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

// run compares, prints the table and records it.
func (s *settings) run(ctx context.Context, out, progress io.Writer) error {
	goals, err := readGoals(s.goals)
	if err != nil {
		return err
	}
	remove, err := s.build(ctx)
	if err != nil {
		return err
	}
	defer remove()
	pairs, err := s.pairs()
	if err != nil {
		return err
	}
	r := &report{settings: s, begin: time.Now(), goals: goals}
	for i, p := range pairs {
		if err := r.measure(ctx, p, func(round int, name string) {
			fmt.Fprintf(progress, "%d/%d %s, %d threads: round %d of %d: %s\n", i+1, len(pairs), p.file(), p.threads, round+1, s.rounds, name)
		}); err != nil {
			if len(r.lines) > 0 { // what there is by now, not recorded
				_, _ = io.WriteString(out, r.table())
			}
			return err
		}
	}
	r.versions(ctx)
	if _, err := io.WriteString(out, r.markdown()); err != nil || s.out == "" {
		return err
	}
	folder, err := r.record()
	if err == nil {
		fmt.Fprintf(progress, "recorded in %s\n", folder)
	}
	return err
}

// list splits a flag's values.
func list(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' })
}
