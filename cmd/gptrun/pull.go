package main

import (
	"context"
	"fmt"

	"github.com/gptrun/gptrun"
)

func definePull(f *flags) func(context.Context, *terminal, []string) error {
	f.describe("Names are hf:OWNER/REPO of the Hugging Face Hub, for its Q4_K_M file or else the next best; hf:OWNER/REPO:Q8_0 or hf:OWNER/REPO/FILE for another; " +
		"@REVISION after REPO; an https:// URL; or one of those that gptrun list --known prints. -m of other commands takes them too. " +
		"A download that was interrupted goes on. The paths of the files are printed. HF_TOKEN, HF_ENDPOINT, HTTPS_PROXY, NO_PROXY and GPTRUN_CACHE are honoured.")
	f.example("gptrun pull smollm2-135m", "a small model, by its short name")
	f.example("gptrun pull hf:ggml-org/gemma-3-1b-it-GGUF:Q8_0", "a repository's model of the type Q8_0")
	f.words = gptrun.ModelNames()
	var allowHTTP bool
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
	f.text(&m.modelPath, "m model", "FILE", "model file (GGUF), or a model's name: see gptrun pull -h")
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
