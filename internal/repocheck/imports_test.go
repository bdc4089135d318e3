package repocheck

import (
	"go/build/constraint"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// layout is ARCHITECTURE.md's table of folders: what the code in each, and in
// its subfolders, may import directly. Packages of this module are given by
// folder; a folder may always import its own subfolders.
var layout = map[string]struct{ internal, external []string }{
	".":          {[]string{"hub", "runtime", "loader"}, nil},
	"asm":        {nil, nil},
	"quant":      {nil, nil},
	"kernels":    {[]string{"asm", "quant"}, []string{"github.com/klauspost/cpuid/v2", "golang.org/x/sys"}},
	"loader":     {[]string{"quant"}, []string{"golang.org/x/sys"}},
	"runtime":    {[]string{"kernels", "loader", "quant"}, []string{"github.com/klauspost/cpuid/v2", "golang.org/x/sys"}},
	"hub":        {[]string{"loader"}, []string{"golang.org/x/sys"}},
	"cmd/gptrun": {[]string{".", "hub", "quant", "loader", "runtime"}, []string{"github.com/urfave/cli/v3", "golang.org/x/sys", "golang.org/x/term"}},
	"bench":      {[]string{".", "asm", "quant", "kernels", "loader", "runtime"}, nil},
	"examples":   {[]string{"."}, nil},
	"scripts":    {nil, nil},
	"internal":   {nil, nil},
}

// forTests are the modules that only tests may import.
var forTests = []string{
	"github.com/stretchr/testify",
	"github.com/dlclark/regexp2",
	"go.uber.org/goleak",
	"pgregory.net/rapid",
}

func TestFoldersImportOnlyWhatTheLayoutAllows(t *testing.T) {
	for _, f := range goFiles(t) {
		if strings.HasPrefix(f.dir, "asm/_gen") {
			continue // a generator is a program of its own
		}
		folder := folderOf(f.dir)
		require.NotEmpty(t, folder, "%s lies in no folder of the layout", f.name)
		rule := layout[folder]
		for _, spec := range f.syntax.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			var allowed []string
			target := p
			switch {
			case p == "C" || p == "unsafe" && folder == ".":
				t.Errorf("%s: import %q", f.at(spec), p)
				continue
			case p == module || strings.HasPrefix(p, module+"/"):
				target = strings.TrimPrefix(strings.TrimPrefix(p, module), "/")
				if target == "" {
					target = "."
				}
				allowed = append(allowed, rule.internal...)
				allowed = append(allowed, folder)
			case strings.Contains(strings.Split(p, "/")[0], "."):
				allowed = append(allowed, rule.external...)
				if f.isTest() {
					allowed = append(allowed, forTests...)
					allowed = append(allowed, "golang.org/x/sys") // guard pages
				}
			default:
				continue // the standard library
			}
			if !underAny(target, allowed) {
				t.Errorf("%s: %s/ may not import %q", f.at(spec), folder, p)
			}
		}
	}
}

// Which tier runs is decided in one place, from what the CPU can do; a file of
// assembly that the purego tag does not leave out would escape it. What measures
// the machine is assembly too, but no tier.
func TestAssemblyIsLeftOutByPurego(t *testing.T) {
	found := false
	for name, text := range textFiles(t) {
		if !strings.HasSuffix(name, ".s") {
			continue
		}
		found = true
		require.True(t, strings.HasPrefix(name, "asm/") || strings.HasPrefix(name, "bench/limits/"), "%s: assembly lies in asm/", name)
		require.True(t, constrainedByPurego(string(text)), "%s: no //go:build line with !purego", name)
	}
	for _, f := range goFiles(t) {
		if f.dir == "asm" && !f.isTest() && !strings.HasSuffix(f.name, "/doc.go") {
			text := textFiles(t)[f.name]
			require.True(t, constrainedByPurego(string(text)), "%s: no //go:build line with !purego", f.name)
		}
	}
	require.True(t, found, "no assembly found")
}

func constrainedByPurego(text string) bool {
	for line := range strings.Lines(text) {
		expr, err := constraint.Parse(strings.TrimSpace(line))
		if err != nil {
			continue
		}
		return !expr.Eval(func(tag string) bool { return true })
	}
	return false
}

func folderOf(dir string) string {
	best := ""
	for folder := range layout {
		if under(dir, folder) && len(folder) > len(best) {
			best = folder
		}
	}
	return best
}

func underAny(target string, folders []string) bool {
	for _, folder := range folders {
		if under(target, folder) {
			return true
		}
	}
	return false
}
