package gptrun_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gptrun/gptrun"
	"github.com/gptrun/gptrun/hub/hubtest"
)

// localHub stands in for the Hugging Face Hub in these examples, and a folder for the
// user's cache.
func localHub() (cache string, end func()) {
	data, err := os.ReadFile(gpt2)
	if err != nil {
		log.Fatal(err)
	}
	server := hubtest.New()
	server.Add("tiny/gpt2-GGUF", "gpt2-Q8_0.gguf", data)
	_ = os.Setenv("HF_ENDPOINT", server.URL)
	cache, err = os.MkdirTemp("", "gptrun")
	if err != nil {
		log.Fatal(err)
	}
	return cache, func() {
		server.Close()
		_ = os.Unsetenv("HF_ENDPOINT")
		_ = os.RemoveAll(cache)
	}
}

func ExamplePull() {
	cache, end := localHub()
	defer end()
	path, err := gptrun.Pull(context.Background(), "hf:tiny/gpt2-GGUF",
		gptrun.PullCache(cache), // by default the user's cache directory
		gptrun.PullProgress(func(s gptrun.PullStatus) {
			if s.Done == s.Total {
				fmt.Println(s.File, "is there")
			}
		}))
	if err != nil {
		log.Fatal(err)
	}
	model, err := gptrun.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	fmt.Println(filepath.Base(path))
	// Output:
	// gpt2-Q8_0.gguf is there
	// gpt2-Q8_0.gguf
}

func ExampleResolve() {
	cache, end := localHub()
	defer end()
	ctx := context.Background()
	for _, name := range []string{"hf:tiny/gpt2-GGUF", "hf:tiny/gpt2-GGUF", gpt2} {
		// Downloads at the first time only; a path stays as it is.
		path, err := gptrun.Resolve(ctx, name, gptrun.PullCache(cache))
		fmt.Println(filepath.Base(path), err)
	}
	// Output:
	// gpt2-Q8_0.gguf <nil>
	// gpt2-Q8_0.gguf <nil>
	// gpt2-q8_0.gguf <nil>
}

func ExamplePullOffline() {
	cache, end := localHub()
	defer end()
	_, err := gptrun.Resolve(context.Background(), "hf:tiny/gpt2-GGUF", gptrun.PullCache(cache), gptrun.PullOffline())
	fmt.Println(errors.Is(err, gptrun.ErrNotCached), err)
	// Output:
	// true "hf:tiny/gpt2-GGUF" is not in the cache
}

func ExampleModels() {
	cache, end := localHub()
	defer end()
	if _, err := gptrun.Pull(context.Background(), "hf:tiny/gpt2-GGUF:Q8_0", gptrun.PullCache(cache)); err != nil {
		log.Fatal(err)
	}
	models, err := gptrun.Models(gptrun.PullCache(cache))
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range models {
		fmt.Println(m.Name, m.Size, m.Architecture, m.Quantization)
	}
	// Output:
	// hf:tiny/gpt2-GGUF/gpt2-Q8_0.gguf 281408 gpt2 Q8_0
}

func ExampleRemove() {
	cache, end := localHub()
	defer end()
	if _, err := gptrun.Pull(context.Background(), "hf:tiny/gpt2-GGUF", gptrun.PullCache(cache)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(gptrun.Remove("hf:tiny/gpt2-GGUF", gptrun.PullCache(cache)))
	err := gptrun.Remove("hf:tiny/gpt2-GGUF", gptrun.PullCache(cache))
	fmt.Println(errors.Is(err, gptrun.ErrNotCached))
	// Output:
	// <nil>
	// true
}

func ExampleModelNames() {
	fmt.Println(gptrun.ModelNames()[0])
	_, err := gptrun.Pull(context.Background(), "no-such-model")
	fmt.Println(errors.Is(err, gptrun.ErrName))
	// Output:
	// smollm2-135m
	// true
}
