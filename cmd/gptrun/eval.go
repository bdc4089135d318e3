package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gptrun/gptrun"
	"github.com/gptrun/gptrun/runtime/sample"
)

// logitsWanted says which positions' logits eval prints.
type logitsWanted string

func parseLogitsWanted(s string) (logitsWanted, error) {
	if s != "last" && s != "all" && s != "none" {
		return "", fmt.Errorf("%q is not one of last, all, none", s)
	}
	return logitsWanted(s), nil
}

// evalFlags are eval's flags.
type evalFlags struct {
	input
	modelFlags
	ids    []int32
	idFlag *flagDef
	logits logitsWanted
	npy    string
	json   bool
}

// parseIDs reads token ids with commas between them.
func parseIDs(s string) ([]int32, error) {
	var ids []int32
	for field := range strings.SplitSeq(s, ",") {
		id, err := strconv.ParseInt(strings.TrimSpace(field), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%q is not a token id", field)
		}
		ids = append(ids, int32(id))
	}
	return ids, nil
}

func defineEval(f *flags) func(context.Context, *terminal, []string) error {
	e := &evalFlags{logits: "last"}
	e.input.define(f)
	e.idFlag = value(f, &e.ids, parseIDs, "ids", "1,2,3", "token ids instead of a text; nothing is added to them")
	e.idFlag.standard = ""
	f.group("Output")
	value(f, &e.logits, parseLogitsWanted, "logits", "WHICH", "positions whose logits --json prints").oneOf("last", "all", "none")
	f.text(&e.npy, "npy", "FILE", "write the logits of all positions as a NumPy array [tokens, vocabulary]")
	f.toggle(&e.json, "json", `print {"tokens":[…], "nll":[…], "logits":[…]}; nll[i] is that of token i+1 after 0…i`)
	e.modelFlags.define(f)
	f.describe("Prints the text's perplexity, or with --json the negative log-likelihood of each token after those before it.")
	f.example(`gptrun eval -m model.gguf "The capital of France is Paris"`, "how likely a text is")
	f.example("gptrun eval -m model.gguf -f book.txt -c 4096 --npy logits.npy", "all logits of a file's text, for NumPy")
	f.example("gptrun eval -m model.gguf --ids 1,15043,3186 --json", "token ids in, the last position's logits out")
	return e.run
}

func (e *evalFlags) run(ctx context.Context, t *terminal, args []string) (err error) {
	path, err := e.model(ctx, t)
	if err != nil {
		return err
	}
	// What stands on the command line comes before the environment.
	typed := len(args) > 0 || e.textFlag.typed || e.fileFlag.typed
	if e.idFlag.typed && typed {
		return usageError("text is given twice: by --ids and as text")
	}
	byID := e.idFlag.given && !typed
	var text string
	if !byID {
		if text, err = e.read(t, args); err != nil {
			return err
		}
	}
	model, opening, wipe, err := e.open(t, path)
	if err != nil {
		return err
	}
	defer closing(model, &err)
	if !byID {
		if e.ids, err = model.Tokenize(text); err != nil {
			return err
		}
	}
	if len(e.ids) == 0 {
		return gptrun.ErrEmpty
	}
	r, err := e.evaluate(ctx, model)
	wipe()
	if err != nil {
		return err
	}
	r.timings.Load += opening
	if e.json {
		_, err = t.out.Write(r.appendJSON(nil, e.ids, e.logits))
	} else {
		_, err = io.WriteString(t.out, r.text(len(e.ids)))
	}
	if e.verbose {
		report(t.err, r.timings)
	}
	return err
}

// evaluation is what eval prints.
type evaluation struct {
	nll     []float64
	rows    [][]float32 // logits of the positions asked for
	timings gptrun.Timings
}

func (e *evalFlags) evaluate(ctx context.Context, model *gptrun.Model) (r evaluation, err error) {
	session := model.NewSession()
	defer closing(session, &err)
	info, err := model.Info()
	if err != nil {
		return r, err
	}
	var npy *npyWriter
	if e.npy != "" {
		if npy, err = createNPY(e.npy, len(e.ids), info.Vocabulary); err != nil {
			return r, err
		}
		defer func() {
			if failure := npy.close(err != nil); err == nil {
				err = failure
			}
		}()
	}
	i := 0
	for row, err := range session.EvalAll(ctx, e.ids) {
		if err == nil && npy != nil {
			err = npy.write(row)
		}
		if err != nil {
			return r, err
		}
		i++
		next := e.ids[min(i, len(e.ids)-1)]
		nll := model.NegLogLikelihood(row, next)
		if math.IsNaN(nll) {
			return r, fmt.Errorf("%s: %w after %d tokens", e.modelPath, gptrun.ErrLogits, i)
		}
		if i < len(e.ids) {
			r.nll = append(r.nll, nll)
		}
		if e.json && (e.logits == "all" || e.logits == "last" && i == len(e.ids)) {
			r.rows = append(r.rows, slices.Clone(row))
		}
	}
	r.timings = session.Timings()
	return r, nil
}

// text is what eval prints without --json. A single token has no likelihood.
func (r evaluation) text(tokens int) string {
	s := fmt.Sprintf("tokens      %d\n", tokens)
	if len(r.nll) == 0 {
		return s
	}
	mean := 0.0
	for _, v := range r.nll {
		mean += v / float64(len(r.nll))
	}
	return s + fmt.Sprintf("mean nll    %.6f\nperplexity  %.4f\n", mean, sample.Perplexity(r.nll))
}

func (r evaluation) appendJSON(b []byte, ids []int32, logits logitsWanted) []byte {
	b = append(b, `{"tokens":`...)
	b = appendIDs(b, ids)
	b = append(b, `,"nll":`...)
	b = appendFloats64(b, r.nll)
	b = append(b, `,"logits":`...)
	switch logits {
	case "all":
		b = appendList(b, r.rows, appendFloats32)
	case "last":
		b = appendFloats32(b, r.rows[0])
	default:
		b = append(b, "[]"...)
	}
	return append(b, "}\n"...)
}
