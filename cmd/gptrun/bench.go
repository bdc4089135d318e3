package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/gptrun/gptrun"
	"github.com/gptrun/gptrun/runtime"
	"github.com/gptrun/gptrun/runtime/kv"
)

// benchFlags are bench's flags: every combination of their values is measured.
type benchFlags struct {
	models                                   []string
	prompts, generations, depths             []int
	pairs                                    []promptAndGeneration
	batches, microBatches, threads, parallel []int
	keyTypes, valueTypes                     []gptrun.KVType
	activations                              []gptrun.ActivationType
	weights                                  []gptrun.WeightsMode
	repetitions                              int
	output                                   benchFormat
	progress, noWarmup, offline              bool
}

// promptAndGeneration are the tokens of a test of both.
type promptAndGeneration struct{ prompt, generation int }

// addPair returns the pairs with one more.
func (b *benchFlags) addPair(s string) (pairs []promptAndGeneration, err error) {
	first, second, ok := strings.Cut(s, ",")
	if !ok {
		return nil, fmt.Errorf("%q is not two integers", s)
	}
	var p promptAndGeneration
	if p.prompt, err = integerFrom(first, 1); err != nil {
		return nil, err
	}
	if p.generation, err = integerFrom(second, 1); err != nil {
		return nil, err
	}
	return append(b.pairs, p), nil
}

func defineBench(f *flags) func(context.Context, *terminal, []string) error {
	b := &benchFlags{
		prompts: []int{512}, generations: []int{128}, depths: []int{0},
		batches: []int{2048}, microBatches: []int{512}, threads: []int{0}, parallel: []int{1},
		keyTypes: []gptrun.KVType{kv.F16}, valueTypes: []gptrun.KVType{kv.F16},
		activations: []gptrun.ActivationType{gptrun.Int8}, weights: []gptrun.WeightsMode{gptrun.WeightsAuto},
		repetitions: 5, output: "md",
	}
	f.describe("Every combination of the values given is measured. A list has commas between its values; ranges are 1-8, 1-8+2 and 1-8*2.")
	f.example("gptrun bench -m model.gguf", "a prompt of 512 tokens, and 128 tokens generated")
	f.example("gptrun bench -m model.gguf -p 512,2048 -n 0 -t 1-8*2", "prompts of two lengths with 1, 2, 4 and 8 threads")
	f.example("gptrun bench -m a.gguf,b.gguf -pg 512,128 -d 0,4096 -o jsonl", "two models at two depths, for programs")
	path := func(s string) ([]string, error) { return []string{s}, nil }
	f.group("Tests")
	list(f, &b.models, path, "m model", "FILE,…", "model files (GGUF), or names of models")
	f.toggle(&b.offline, "offline", "never download a model")
	list(f, &b.prompts, integers(0), "p n-prompt", "N,…", "tokens of a prompt; 0: no such test")
	list(f, &b.generations, integers(0), "n n-gen", "N,…", "tokens to generate; 0: no such test")
	value(f, &b.pairs, b.addPair, "pg", "N,N", "a prompt and tokens generated after it, in one test").many()
	list(f, &b.depths, integers(0), "d n-depth", "N,…", "tokens that are in the cache before a test")
	list(f, &b.parallel, integers(1), "npl n-parallel", "N,…", "sequences evaluated together")
	f.integer(&b.repetitions, 1, "r repetitions", "N", "how often each test is run")
	f.toggle(&b.noWarmup, "no-warmup", "no run beforehand that does not count")
	f.group("Settings to compare")
	list(f, &b.batches, integers(1), "b batch-size", "N,…", "most tokens of a pass over a prompt, where -ub is not less")
	list(f, &b.microBatches, integers(1), "ub ubatch-size", "N,…", "most tokens of a pass, where -b is not less")
	list(f, &b.threads, integers(0), "t threads", "N,…", "threads; 0: the physical cores, as version counts them").standard = ""
	list(f, &b.keyTypes, one(kv.ParseType), "ctk cache-type-k", "TYPE,…", "type of the cache of keys").oneOf(kvTypes...)
	list(f, &b.valueTypes, one(kv.ParseType), "ctv cache-type-v", "TYPE,…", "type of the cache of values").oneOf(kvTypes...)
	list(f, &b.activations, one(gptrun.ParseActivationType), "activations", "TYPE,…", "rounding of activations, next to none with int16").oneOf("int8", "int16")
	list(f, &b.weights, one(runtime.ParseWeightsMode), "weights", "MODE,…", "how weights are held, mapped to take less memory and more time").oneOf("auto", "packed", "mapped")
	f.group("Output")
	value(f, &b.output, parseBenchFormat, "o output", "FORMAT", "how results are printed").oneOf("md", "csv", "json", "jsonl")
	f.toggle(&b.progress, "progress", "a line on standard error for each step")
	return b.run
}

func (b *benchFlags) run(ctx context.Context, t *terminal, _ []string) error {
	if len(b.models) == 0 {
		return errNoModel
	}
	for i, name := range b.models {
		path, err := t.resolve(ctx, name, b.offline)
		if err != nil {
			return err
		}
		b.models[i] = path
	}
	cases, err := b.cases()
	if err != nil {
		return err
	}
	tier, _ := t.env(envPrefix + "CPU")
	bench := &benchmark{flags: b, tier: tier, cases: cases, status: newBenchStatus(t, b.progress, len(cases))}
	out := b.printer(t.out)
	err = bench.run(ctx, func(r benchResult) error {
		bench.status.wipe()
		return out.print(r)
	})
	bench.status.wipe()
	if e := out.finish(); err == nil {
		err = e
	}
	return err
}
