package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var at = time.Date(2025, 3, 14, 12, 34, 56, 0, time.UTC)

var samples = []file{
	{name: "README.md", data: []byte("read me\n")},
	{name: "man/gptrun.1", data: []byte(".TH\n")},
	{name: "gptrun", data: bytes.Repeat([]byte{0x7f, 'E'}, 5000), executable: true},
	{name: "LICENSE", data: nil},
}

// untar lists "mode name: data" of what a tarball holds.
func untar(t *testing.T, data []byte) (list []string) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	require.NoError(t, err)
	require.True(t, z.ModTime.IsZero())
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return list
		}
		require.NoError(t, err)
		require.True(t, h.ModTime.Equal(at))
		require.Zero(t, h.Uid+h.Gid)
		require.Empty(t, h.Uname+h.Gname)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		list = append(list, fmt.Sprintf("%v %s: %x", h.FileInfo().Mode(), h.Name, text))
	}
}

func unzip(t *testing.T, data []byte) (list []string) {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	for _, f := range r.File {
		require.True(t, f.Modified.Equal(at), f.Modified)
		part, err := f.Open()
		require.NoError(t, err)
		text, err := io.ReadAll(part)
		require.NoError(t, err)
		list = append(list, fmt.Sprintf("%v %s: %x", f.Mode(), f.Name, text))
	}
	return list
}

func TestArchivesHoldTheFilesInOneOrder(t *testing.T) {
	want := []string{
		"-rw-r--r-- base/LICENSE: ",
		"-rw-r--r-- base/README.md: " + fmt.Sprintf("%x", "read me\n"),
		"-rwxr-xr-x base/gptrun: " + strings.Repeat("7f45", 5000),
		"-rw-r--r-- base/man/gptrun.1: " + fmt.Sprintf("%x", ".TH\n"),
	}
	for name, f := range map[string]struct {
		pack   func(string, []file, time.Time) ([]byte, error)
		unpack func(*testing.T, []byte) []string
	}{"tar.gz": {tarball, untar}, "zip": {zipped, unzip}} {
		t.Run(name, func(t *testing.T) {
			first, err := f.pack("base", samples, at)
			require.NoError(t, err)
			require.Equal(t, want, f.unpack(t, first))
			backwards := slices.Clone(samples)
			slices.Reverse(backwards)
			again, err := f.pack("base", backwards, at.In(time.FixedZone("elsewhere", 5*3600)))
			require.NoError(t, err)
			require.Equal(t, first, again, "the same bytes from files in another order, in another time zone")
		})
	}
}

func TestAReleaseIsOfAVersionAndATime(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	outside := t.TempDir() // no repository
	for _, version := range []string{"v1.2.3", "v0.1.0-rc.1", "v1.2.3-4-gabcdef0-dirty", "v1.0.0+linux"} {
		r := release{root: outside}
		require.NoError(t, r.identify(version))
		require.Equal(t, version, r.version)
		require.Equal(t, "unknown", r.commit)
		require.EqualValues(t, 1700000000, r.time.Unix())
	}
	for _, version := range []string{"1.2.3", "v1.2", "v1.2.3/x", "v1.2.3 -X main.a=b", "../v1.2.3", "v1.2.3\n"} {
		require.ErrorContains(t, (&release{root: outside}).identify(version), "not like v1.2.3", version)
	}
	require.ErrorContains(t, (&release{root: outside}).identify(""), "give -version")
	t.Setenv("SOURCE_DATE_EPOCH", "yesterday")
	require.ErrorContains(t, (&release{root: outside}).identify("v1.2.3"), "SOURCE_DATE_EPOCH")
	t.Setenv("SOURCE_DATE_EPOCH", "")
	require.ErrorContains(t, (&release{root: outside}).identify("v1.2.3"), "set SOURCE_DATE_EPOCH")
}

func TestTheTermsOfEverythingLinkedAreGivenAlong(t *testing.T) {
	r := &release{root: filepath.Join("..", "..")}
	text, err := r.licenses(platforms)
	require.NoError(t, err)
	modules, err := r.modules(platforms)
	require.NoError(t, err)
	require.NotEmpty(t, modules)
	for _, m := range append(modules, module{Path: "The Go programming language", Version: "go1"}) {
		require.Contains(t, string(text), "\n"+m.Path+" "+m.Version)
	}
	require.NotContains(t, string(text), "testify", "tests are not linked")
	var b bytes.Buffer
	require.ErrorContains(t, appendLicense(&b, module{"example.org/x", "v1.0.0", t.TempDir()}), "no licence")
}

func TestAReleasedBinaryTellsItsVersion(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles gptrun")
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	here := platform{runtime.GOOS, runtime.GOARCH}
	r := &release{root: root, version: "v1.2.3-test", commit: "0123456789abcdef", time: at}
	out := t.TempDir()
	require.NoError(t, r.build(out, []platform{here}))
	sums, err := os.ReadFile(filepath.Join(out, "SHA256SUMS"))
	require.NoError(t, err)
	sum, name, ok := strings.Cut(strings.TrimSpace(string(sums)), "  ")
	require.True(t, ok)
	require.True(t, strings.HasPrefix(name, "gptrun-v1.2.3-test-"+here.String()), name)
	data, err := os.ReadFile(filepath.Join(out, name))
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("%x", sha256.Sum256(data)), sum)

	var names []string
	unpack := untar
	if here.os == "windows" {
		unpack = unzip
	}
	for _, line := range unpack(t, data) {
		_, line, _ = strings.Cut(line, " ")
		name, _, _ := strings.Cut(line, ": ")
		names = append(names, filepath.Base(name))
	}
	require.Subset(t, names, []string{"CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md", "THIRD_PARTY_LICENSES", "gptrun" + here.suffix()})
	if here.os != "windows" {
		require.Subset(t, names, []string{"gptrun.1", "gptrun-prompt.1", "gptrun.bash", "_gptrun", "gptrun.fish"})
	}
	pages, err := r.manuals()
	require.NoError(t, err)
	for _, p := range pages {
		if p.name == "man/gptrun.1" {
			require.Contains(t, string(p.data), "gptrun v1.2.3")
			require.Contains(t, string(p.data), at.Format(time.DateOnly))
		}
	}

	binary, err := r.compile(here)
	require.NoError(t, err)
	require.NotContains(t, string(binary), root, "the binary names the directory that it was built in")
	path := filepath.Join(out, "gptrun"+here.suffix())
	require.NoError(t, os.WriteFile(path, binary, 0o700))
	text, err := exec.Command(path, "version").Output()
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(text), "gptrun v1.2.3-test, go"), string(text))
}
