package main

import (
	"fmt"
	"strings"

	"github.com/gptrun/gptrun"
	"github.com/gptrun/gptrun/runtime/kv"
)

// benchColumn is one column of the table.
type benchColumn struct {
	name  string
	width int
	left  bool // aligned
	text  func(r benchResult) string
}

// columns are llama-bench's; a setting has one where it is not the default.
func (b *benchFlags) columns() []benchColumn {
	integer := func(v func(r benchResult) int) func(benchResult) string {
		return func(r benchResult) string { return fmt.Sprint(v(r)) }
	}
	columns := []benchColumn{
		{"model", 30, true, func(r benchResult) string { return r.model.kind }},
		{"size", 10, false, func(r benchResult) string { return mebibytes(r.model.bytes) }},
		{"params", 10, false, func(r benchResult) string { return millions(r.model.parameters) }},
		{"backend", 12, true, benchResult.backend},
		{"threads", 7, false, integer(func(r benchResult) int { return r.model.threads })},
	}
	add := func(set bool, c benchColumn) {
		if set {
			columns = append(columns, c)
		}
	}
	add(changed(b.batches, 2048), benchColumn{"n_batch", 7, false, integer(func(r benchResult) int { return r.batch })})
	add(changed(b.microBatches, 512), benchColumn{"n_ubatch", 8, false, integer(func(r benchResult) int { return r.microBatch })})
	add(changed(b.keyTypes, kv.F16), benchColumn{"type_k", 6, false, func(r benchResult) string { return r.keyType.String() }})
	add(changed(b.valueTypes, kv.F16), benchColumn{"type_v", 6, false, func(r benchResult) string { return r.valueType.String() }})
	add(changed(b.activations, gptrun.Int8), benchColumn{"activations", 11, true, func(r benchResult) string { return r.activations.String() }})
	add(changed(b.weights, gptrun.WeightsAuto), benchColumn{"weights", 10, true, func(r benchResult) string { return r.weights.String() }})
	return append(columns,
		benchColumn{"test", 15, false, func(r benchResult) string { return r.name() }},
		benchColumn{"t/s", 20, false, func(r benchResult) string {
			mean, deviation := meanAndDeviation(r.perSecond())
			return fmt.Sprintf("%.2f ± %.2f", mean, deviation)
		}})
}

// changed reports whether a flag has other values than its default.
func changed[T comparable](values []T, standard T) bool {
	return len(values) != 1 || values[0] != standard
}

func mebibytes(n int64) string {
	if n < 1<<30 {
		return fmt.Sprintf("%.2f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.2f GiB", float64(n)/(1<<30))
}

func millions(n int64) string {
	if n < 1e9 {
		return fmt.Sprintf("%.2f M", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f B", float64(n)/1e9)
}

// appendRow appends a result as a row of the table.
func (p *benchPrinter) appendRow(b []byte, r benchResult, header bool) []byte {
	if header {
		for _, c := range p.columns {
			b = append(b, "| "+c.pad(c.name)+" "...)
		}
		b = append(b, "|\n"...)
		for _, c := range p.columns {
			line := strings.Repeat("-", c.width-1)
			if c.left {
				line += "-"
			} else {
				line += ":"
			}
			b = append(b, "| "+line+" "...)
		}
		b = append(b, "|\n"...)
	}
	for _, c := range p.columns {
		b = append(b, "| "+c.pad(c.text(r))+" "...)
	}
	return append(b, "|\n"...)
}

func (c benchColumn) pad(text string) string {
	width := c.width
	if c.left {
		width = -width
	}
	return fmt.Sprintf("%*s", width, text)
}
