package repocheck

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/gptrun/gptrun"

// root is the module's root as seen from this package's tests.
const root = "../.."

// goFile is a parsed Go file; name and dir are relative to the root, with
// slashes; dir is "." for the root package.
type goFile struct {
	name, dir string
	syntax    *ast.File
	fset      *token.FileSet
	lines     int
}

func (f goFile) isTest() bool { return strings.HasSuffix(f.name, "_test.go") }

// at reports a node's place.
func (f goFile) at(n ast.Node) token.Position {
	p := f.fset.Position(n.Pos())
	p.Filename = f.name
	return p
}

// textFiles returns the module's text files by name relative to the root.
// Build outputs and other binary files are left out.
func textFiles(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch d.Name() {
			case ".git", "__pycache__":
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || d.Name() == ".git" { // a linked worktree has a file of that name
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if head := text[:min(len(text), 8192)]; strings.IndexByte(string(head), 0) >= 0 {
			return nil
		}
		rel, err := filepath.Rel(root, name)
		files[filepath.ToSlash(rel)] = text
		return err
	})
	require.NoError(t, err)
	require.Contains(t, files, "go.mod", "the tests run inside the module")
	return files
}

// goFiles parses the module's Go files, generators under _gen included.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	for name, text := range textFiles(t) {
		if path.Ext(name) != ".go" {
			continue
		}
		fset := token.NewFileSet()
		syntax, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		require.NoError(t, err)
		files = append(files, goFile{name, path.Dir(name), syntax, fset, strings.Count(string(text), "\n")})
	}
	require.NotEmpty(t, files)
	return files
}

// under reports whether dir is folder or lies below it; "." means only the root.
func under(dir, folder string) bool {
	return dir == folder || folder != "." && strings.HasPrefix(dir, folder+"/")
}
