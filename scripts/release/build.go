package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// documents of the repository that go into every archive.
var documents = []string{"LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md"}

// build writes the archives of the given platforms, and SHA256SUMS, to out.
func (r *release) build(out string, platforms []platform) error {
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	common, err := r.documents(platforms)
	if err != nil {
		return err
	}
	manuals, err := r.manuals()
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, p := range platforms {
		binary, err := r.compile(p)
		if err != nil {
			return err
		}
		contents := append(slices.Clone(common), file{name: "gptrun" + p.suffix(), data: binary, executable: true})
		base := "gptrun-" + r.version + "-" + p.String()
		pack, extension := zipped, ".zip"
		if p.os != "windows" {
			pack, extension = tarball, ".tar.gz"
			contents = append(contents, manuals...)
		}
		data, err := pack(base, contents, r.time)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, base+extension), data, 0o666); err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data), base+extension)
	}
	return os.WriteFile(filepath.Join(out, "SHA256SUMS"), []byte(sums.String()), 0o666)
}

func (p platform) suffix() string {
	if p.os == "windows" {
		return ".exe"
	}
	return ""
}

// environment is what builds for p depend on.
func (r *release) environment(p platform) []string {
	return append([]string{
		"CGO_ENABLED=0", "GOOS=" + p.os, "GOARCH=" + p.arch, "GOAMD64=v1", "GOARM64=v8.0",
		"GOFLAGS=-mod=readonly", "GOWORK=off", "GOEXPERIMENT=",
	}, r.env...)
}

// compile returns the binary for p. It names no directory of the machine that
// built it; version and commit are stamped, so that it does not matter whether
// there is a repository.
func (r *release) compile(p platform) ([]byte, error) {
	dir, err := os.MkdirTemp("", "gptrun-release")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "gptrun"+p.suffix())
	stamp := fmt.Sprintf("-s -w -buildid= -X main.releaseVersion=%s -X main.releaseCommit=%s -X main.releaseTime=%s",
		r.version, r.commit, r.time.Format(time.RFC3339))
	_, err = output(r.root, r.environment(p), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags="+stamp, "-o", path, "./cmd/gptrun")
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// documents returns what goes into every archive beside the binary.
func (r *release) documents(platforms []platform) ([]file, error) {
	var files []file
	for _, name := range documents {
		data, err := os.ReadFile(filepath.Join(r.root, name))
		if err != nil {
			return nil, err
		}
		files = append(files, file{name: name, data: data})
	}
	licenses, err := r.licenses(platforms)
	return append(files, file{name: "THIRD_PARTY_LICENSES", data: licenses}), err
}

// completions are the files that shells look for.
var completions = []struct{ shell, name string }{
	{"bash", "completions/gptrun.bash"},
	{"zsh", "completions/_gptrun"},
	{"fish", "completions/gptrun.fish"},
}

// manuals returns the manual pages and the shells' completions, as the binary for
// this machine writes them; they are the same on every other.
func (r *release) manuals() ([]file, error) {
	binary, err := r.compile(platform{runtime.GOOS, runtime.GOARCH})
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "gptrun-release")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	gptrun := filepath.Join(dir, "gptrun.exe")
	if err := os.WriteFile(gptrun, binary, 0o700); err != nil {
		return nil, err
	}
	pages := filepath.Join(dir, "man")
	if _, err := output(dir, nil, gptrun, "man", pages); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(pages)
	if err != nil {
		return nil, err
	}
	var files []file
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(pages, e.Name()))
		if err != nil {
			return nil, err
		}
		files = append(files, file{name: "man/" + e.Name(), data: data})
	}
	for _, c := range completions {
		text, err := output(dir, nil, gptrun, "completion", c.shell)
		if err != nil {
			return nil, err
		}
		files = append(files, file{name: c.name, data: []byte(text + "\n")})
	}
	return files, nil
}
