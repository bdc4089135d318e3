package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gptrun/gptrun"
)

func defineList(f *flags) func(context.Context, *terminal, []string) error {
	var asJSON, known bool
	f.describe("Models that were begun and not finished are listed too; gptrun pull goes on with them.")
	f.example("gptrun list", "names, sizes and dates of the models in the cache")
	f.example("gptrun list --json | jq -r .[].path", "where they lie")
	f.example("gptrun list --known", "short names that gptrun pull takes")
	f.group("Output")
	f.toggle(&asJSON, "json", `print [{"name":…, "source":…, "path":…, "bytes":…, "date":…, "architecture":…, "quantization":…, "partial":…}]`)
	f.toggle(&known, "known", "print the short names that gptrun pull knows, instead")
	return func(_ context.Context, t *terminal, _ []string) error {
		if known {
			return printLines(t, gptrun.ModelNames())
		}
		models, err := gptrun.Models()
		if err != nil {
			return err
		}
		if asJSON {
			return listJSON(t, models)
		}
		return listText(t, models)
	}
}

func printLines(t *terminal, lines []string) error {
	out := bufio.NewWriter(t.out)
	for _, line := range lines {
		fmt.Fprintln(out, line)
	}
	return out.Flush()
}

// listedModel is a model as list --json prints it.
type listedModel struct {
	Name         string    `json:"name"`
	Source       string    `json:"source"`
	Path         string    `json:"path"`
	Bytes        int64     `json:"bytes"`
	Date         time.Time `json:"date"`
	Architecture string    `json:"architecture"`
	Quantization string    `json:"quantization"`
	Partial      bool      `json:"partial"`
}

func listJSON(t *terminal, models []gptrun.CachedModel) error {
	list := make([]listedModel, len(models))
	for i, m := range models {
		list[i] = listedModel{m.Name, m.Source, m.Path, m.Size, m.Date, m.Architecture, m.Quantization, m.Partial}
	}
	encoder := json.NewEncoder(t.out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(list)
}

func listText(t *terminal, models []gptrun.CachedModel) error {
	rows := [][]string{{"NAME", "SIZE", "PULLED", "ARCHITECTURE", "TYPE"}}
	for _, m := range models {
		kind := printable(m.Quantization)
		if m.Partial {
			kind = "(interrupted)"
		}
		rows = append(rows, []string{printable(m.Name), bytesText(m.Size), m.Date.Local().Format(time.DateOnly), printable(m.Architecture), kind})
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, text := range row {
			widths[i] = max(widths[i], columnsOf(text))
		}
	}
	var lines []string
	for _, row := range rows {
		lines = append(lines, tableLine(row, widths))
	}
	if len(models) == 0 && t.errIsTerminal {
		fmt.Fprintf(t.err, "gptrun: no models yet; gptrun pull %s brings one\n", gptrun.ModelNames()[0])
	}
	return printLines(t, lines)
}

// tableLine sets a row in columns; sizes are numbers and stand on the right.
func tableLine(row []string, widths []int) string {
	line := ""
	for i, text := range row {
		space := fmt.Sprintf("%*s", widths[i]-columnsOf(text), "")
		switch {
		case i == len(row)-1:
			line += text
		case i == 1:
			line += space + text + "  "
		default:
			line += text + space + "  "
		}
	}
	return line
}
