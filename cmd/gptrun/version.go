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

// version is the module's version, with the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	text := info.Main.Version
	if text == "" || text == "(devel)" {
		text = "devel"
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				text += " " + s.Value[:min(12, len(s.Value))]
			}
		}
	}
	return text
}

// commit names the commit that gptrun was built from, where that is known.
func commit() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value[:min(7, len(s.Value))]
			}
		}
	}
	return "unknown"
}
