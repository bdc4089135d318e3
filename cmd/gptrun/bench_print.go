package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gptrun/gptrun/runtime"
)

// benchFormat is how results are printed.
type benchFormat string

func parseBenchFormat(s string) (benchFormat, error) {
	if !slices.Contains([]string{"md", "csv", "json", "jsonl"}, s) {
		return "", fmt.Errorf("%q is not one of md, csv, json, jsonl", s)
	}
	return benchFormat(s), nil
}

// perSecond are the samples in tokens a second.
func (r benchResult) perSecond() []float64 {
	rates := make([]float64, len(r.samples))
	for i, d := range r.samples {
		rates[i] = rate(r.tokens(), d)
	}
	return rates
}

// meanAndDeviation returns the mean and the sample's standard deviation, 0 where
// there is one value.
func meanAndDeviation(values []float64) (mean, deviation float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	if len(values) < 2 {
		return mean, 0
	}
	var squares float64
	for _, v := range values {
		squares += float64((v - mean) * (v - mean))
	}
	return mean, math.Sqrt(squares / float64(len(values)-1))
}

// benchField is one value of a result under its name.
type benchField struct {
	name  string
	value any // string, bool, int64, float64
}

// fields are a result's values, named and ordered as llama-bench has them, then
// gptrun's own. What there is no counterpart of in gptrun says that it is not
// used; build_number is left out.
func (r benchResult) fields() []benchField {
	var ns []float64
	for _, d := range r.samples {
		ns = append(ns, float64(d.Nanoseconds()))
	}
	meanNS, deviationNS := meanAndDeviation(ns)
	mean, deviation := meanAndDeviation(r.perSecond())
	cpu, _ := runtime.CPU(r.model.tier) // the model runs, so the tier is there
	return []benchField{
		{"build_commit", commit()},
		{"cpu_info", cpu.Name},
		{"gpu_info", ""},
		{"backends", r.backend()},
		{"model_filename", r.path},
		{"model_type", r.model.kind},
		{"model_size", r.model.bytes},
		{"model_n_params", r.model.parameters},
		{"n_batch", int64(r.batch)},
		{"n_ubatch", int64(r.microBatch)},
		{"n_threads", int64(r.model.threads)},
		{"cpu_mask", "0x0"},
		{"cpu_strict", false},
		{"poll", int64(1)}, // workers spin for a short time
		{"type_k", r.keyType.String()},
		{"type_v", r.valueType.String()},
		{"n_gpu_layers", int64(0)},
		{"n_cpu_moe", int64(0)},
		{"split_mode", "none"},
		{"main_gpu", int64(0)},
		{"no_kv_offload", true},
		{"flash_attn", int64(1)}, // scores are never all in memory
		{"devices", "none"},
		{"tensor_split", "0.00"},
		{"tensor_buft_overrides", "none"},
		{"load_mode", "mmap"},
		{"lazy_mode", "off"},
		{"embeddings", false},
		{"no_op_offload", int64(1)},
		{"no_host", false},
		{"repack", r.model.packed},
		{"fit_target", int64(0)},
		{"fit_min_ctx", int64(0)},
		{"n_prompt", int64(r.prompt)},
		{"n_gen", int64(r.generation)},
		{"n_depth", int64(r.depth)},
		{"test_time", r.begin.UTC().Format(time.RFC3339)},
		{"avg_ns", int64(meanNS)},
		{"stddev_ns", int64(deviationNS)},
		{"avg_ts", mean},
		{"stddev_ts", deviation},
		{"tier", r.model.tier},
		{"activations", r.activations.String()},
		{"weights", r.weights.String()},
		{"n_parallel", int64(r.parallel)},
	}
}

func (r benchResult) backend() string { return "CPU " + r.model.tier }

func (f benchField) appendJSON(b []byte) []byte {
	b = append(appendString(b, f.name), ": "...)
	if s, ok := f.value.(string); ok {
		return appendString(b, s)
	}
	return append(b, f.text()...)
}

// text is the value without quotes.
func (f benchField) text() string {
	if v, ok := f.value.(float64); ok {
		return strconv.FormatFloat(v, 'f', 6, 64)
	}
	return fmt.Sprint(f.value)
}

// appendJSON appends the result as an object, its members separated by
// separator and a line break's indentation.
func (r benchResult) appendJSON(b []byte, separator string) []byte {
	for _, f := range r.fields() {
		b = append(f.appendJSON(b), separator...)
	}
	b = append(b, `"samples_ns": `...)
	b = appendList(b, r.samples, func(b []byte, d time.Duration) []byte { return strconv.AppendInt(b, d.Nanoseconds(), 10) })
	b = append(b, separator...)
	b = append(b, `"samples_ts": `...)
	return appendList(b, r.perSecond(), func(b []byte, v float64) []byte { return strconv.AppendFloat(b, v, 'f', 6, 64) })
}

// benchPrinter prints results as they come.
type benchPrinter struct {
	out     io.Writer
	format  benchFormat
	columns []benchColumn
	printed int
}

func (b *benchFlags) printer(out io.Writer) *benchPrinter {
	return &benchPrinter{out: out, format: b.output, columns: b.columns()}
}

func (p *benchPrinter) print(r benchResult) error {
	var b []byte
	first := p.printed == 0
	p.printed++
	switch p.format {
	case "csv":
		b = appendCSV(b, r, first)
	case "json":
		if b = append(b, ",\n  {\n    "...); first {
			b = append(b[:0], "[\n  {\n    "...)
		}
		b = append(r.appendJSON(b, ",\n    "), "\n  }"...)
	case "jsonl":
		b = append(r.appendJSON(append(b, '{'), ", "), "}\n"...)
	default:
		b = p.appendRow(b, r, first)
	}
	_, err := p.out.Write(b)
	return err
}

// finish prints what comes after the results, if there are any.
func (p *benchPrinter) finish() error {
	end := map[benchFormat]string{"json": "\n]\n", "md": fmt.Sprintf("\nbuild: %s (%s)\n", commit(), version())}[p.format]
	if p.printed == 0 {
		return nil
	}
	_, err := io.WriteString(p.out, end)
	return err
}

func appendCSV(b []byte, r benchResult, header bool) []byte {
	fields := r.fields()
	line := func(text func(benchField) string) {
		for i, f := range fields {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, text(f)...)
		}
		b = append(b, '\n')
	}
	if header {
		line(func(f benchField) string { return f.name })
	}
	line(func(f benchField) string {
		text := f.text()
		if v, ok := f.value.(bool); ok { // llama-bench's booleans are numbers here
			text = map[bool]string{false: "0", true: "1"}[v]
		}
		return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	})
	return b
}
