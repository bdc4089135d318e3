package main

import (
	"time"

	"github.com/gptrun/gptrun"
	"github.com/gptrun/gptrun/runtime"
	"github.com/gptrun/gptrun/runtime/kv"
)

// modelFlags say how to run a model.
type modelFlags struct {
	threads, context, batch, microBatch int
	activations                         gptrun.ActivationType
	weights                             gptrun.WeightsMode
	kv                                  gptrun.KVType
	keys, values                        *gptrun.KVType // nil: kv
	verbose                             bool
}

func (m *modelFlags) define(f *flags) {
	m.batch, m.microBatch = 2048, 512
	f.group("Speed and memory")
	f.integer(&m.threads, -1, "t threads", "N", "threads; 0: the physical cores, as version counts them").standard = ""
	f.integer(&m.context, 0, "c ctx-size", "N", "tokens of context; 0: as the model was trained").standard = ""
	f.integer(&m.batch, 1, "b batch-size", "N", "most tokens of a pass over a prompt, where -ub is not less")
	f.integer(&m.microBatch, 1, "ub ubatch-size", "N", "most tokens of a pass, where -b is not less")
	value(f, &m.activations, gptrun.ParseActivationType, "activations", "TYPE", "rounding of activations, next to none with int16").oneOf("int8", "int16")
	value(f, &m.weights, runtime.ParseWeightsMode, "weights", "MODE", "how weights are held, mapped to take less memory and more time").oneOf("auto", "packed", "mapped")
	value(f, &m.kv, kv.ParseType, "kv-type", "TYPE", "type of the cache of keys and values").oneOf(kvTypes...)
	value(f, &m.keys, parseTypeOfOne, "ctk cache-type-k", "TYPE", "type of keys alone").oneOf(kvTypes...).standard = ""
	value(f, &m.values, parseTypeOfOne, "ctv cache-type-v", "TYPE", "type of values alone").oneOf(kvTypes...).standard = ""
	f.group("Output")
	f.toggle(&m.verbose, "v verbose", "end with times and settings, on standard error")
}

// kvTypes are the names that kv.ParseType knows.
var kvTypes = []string{"f16", "f32", "q8_0"}

func parseTypeOfOne(s string) (*gptrun.KVType, error) {
	t, err := kv.ParseType(s)
	return &t, err
}

// cache is the options of the cache: a type of keys or values alone goes before
// the one of both, wherever it stands.
func (m *modelFlags) cache() []gptrun.Option {
	o := []gptrun.Option{gptrun.KV(m.kv)}
	if m.keys != nil {
		o = append(o, gptrun.KVKeys(*m.keys))
	}
	if m.values != nil {
		o = append(o, gptrun.KVValues(*m.values))
	}
	return o
}

// open opens the model; took is how long that was. Its weights are loaded when
// first used, so that what is wrong with the rest comes before that work. wipe
// ends what shows of the loading.
func (m *modelFlags) open(t *terminal, path string) (model *gptrun.Model, took time.Duration, wipe func(), err error) {
	begin := time.Now()
	report, wipe := t.progress()
	model, err = gptrun.Open(path, append(m.cache(),
		gptrun.Threads(max(m.threads, 0)), gptrun.ContextLength(m.context), gptrun.BatchSize(min(m.batch, m.microBatch)),
		gptrun.Activations(m.activations), gptrun.Weights(m.weights), gptrun.Progress(report))...)
	return model, time.Since(begin), wipe, err
}
