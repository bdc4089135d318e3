package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

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
	value(f, &e.logits, parseLogitsWanted, "logits", "WHICH", "logits to print with --json: last, all, none")
	f.text(&e.npy, "npy", "FILE", "write the logits of all positions as a NumPy array [tokens, vocabulary]")
	f.toggle(&e.json, "json", `print {"tokens":[…],"nll":[…],"logits":[…]}; nll[i] is that of token i+1 after 0…i`)
	e.modelFlags.define(f)
	return e.run
}

func (e *evalFlags) run(ctx context.Context, t *terminal, args []string) (err error) {
	path, err := e.model()
	if err != nil {
		return err
	}
	var text string
	if e.idFlag.given && len(args) > 0 {
		return usageError("text is given twice: as an argument and by --ids")
	} else if !e.idFlag.given {
		if text, err = e.read(t, args); err != nil {
			return err
		}
	}
	model, loading, err := e.open(t, path)
	if err != nil {
		return err
	}
	defer closing(model, &err)
	if !e.idFlag.given {
		if e.ids, err = model.Tokenize(text); err != nil {
			return err
		}
	}
	if len(e.ids) == 0 {
		return gptrun.ErrEmpty
	}
	begin := time.Now()
	r, err := e.evaluate(ctx, model)
	if err != nil {
		return err
	}
	timings := gptrun.Timings{Load: loading, PromptTokens: len(e.ids), Prompt: time.Since(begin)}
	if e.json {
		_, err = t.out.Write(r.appendJSON(nil, e.ids, e.logits))
	} else {
		mean := 0.0
		for _, v := range r.nll {
			mean += v / float64(len(r.nll))
		}
		_, err = fmt.Fprintf(t.out, "tokens      %d\nmean nll    %.6f\nperplexity  %.4f\n", len(e.ids), mean, sample.Perplexity(r.nll))
	}
	if e.verbose {
		report(t.err, timings)
	}
	return err
}

// evaluation is what eval prints.
type evaluation struct {
	nll  []float64
	rows [][]float32 // logits of the positions asked for
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
		if i++; i < len(e.ids) {
			r.nll = append(r.nll, model.NegLogLikelihood(row, e.ids[i]))
		}
		if e.json && (e.logits == "all" || e.logits == "last" && i == len(e.ids)) {
			r.rows = append(r.rows, slices.Clone(row))
		}
	}
	return r, nil
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
