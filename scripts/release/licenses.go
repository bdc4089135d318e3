package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// module is one that a binary holds code of.
type module struct{ Path, Version, Dir string }

// licenseFile matches the files in which a module says on what terms it may be
// given away.
var licenseFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents|copyright)([.-].*)?$`)

// licenses returns the terms of everything that is linked into the binaries:
// those of Go, whose runtime and library are part of each, and the modules'. They
// ask to be given along.
func (r *release) licenses(platforms []platform) ([]byte, error) {
	goroot, err := output(r.root, r.env, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	goVersion, err := output(r.root, r.env, "go", "env", "GOVERSION")
	if err != nil {
		return nil, err
	}
	modules, err := r.modules(platforms)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString("gptrun is under the terms of the file LICENSE. Its binary also holds parts of the following.\n")
	for _, m := range append([]module{{"The Go programming language", goVersion, goroot}}, modules...) {
		if err := appendLicense(&b, m); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// modules lists the modules that any of the binaries is made of, by path.
func (r *release) modules(platforms []platform) ([]module, error) {
	var list []module
	for _, p := range platforms {
		text, err := output(r.root, r.environment(p), "go", "list", "-deps", "-json=Module", "./cmd/gptrun")
		if err != nil {
			return nil, err
		}
		for d := json.NewDecoder(strings.NewReader(text)); ; {
			var pkg struct {
				Module *struct {
					module
					Main bool
				}
			}
			if err := d.Decode(&pkg); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, err
			}
			if m := pkg.Module; m != nil && !m.Main && !slices.Contains(list, m.module) {
				list = append(list, m.module)
			}
		}
	}
	slices.SortFunc(list, func(a, b module) int { return cmp.Compare(a.Path, b.Path) })
	return list, nil
}

func appendLicense(b *bytes.Buffer, m module) error {
	entries, err := os.ReadDir(m.Dir) // sorted by name
	if err != nil {
		return err
	}
	found := false
	for _, e := range entries {
		if e.IsDir() || !licenseFile.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(m.Dir, e.Name()))
		if err != nil {
			return err
		}
		found = true
		title := m.Path + " " + m.Version + ", " + e.Name()
		fmt.Fprintf(b, "\n%s\n%s\n\n%s\n", title, strings.Repeat("=", len(title)), bytes.TrimSpace(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))))
	}
	if !found {
		return fmt.Errorf("%s %s: no licence in %s", m.Path, m.Version, m.Dir)
	}
	return nil
}
