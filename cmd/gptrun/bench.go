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
	path := func(s string) ([]string, error) { return []string{s}, nil }
	list(f, &b.models, path, "m model", "FILE,…", "model files (GGUF), or names as gptrun pull takes them")
	f.toggle(&b.offline, "offline", "never download a model")
	list(f, &b.prompts, integers(0), "p n-prompt", "N,…", "tokens of a prompt; 0: no such test")
	list(f, &b.generations, integers(0), "n n-gen", "N,…", "tokens to generate; 0: no such test")
	value(f, &b.pairs, b.addPair, "pg", "N,N", "a prompt and tokens generated after it, in one test; may be given several times").standard = ""
	list(f, &b.depths, integers(0), "d n-depth", "N,…", "tokens that are in the cache before a test")
	list(f, &b.parallel, integers(1), "npl n-parallel", "N,…", "sequences evaluated together")
	list(f, &b.batches, integers(1), "b batch-size", "N,…", "tokens evaluated at a time: the smaller of this")
	list(f, &b.microBatches, integers(1), "ub ubatch-size", "N,…", "and this")
	list(f, &b.threads, integers(0), "t threads", "N,…", "threads; 0: the physical cores").standard = ""
	list(f, &b.keyTypes, one(kv.ParseType), "ctk cache-type-k", "TYPE,…", "cache of keys: f16, f32, q8_0")
	list(f, &b.valueTypes, one(kv.ParseType), "ctv cache-type-v", "TYPE,…", "cache of values: the same")
	list(f, &b.activations, one(gptrun.ParseActivationType), "activations", "TYPE,…", "int8, or int16 for next to no rounding")
	list(f, &b.weights, one(runtime.ParseWeightsMode), "weights", "MODE,…", "auto, packed, or mapped for less memory")
	f.integer(&b.repetitions, 1, "r repetitions", "N", "how often each test is run")
	value(f, &b.output, parseBenchFormat, "o output", "FORMAT", "md, csv, json, jsonl")
	f.toggle(&b.progress, "progress", "a line on standard error for each step")
	f.toggle(&b.noWarmup, "no-warmup", "no run beforehand that does not count")
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
