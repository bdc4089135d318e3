package main

import (
	"context"

	"github.com/gptrun/gptrun"
)

func defineRemove(f *flags) func(context.Context, *terminal, []string) error {
	f.describe("Only files in the cache are removed, by the names that gptrun list prints.")
	f.example("gptrun rm smollm2-135m", "remove a model, or what has come of it")
	return func(_ context.Context, _ *terminal, names []string) error {
		if len(names) == 0 {
			return usageError("which model? gptrun list prints the names")
		}
		for _, name := range names {
			if err := gptrun.Remove(name); err != nil {
				return err
			}
		}
		return nil
	}
}
