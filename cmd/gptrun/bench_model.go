package main

import (
	"fmt"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/runtime"
)

// benchModel is what results say about a model and how it runs.
type benchModel struct {
	kind              string // such as "llama 135M Q4_1"
	bytes, parameters int64  // of all tensors
	tier              string
	threads           int
	packed            bool
}

func describeModel(file *loader.File, m *runtime.Model) (benchModel, error) {
	d := benchModel{parameters: parameters(file), tier: m.Tier(), threads: m.Threads(), packed: !m.Mapped()}
	for _, t := range file.Tensors {
		d.bytes += int64(len(t.Data))
	}
	mix, err := file.Mix()
	d.kind = fmt.Sprintf("%s %s %s", m.Config().Arch, magnitude(d.parameters), mix)
	return d, err
}

// magnitude is a number of parameters as people say it: "135M", "1.1B".
func magnitude(n int64) string {
	switch {
	case n < 1e6:
		return fmt.Sprintf("%.0fK", float64(n)/1e3)
	case n < 1e9:
		return fmt.Sprintf("%.0fM", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1fB", float64(n)/1e9)
}
