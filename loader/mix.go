package loader

import "github.com/gptrun/gptrun/quant"

// mixes are the names that llama.cpp gives to values of general.file_type.
var mixes = map[uint64]string{
	0: "all F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1",
	10: "Q2_K - Medium", 11: "Q3_K - Small", 12: "Q3_K - Medium", 13: "Q3_K - Large",
	14: "Q4_K - Small", 15: "Q4_K - Medium", 16: "Q5_K - Small", 17: "Q5_K - Medium", 18: "Q6_K",
	21: "Q2_K - Small", 25: "IQ4_NL - 4.5 bpw", 30: "IQ4_XS - 4.25 bpw", 32: "BF16", 38: "MXFP4 MoE",
}

// Mix names the file's mix of types: as the file says, or else by the type that
// most parameters have.
func (f *File) Mix() (string, error) {
	mix, ok, err := f.Meta.Uint("general.file_type")
	if err != nil {
		return "", f.Named(err)
	}
	if name := mixes[mix]; ok && name != "" {
		return name, nil
	}
	count := map[quant.Type]int64{}
	var most quant.Type
	for _, t := range f.Tensors {
		if count[t.Type] += int64(t.Elements()); count[t.Type] > count[most] {
			most = t.Type
		}
	}
	return most.String(), nil
}
