package repocheck

import (
	"go/ast"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	maxGoLines  = 450
	maxFileSize = 2 << 20
	maxRepoSize = 16 << 20 // generated assembly is a quarter of it
)

func TestGoFilesFitInAReadersHead(t *testing.T) {
	for _, f := range goFiles(t) {
		if !f.isTest() && !ast.IsGenerated(f.syntax) && f.lines > maxGoLines {
			t.Errorf("%s: %d lines, %d at most", f.name, f.lines, maxGoLines)
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	documented := map[string]bool{}
	for _, f := range goFiles(t) {
		if !f.isTest() {
			documented[f.dir] = documented[f.dir] || f.syntax.Doc != nil
		}
	}
	for dir, ok := range documented {
		require.True(t, ok, "%s: no package comment", dir)
	}
}

// A reader's machine has neither the author's folders nor a registry mirror.
// The patterns are put together from pieces so as not to match themselves.
func TestNoFileNamesAMachinesPlaces(t *testing.T) {
	patterns := []*regexp.Regexp{
		regexp.MustCompile(`(^|[^\w.~$})/-])/(work|farm|root|home/\w+|Users/\w+)/`),
		regexp.MustCompile(`(?i)[A-Z]:\\Users\\`),
		regexp.MustCompile(`(?i)\b(` + strings.Join([]string{
			"py" + `pi\.org`, "python" + `hosted\.org`, "proxy" + `\.golang\.org`, "sum" + `\.golang\.org`,
			"registry" + `\.npmjs\.org`, "crates" + `\.io`, "deb" + `\.debian\.org`, "repo1" + `\.maven\.org`,
		}, "|") + `)\b`),
	}
	for name, text := range textFiles(t) {
		for number, line := range strings.Split(string(text), "\n") {
			for _, p := range patterns {
				if m := p.FindString(line); m != "" {
					t.Errorf("%s:%d: %q", name, number+1, m)
				}
			}
		}
	}
}

func TestTheRepositoryStaysSmall(t *testing.T) {
	var total int64
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if rel == ".git" || rel == "dist" {
				return filepath.SkipDir
			}
			return nil
		}
		switch rel {
		case "gptrun", "gptrun.exe": // what make build leaves
			return nil
		}
		if ext := filepath.Ext(rel); ext == ".test" || ext == ".prof" {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		total += info.Size()
		if info.Size() > maxFileSize {
			t.Errorf("%s: %d bytes, %d at most", rel, info.Size(), maxFileSize)
		}
		return nil
	})
	require.NoError(t, err)
	require.Less(t, total, int64(maxRepoSize), "bytes of all files")
}
