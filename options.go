package gptrun

import (
	"fmt"

	"github.com/gptrun/gptrun/runtime"
	"github.com/gptrun/gptrun/runtime/kv"
)

// Option says how to run a model.
type Option func(*options)

type options struct {
	runtime.Options
}

// Threads sets the number of threads; 0, the default, takes the physical cores
// the process may use, and of chips with slower ones too the fast ones.
// ThisMachine tells how many that are.
func Threads(n int) Option { return func(o *options) { o.Threads = n } }

// CPU forces a tier of kernels, such as "generic" or "avx2", which all give the
// same bits. By default it is the environment's GPTRUN_CPU, or else the best
// one that the CPU can run.
func CPU(tier string) Option { return func(o *options) { o.CPU = tier } }

// ActivationType is how the inputs of products with quantized weights are
// rounded.
type ActivationType uint8

const (
	// Int8 rounds activations to 8 bits in blocks of 32. The output head takes Int16 always.
	Int8 ActivationType = iota
	// Int16 rounds them to 15 bits, which leaves next to nothing of the error.
	Int16
)

var activationTypes = [...]string{"int8", "int16"}

func (a ActivationType) String() string { return activationTypes[a] }

// ParseActivationType reads "int8" or "int16".
func ParseActivationType(s string) (ActivationType, error) {
	for i, name := range activationTypes {
		if s == name {
			return ActivationType(i), nil
		}
	}
	return 0, fmt.Errorf("activations %q are not one of int8, int16", s)
}

// Activations sets the type of activations; the default is Int8.
func Activations(a ActivationType) Option { return func(o *options) { o.Exact = a == Int16 } }

// WeightsMode says where weights lie while a model runs.
type WeightsMode = runtime.WeightsMode

const (
	// WeightsAuto packs where the process may use enough memory.
	WeightsAuto = runtime.WeightsAuto
	// WeightsPacked packs the weights into memory once, for the kernels.
	WeightsPacked = runtime.WeightsPacked
	// WeightsMapped packs them at each use from the mapped file: slower, but the
	// memory is the system's file cache, shared between processes.
	WeightsMapped = runtime.WeightsMapped
)

// Weights sets the mode; the default is WeightsAuto. The results are the same bits.
func Weights(mode WeightsMode) Option { return func(o *options) { o.Weights = mode } }

// KVType is the element type of the cache of keys and values.
type KVType = kv.Type

const (
	F16 = kv.F16
	F32 = kv.F32
	// Q8_0 takes about half of F16's memory, for models whose heads are multiples
	// of 32 channels.
	Q8_0 = kv.Q8_0
)

// KV sets the element type of sessions' caches; the default is F16.
func KV(t KVType) Option { return func(o *options) { o.KV = kv.Both(t) } }

// KVKeys sets the element type of the keys alone.
func KVKeys(t KVType) Option { return func(o *options) { o.KV.Keys = t } }

// KVValues sets the element type of the values alone.
func KVValues(t KVType) Option { return func(o *options) { o.KV.Values = t } }

// ContextLength sets how many tokens a session may hold; 0, the default, is
// what the model was trained with.
func ContextLength(n int) Option { return func(o *options) { o.Context = n } }

// BatchSize sets the most tokens that are evaluated at a time; 0, the default,
// is 512.
func BatchSize(n int) Option { return func(o *options) { o.Batch = n } }

// Progress sets a function that is called, by one goroutine at a time, while
// weights are packed.
func Progress(f func(doneBytes, totalBytes int64)) Option {
	return func(o *options) { o.Progress = f }
}
