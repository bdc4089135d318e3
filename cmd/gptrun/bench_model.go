package main

import (
	"fmt"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/quant"
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
	mix, err := quantization(file)
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

// mixes are the names that llama.cpp gives to values of general.file_type.
var mixes = map[uint64]string{
	0: "all F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1",
	10: "Q2_K - Medium", 11: "Q3_K - Small", 12: "Q3_K - Medium", 13: "Q3_K - Large",
	14: "Q4_K - Small", 15: "Q4_K - Medium", 16: "Q5_K - Small", 17: "Q5_K - Medium", 18: "Q6_K",
	21: "Q2_K - Small", 25: "IQ4_NL - 4.5 bpw", 30: "IQ4_XS - 4.25 bpw", 32: "BF16", 38: "MXFP4 MoE",
}

// quantization names a file's mix of types: as the file says, or else by the
// type that most parameters have.
func quantization(file *loader.File) (string, error) {
	mix, ok, err := file.Meta.Uint("general.file_type")
	if err != nil {
		return "", file.Named(err)
	}
	if name := mixes[mix]; ok && name != "" {
		return name, nil
	}
	count := map[quant.Type]int64{}
	var most quant.Type
	for _, t := range file.Tensors {
		if count[t.Type] += int64(t.Elements()); count[t.Type] > count[most] {
			most = t.Type
		}
	}
	return most.String(), nil
}
