package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"strings"

	goruntime "runtime"

	"github.com/gptrun/gptrun"
)

func defineVersion(f *flags) func(context.Context, *terminal, []string) error {
	var asJSON bool
	f.example("GPTRUN_CPU=generic gptrun version", "what a variable does to the choice of tier")
	f.group("Output")
	f.toggle(&asJSON, "json", "print one JSON object")
	return func(_ context.Context, t *terminal, _ []string) error {
		machine, err := gptrun.ThisMachine()
		if err != nil {
			return err
		}
		v := struct {
			Version  string   `json:"version"`
			Go       string   `json:"go"`
			Platform string   `json:"platform"`
			CPU      string   `json:"cpu"`
			Tier     string   `json:"tier"`
			Tiers    []string `json:"tiers"`
			Features []string `json:"features"`
			Cores    string   `json:"cores"`
			Threads  int      `json:"threads"`
			Why      string   `json:"threads_why"`
		}{
			version(), goruntime.Version(), goruntime.GOOS + "/" + goruntime.GOARCH,
			machine.CPU, machine.Tier, machine.Tiers, machine.Features, machine.Cores, machine.Threads, machine.ThreadsWhy,
		}
		if asJSON {
			return json.NewEncoder(t.out).Encode(v)
		}
		_, err = fmt.Fprintf(t.out, "gptrun %s, %s %s\ncpu: %s\ntier: %s, of %s\nfeatures: %s\ncores: %s\nthreads: %d, %s\n",
			v.Version, v.Go, v.Platform, v.CPU, v.Tier, strings.Join(v.Tiers, " "), strings.Join(v.Features, " "), v.Cores, v.Threads, v.Why)
		return err
	}
}

// What scripts/release stamps.
var releaseVersion, releaseCommit, releaseTime string

// version is the release's or the module's version, or else the commit gptrun was
// built from.
func version() string {
	if releaseVersion != "" {
		return releaseVersion
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	if revision := builtFrom(releaseCommit, "vcs.revision"); revision != "" {
		return "devel " + revision[:min(12, len(revision))]
	}
	return "devel"
}

// commit names the commit that gptrun was built from, where that is known.
func commit() string {
	if revision := builtFrom(releaseCommit, "vcs.revision"); revision != "" {
		return revision[:min(7, len(revision))]
	}
	return "unknown"
}

// builtFrom is what is known of the commit that gptrun was built from: what was
// stamped, or else what Go noted by the given key.
func builtFrom(stamped, key string) string {
	if stamped != "" {
		return stamped
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == key {
				return s.Value
			}
		}
	}
	return ""
}
