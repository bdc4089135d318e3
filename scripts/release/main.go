// Command release builds gptrun for the platforms that it is released for, and
// packs each binary with its documents into an archive. The same commit, built by
// the same version of Go, gives the same bytes, in any directory and by anyone.
//
//	go run ./scripts/release [-version v1.2.3] [-o dist] [-check]
//
// Version and time are those of the commit, as git describe and git log tell them,
// unless -version and the environment's SOURCE_DATE_EPOCH do. SHA256SUMS lists the
// archives. With -check the release is built a second time from a copy of the
// tree, in another directory, time zone and build cache, and every byte compared.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// platform is what a binary is built for.
type platform struct{ os, arch string }

func (p platform) String() string { return p.os + "-" + p.arch }

var platforms = []platform{
	{"linux", "amd64"}, {"linux", "arm64"},
	{"darwin", "amd64"}, {"darwin", "arm64"},
	{"windows", "amd64"}, {"windows", "arm64"},
}

// release is what its archives are made of.
type release struct {
	root    string // of the module
	version string
	commit  string
	time    time.Time // of every file
	env     []string  // added to the environment of builds
}

func main() {
	version := flag.String("version", "", "the version, like v1.2.3; as git describes the commit where it is empty")
	out := flag.String("o", "dist", "the directory of the archives")
	check := flag.Bool("check", false, "build twice and compare")
	flag.Parse()
	if err := run(*version, *out, *check); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(version, out string, check bool) error {
	root, err := output(".", nil, "go", "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		return err
	}
	r := &release{root: root}
	if err := r.identify(version); err != nil {
		return err
	}
	if !filepath.IsAbs(out) {
		out = filepath.Join(root, out)
	}
	fmt.Printf("gptrun %s of %s, commit %s\n", r.version, r.time.Format(time.RFC3339), r.commit)
	if err := r.build(out, platforms); err != nil {
		return err
	}
	if check {
		return r.rebuild(out)
	}
	return nil
}

// versionForm is also what keeps a version a part of a file's name.
var versionForm = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)

// identify finds out version, commit and time.
func (r *release) identify(version string) error {
	commit, gitErr := output(r.root, nil, "git", "rev-parse", "HEAD")
	r.commit = commit
	if gitErr != nil {
		r.commit = "unknown"
	}
	if r.version = version; version == "" {
		if gitErr != nil {
			return fmt.Errorf("give -version: %w", gitErr)
		}
		described, err := output(r.root, nil, "git", "describe", "--tags", "--always", "--dirty", "--match", "v[0-9]*")
		if err != nil {
			return err
		}
		if r.version = described; !strings.HasPrefix(described, "v") {
			r.version = "v0.0.0-" + described // no tag yet
		}
	}
	if !versionForm.MatchString(r.version) {
		return fmt.Errorf("version %q is not like v1.2.3", r.version)
	}
	seconds := os.Getenv("SOURCE_DATE_EPOCH")
	if seconds == "" {
		if gitErr != nil {
			return fmt.Errorf("set SOURCE_DATE_EPOCH: %w", gitErr)
		}
		var err error
		if seconds, err = output(r.root, nil, "git", "log", "-1", "--format=%ct"); err != nil {
			return err
		}
	}
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	r.time = time.Unix(n, 0).UTC()
	return nil
}

// output runs a program in dir and returns what it prints, less the line break at
// its end.
func output(dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	text, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return "", fmt.Errorf("%s: %w: %s", cmd, err, exit.Stderr)
		}
		return "", fmt.Errorf("%s: %w", cmd, err)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}
