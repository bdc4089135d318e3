package repocheck

import (
	"go/ast"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// exactFolders hold the code whose results reach a logit or a token.
var exactFolders = []string{".", "quant", "kernels", "loader", "runtime", "cmd/gptrun"}

// exactMath are the functions of package math that give the same bits on every
// machine: they round correctly or do not round. Constants are free.
var exactMath = []string{
	"Sqrt", "FMA", "Floor", "Trunc", "RoundToEven",
	"Float32bits", "Float32frombits", "Float64bits", "Float64frombits",
	"Inf", "NaN", "IsInf", "IsNaN",
}

var mathConstant = regexp.MustCompile(`^(Max|Smallest|Min)[A-Z]\w*$|^(Pi|Phi|E|Ln2|Ln10|Log2E|Log10E|Sqrt2|SqrtE|SqrtPi|SqrtPhi)$`)

func TestOnlyExactFunctionsOfMathAreUsed(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.isTest() || strings.HasPrefix(f.dir, "asm/_gen") || !slices.Contains(exactFolders, folderOf(f.dir)) {
			continue
		}
		name, ok := localName(f.syntax, "math")
		if !ok {
			continue
		}
		require.NotEqual(t, ".", name, "%s: dot import of math", f.name)
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); !ok || pkg.Name != name {
				return true
			}
			if fn := sel.Sel.Name; !slices.Contains(exactMath, fn) && !mathConstant.MatchString(fn) {
				t.Errorf("%s: math.%s may differ between machines", f.at(sel), fn)
			}
			return true
		})
	}
}

// fused matches arm64's fused multiply-add in the compiler's listing, and the
// file that it was compiled from.
var fused = regexp.MustCompile(`\(([^()\s]+):(\d+)\)\s+(FN?M(?:ADD|SUB)[SD])\s`)

// Go fuses x*y + z by itself on arm64, across statements too, unless the
// product is converted: float32(x*y) + z. The listing shows where it did;
// in kernels/fma.go products are exact, and fusing them makes no difference.
func TestNothingIsFusedThatIsNotMeantToBe(t *testing.T) {
	cmd := exec.Command("go", "build", "-gcflags=-S", "./...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	listing, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s: %s", cmd, errorLines(listing))
	require.Contains(t, string(listing), "STEXT", "the compiler printed no listing")
	here, err := filepath.Abs(root)
	require.NoError(t, err)

	seen := map[string]bool{}
	meant := false
	for _, m := range fused.FindAllStringSubmatch(string(listing), -1) {
		name := filepath.Clean(m[1]) // relative to the root or absolute, as the go command prints it
		if filepath.IsAbs(name) {
			name, err = filepath.Rel(here, name)
			require.NoError(t, err)
		}
		name = filepath.ToSlash(name)
		if name == "kernels/fma.go" {
			meant = true
			continue
		}
		if !slices.Contains(exactFolders, folderOf(path.Dir(name))) {
			continue
		}
		if at := name + ":" + m[2]; !seen[at] {
			seen[at] = true
			t.Errorf("%s: %s: convert the product, float32(x*y) + z, or call kernels.FMA32", at, m[3])
		}
	}
	require.True(t, meant, "kernels/fma.go compiled to no fused multiply-add: the pattern no longer fits the listing")
}

var compileError = regexp.MustCompile(`^\S+\.go:\d+`)

// errorLines returns the compiler's messages, without the listing among them.
func errorLines(listing []byte) string {
	var lines []string
	for line := range strings.Lines(string(listing)) {
		if compileError.MatchString(line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

// localName is what a file calls the package it imports from path.
func localName(f *ast.File, path string) (string, bool) {
	for _, spec := range f.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil && p == path {
			if spec.Name != nil {
				return spec.Name.Name, true
			}
			return path, true
		}
	}
	return "", false
}
