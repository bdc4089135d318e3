package repocheck

import (
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var goBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// snippetImports are what a snippet that is no whole file may use without saying so.
var snippetImports = []string{"context", "errors", "fmt", "log", "os", "strings", module}

// wholeFile makes a program of a snippet: its statements become main's, with a
// context named ctx.
func wholeFile(snippet string) string {
	if strings.HasPrefix(snippet, "package ") {
		return snippet
	}
	body := "func main() {\n\tctx := context.Background()\n\t_ = ctx\n" + snippet + "}\n"
	head := "package main\n\n"
	for _, p := range snippetImports {
		if regexp.MustCompile(`\b` + path.Base(p) + `\.`).MatchString(body) {
			head += "import \"" + p + "\"\n"
		}
	}
	return head + body
}

// A reader copies what a document shows.
func TestGoInDocumentsCompiles(t *testing.T) {
	here, err := filepath.Abs(root)
	require.NoError(t, err)
	snippets := 0
	for name, text := range textFiles(t) {
		if path.Ext(name) != ".md" {
			continue
		}
		for _, m := range goBlock.FindAllStringSubmatch(string(text), -1) {
			snippets++
			dir := t.TempDir()
			source := filepath.Join(dir, "main.go")
			require.NoError(t, os.WriteFile(source, []byte(wholeFile(m[1])), 0o600))
			// The go command takes it for a package of this module.
			overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(here, "snippet", "main.go"): source}})
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600))
			cmd := exec.Command("go", "build", "-o", os.DevNull, "-overlay", filepath.Join(dir, "overlay.json"), "./snippet")
			cmd.Dir = root
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s: %s\n%s", name, out, m[1])
		}
	}
	require.NotZero(t, snippets, "README shows the library")
}
