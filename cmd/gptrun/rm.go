package main

import (
	"context"

	"github.com/gptrun/gptrun"
)

func defineRemove(*flags) func(context.Context, *terminal, []string) error {
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
