package kernels

import (
	"fmt"
	"strings"
)

// tierNames are all tiers there are, the ones for other machines among them.
var tierNames = []string{"generic", "avx2", "avx512", "neon", "dotprod", "i8mm"}

// vectorTiers are the tiers in assembly, the slowest first. Where one cannot run,
// set returns nil and the names of the CPU's missing features.
var vectorTiers = []struct {
	name string
	set  func() (s *Set, missing []string)
}{
	{"avx2", avx2Set},
	{"avx512", avx512Set},
	{"neon", neonSet},
	{"dotprod", dotprodSet},
	{"i8mm", i8mmSet},
}

// Generic returns the tier in plain Go, which runs everywhere.
func Generic() *Set {
	s := &Set{
		Name:      "generic",
		PanelRows: genericRows, FloatPanelRows: genericFloatRows,
		Tokens: genericTokens, FloatTokens: genericTokens,
		RecordBytes: [NumForms]int{FormInt8: RecordBytes, FormInt16: RecordBytes},
		QuantizeRow: quantizeRow,
	}
	genericTiles(s)
	fillOpsGeneric(s)
	return s
}

// Available returns the tiers this machine can run, the slowest first.
func Available() []*Set {
	sets := []*Set{Generic()}
	for _, t := range vectorTiers {
		if s, _ := t.set(); s != nil {
			sets = append(sets, s)
		}
	}
	return sets
}

// Select returns the named tier, or this machine's best where name is empty.
func Select(name string) (*Set, error) {
	sets := Available()
	if name == "" {
		return sets[len(sets)-1], nil
	}
	for _, s := range sets {
		if s.Name == name {
			return s, nil
		}
	}
	for _, n := range tierNames {
		if n != name {
			continue
		}
		for _, t := range vectorTiers {
			if _, missing := t.set(); t.name == name && len(missing) > 0 {
				return nil, fmt.Errorf("CPU tier %q: this machine lacks %s", name, strings.Join(missing, ", "))
			}
		}
		return nil, fmt.Errorf("CPU tier %q is not available on this machine", name)
	}
	return nil, fmt.Errorf("CPU tier %q is not one of %s", name, strings.Join(tierNames, ", "))
}
