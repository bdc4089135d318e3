package gptrun

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/gptrun/gptrun/hub"
	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/runtime/arch"
	"github.com/gptrun/gptrun/runtime/token"
)

var (
	// ErrName reports a text that is not the name of a model.
	ErrName = hub.ErrName
	// ErrNotCached reports a name that is none of a model in the cache.
	ErrNotCached = hub.ErrNotCached
)

// PullStatus is how far a pull is.
type PullStatus = hub.Status

// CachedModel is a model in the cache.
type CachedModel = hub.Model

// PullOption says how models are pulled, and where they are kept.
type PullOption func(*pullOptions)

type pullOptions struct {
	dir       string
	progress  func(PullStatus)
	allowHTTP bool
	offline   bool
}

// PullProgress sets a function that is called, by one goroutine at a time, for
// every piece of a download.
func PullProgress(f func(PullStatus)) PullOption { return func(o *pullOptions) { o.progress = f } }

// PullCache sets the directory of models; by default it is the environment's
// GPTRUN_CACHE, or else gptrun/models in the user's cache directory.
func PullCache(dir string) PullOption { return func(o *pullOptions) { o.dir = dir } }

// PullOverHTTP permits plain http, which otherwise only this machine is asked
// by. The Hub's token is not sent that way.
func PullOverHTTP() PullOption { return func(o *pullOptions) { o.allowHTTP = true } }

// PullOffline makes Pull and Resolve fail with ErrNotCached instead of asking
// the network, as HF_HUB_OFFLINE=1 in the environment does.
func PullOffline() PullOption { return func(o *pullOptions) { o.offline = true } }

func newHub(opts []PullOption) (*hub.Hub, pullOptions, error) {
	var o pullOptions
	for _, set := range opts {
		set(&o)
	}
	env := func(key string) (string, bool) {
		if key == "GPTRUN_CACHE" && o.dir != "" {
			return o.dir, true
		}
		return os.LookupEnv(key)
	}
	h, err := hub.New(env)
	if err != nil {
		return nil, o, err
	}
	switch v, _ := env("HF_HUB_OFFLINE"); strings.ToLower(v) {
	case "1", "true", "yes", "on":
		o.offline = true
	}
	h.AllowHTTP, h.Progress, h.Check, h.CheckHead = o.allowHTTP, o.progress, checkModel, checkHead
	return h, o, nil
}

// Pull downloads a model into the cache, unless it is there as the server has it
// now, and returns the path for Open. Names are
//
//   - hf:OWNER/REPO of the Hugging Face Hub, for the Q4_K_M file, or else the
//     next best; hf:OWNER/REPO:Q8_0 for that type; hf:OWNER/REPO/FILE for a file;
//     each with @REVISION after REPO or at the end. A split model is pulled whole.
//   - an https:// URL.
//   - one of ModelNames.
//
// A download that ctx or the network interrupts is kept, and the next Pull goes
// on with it. What is there in the end has the checksum that the Hub states and
// can be opened; else it is refused. The environment's HF_ENDPOINT, HF_TOKEN,
// HTTPS_PROXY and NO_PROXY are honoured.
func Pull(ctx context.Context, name string, opts ...PullOption) (path string, err error) {
	h, o, err := newHub(opts)
	if err != nil {
		return "", err
	}
	if o.offline {
		return h.Find(name)
	}
	return h.Pull(ctx, name)
}

// Resolve returns the path for Open of a model given by its path or by a name, as
// the command's -m does: of the file at the path, if there is one; else of the
// named model in the cache, without asking the network; else it pulls the model.
func Resolve(ctx context.Context, pathOrName string, opts ...PullOption) (path string, err error) {
	if _, err := os.Stat(pathOrName); err == nil {
		return pathOrName, nil
	}
	if !hub.IsName(pathOrName) {
		if strings.ContainsAny(pathOrName, `/\`) || strings.HasSuffix(pathOrName, ".gguf") {
			return pathOrName, nil // opening it says what is wrong
		}
		return "", fmt.Errorf("%q is neither a file nor a model's name (%s): %w", pathOrName, strings.Join(ModelNames(), ", "), fs.ErrNotExist)
	}
	h, o, err := newHub(opts)
	if err != nil {
		return "", err
	}
	path, err = h.Find(pathOrName)
	if errors.Is(err, ErrNotCached) && !o.offline {
		return h.Pull(ctx, pathOrName)
	}
	return path, err
}

// Models lists the models in the cache, and partial ones whose download was
// interrupted.
func Models(opts ...PullOption) ([]CachedModel, error) {
	h, _, err := newHub(opts)
	if err != nil {
		return nil, err
	}
	return h.Models()
}

// Remove deletes a model, or what was downloaded of it, from the cache.
func Remove(name string, opts ...PullOption) error {
	h, _, err := newHub(opts)
	if err != nil {
		return err
	}
	return h.Remove(name)
}

// ModelNames lists the short names of models. Punctuation in them does not
// count, so that ollama's gemma3:1b is gemma-3-1b.
func ModelNames() []string { return hub.ShortNames() }

// checkModel opens a model as it would be to be used.
func checkModel(path string) (d hub.Description, err error) {
	m, err := Open(path, CPU("generic"), Threads(1), Weights(WeightsMapped))
	if err != nil {
		return d, err
	}
	defer func() {
		if e := m.Close(); err == nil {
			err = e
		}
	}()
	if _, err := m.tokens(); err != nil {
		return d, err
	}
	info, err := m.Info()
	return hub.Description{Architecture: info.Architecture, Quantization: info.Quantization}, err
}

// checkHead refuses a model before its weights are downloaded.
func checkHead(meta *loader.Metadata) error {
	if err := arch.Check(meta); err != nil {
		return err
	}
	_, err := token.FromMetadata(meta)
	return err
}
