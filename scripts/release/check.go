package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// rebuild builds the release again from a copy of the tree, and compares it with
// the one in out.
func (r *release) rebuild(out string) error {
	dir, err := os.MkdirTemp("", "another directory, to build in")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	again := *r
	again.root = filepath.Join(dir, "source")
	again.env = []string{"GOCACHE=" + filepath.Join(dir, "cache"), "TZ=Pacific/Auckland", "LC_ALL=C"}
	if err := r.copyTree(again.root); err != nil {
		return err
	}
	second := filepath.Join(dir, "dist")
	if err := again.build(second, platforms); err != nil {
		return err
	}
	return same(out, second)
}

// copyTree copies the files that git knows, and those that it would.
func (r *release) copyTree(to string) error {
	list, err := output(r.root, nil, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(list, "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join(r.root, name))
		if os.IsNotExist(err) {
			continue // deleted, and not yet committed
		}
		if err != nil {
			return err
		}
		path := filepath.Join(to, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// same compares the second release with the first.
func same(first, second string) error {
	entries, err := os.ReadDir(second)
	if err != nil {
		return err
	}
	for _, e := range entries {
		a, err := os.ReadFile(filepath.Join(first, e.Name()))
		if err != nil {
			return err
		}
		b, err := os.ReadFile(filepath.Join(second, e.Name()))
		if err != nil {
			return err
		}
		if !bytes.Equal(a, b) {
			return fmt.Errorf("%s: built twice, it is not the same", e.Name())
		}
	}
	fmt.Printf("built twice: the same %d files\n", len(entries))
	return nil
}
