package main

import (
	"context"
	"fmt"

	"github.com/gptrun/gptrun"
)

func definePull(f *flags) func(context.Context, *terminal, []string) error {
	var allowHTTP bool
	f.describe("A name is hf:OWNER/REPO, with /FILE or :QUANTIZATION and @REVISION where wanted, an https:// URL, or a short name. The path of the file is printed. What was interrupted goes on where it stopped. HF_TOKEN, HF_ENDPOINT, HTTPS_PROXY and NO_PROXY are honoured.")
	f.example("gptrun pull smollm2:135m", "a small model, by its short name")
	f.example("gptrun pull hf:OWNER/REPO:Q8_0", "a file of a repository, by its quantization")
	f.group("Network")
	f.toggle(&allowHTTP, "allow-http", "permit plain http to other machines, and redirects to it")
	return func(ctx context.Context, t *terminal, names []string) error {
		if len(names) == 0 {
			return usageError("which model? Give hf:OWNER/REPO, an https:// URL, or a name that gptrun list --known prints")
		}
		options := []gptrun.PullOption{}
		if allowHTTP {
			options = append(options, gptrun.PullOverHTTP())
		}
		for _, name := range names {
			path, err := t.pull(ctx, name, gptrun.Pull, options)
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintln(t.out, path); err != nil {
				return err
			}
		}
		return nil
	}
}

// pull gets a model by gptrun.Pull or gptrun.Resolve, and shows what is
// downloaded: nothing comes over the network unseen.
func (t *terminal) pull(ctx context.Context, name string, get func(context.Context, string, ...gptrun.PullOption) (string, error), options []gptrun.PullOption) (string, error) {
	show := newPullStatus(t)
	path, err := get(ctx, name, append(options, gptrun.PullProgress(show.report))...)
	show.end(err)
	return path, err
}

// modelName is a model given by -m.
type modelName struct {
	modelPath string
	offline   bool
}

func (m *modelName) define(f *flags) {
	f.text(&m.modelPath, "m model", "FILE", "model file (GGUF), or a model's name as gptrun pull takes it")
	f.toggle(&m.offline, "offline", "never download a model")
}

// model returns the path of the model, which is pulled if it is given by a name
// that the cache does not have.
func (m *modelName) model(ctx context.Context, t *terminal) (string, error) {
	if m.modelPath == "" {
		return "", errNoModel
	}
	return t.resolve(ctx, m.modelPath, m.offline)
}

func (t *terminal) resolve(ctx context.Context, name string, offline bool) (string, error) {
	var options []gptrun.PullOption
	if offline {
		options = append(options, gptrun.PullOffline())
	}
	return t.pull(ctx, name, gptrun.Resolve, options)
}
