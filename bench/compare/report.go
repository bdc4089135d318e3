package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// report is what a comparison has found.
type report struct {
	*settings
	begin time.Time
	goals goals
	lines []line
	runs  []run

	gptrunVersion, llamaVersion, cpu, backend string
}

// unknown is the version of a program that does not tell it.
const unknown = "version unknown"

// line is one line of the table: the best that each side has reached.
type line struct {
	file         string
	threads      int
	test         test
	ours, theirs float64 // tokens a second
}

func (l line) ratio() float64 { return l.ours / l.theirs }

// run is what a program gave in one round.
type run struct {
	side    string
	file    string
	threads int
	round   int
	command string
	results []result
}

// measure runs a pair's sides by turns; tell is called before each run. Who
// begins alternates, so that neither always follows the other.
func (r *report) measure(ctx context.Context, p pair, tell func(round int, name string)) error {
	var ours, theirs best
	for round := range r.rounds {
		turns := []turn{{p.ours, &ours}, {p.theirs, &theirs}}
		if round%2 == 1 {
			turns[0], turns[1] = turns[1], turns[0]
		}
		for _, t := range turns {
			tell(round, t.side.name)
			results, err := t.side.run(ctx)
			if err != nil {
				return err
			}
			t.best.add(results)
			r.runs = append(r.runs, run{t.side.name, p.file(), p.threads, round, t.side.text(), results})
		}
	}
	for _, x := range ours {
		peer := theirs.of(x.test)
		if peer == 0 {
			return fmt.Errorf("%s has no result %s of %s", p.theirs.name, x.test, p.model)
		}
		r.lines = append(r.lines, line{p.file(), p.threads, x.test, x.perSecond, peer})
	}
	return nil
}

// turn is one side's run, and where its results go.
type turn struct {
	side side
	best *best
}

// best are the best results of some runs, a test each.
type best []result

func (b *best) add(results []result) {
	for _, x := range results {
		i := slices.IndexFunc(*b, func(y result) bool { return y.test == x.test })
		switch {
		case i < 0:
			*b = append(*b, x)
		case (*b)[i].perSecond < x.perSecond:
			(*b)[i] = x
		}
	}
}

// of is the best speed in a test, 0 where there is none.
func (b best) of(t test) float64 {
	for _, x := range b {
		if x.test == t {
			return x.perSecond
		}
	}
	return 0
}

// versions notes what ran, from the results and by asking.
func (r *report) versions(ctx context.Context) {
	r.gptrunVersion, r.llamaVersion = unknown, unknown
	if output, err := exec.CommandContext(ctx, r.gptrun, "version").Output(); err == nil {
		r.gptrunVersion, _, _ = strings.Cut(string(output), "\n")
	}
	if r.built { // go build does not stamp what it builds in a worktree
		if commit, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output(); err == nil {
			r.gptrunVersion += ", built from " + strings.TrimSpace(string(commit))
		}
	}
	for _, x := range r.runs {
		first := x.results[0]
		switch x.side {
		case "gptrun":
			r.cpu, r.backend = first.CPU, first.Backend
		case "llama-bench":
			r.llamaVersion = fmt.Sprintf("%s (%d)", first.Commit, first.Number)
		}
	}
}

// markdown is the table with what it was made of.
func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# gptrun beside llama.cpp, %s, %s\n\n", r.cpu, r.begin.Format(time.DateOnly))
	fmt.Fprintf(&b, "Tokens a second, the best of %d runs each, by turns. %s, %s; ", r.rounds, r.gptrunVersion, r.backend)
	fmt.Fprintf(&b, "llama.cpp %s.\n\n%s", r.llamaVersion, r.table())
	fmt.Fprintf(&b, "\nCommands of the first round:\n\n")
	for _, x := range r.runs {
		if x.round == 0 {
			fmt.Fprintf(&b, "    %s\n", x.command)
		}
	}
	return b.String()
}

func (r *report) table() string {
	var b strings.Builder
	head, rule := "| file | threads | test | gptrun | llama.cpp | ratio |", "|---|---:|---|---:|---:|---:|"
	if len(r.goals) > 0 {
		head, rule = head+" floor | aim | |", rule+"---:|---:|---|"
	}
	fmt.Fprintf(&b, "%s\n%s\n", head, rule)
	for _, l := range r.lines {
		fmt.Fprintf(&b, "| %s | %d | %s | %.1f | %.1f | %.2f |", l.file, l.threads, l.test, l.ours, l.theirs, l.ratio())
		if len(r.goals) > 0 {
			b.WriteString(r.goals.columns(l))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// record writes the table, the plot and the raw results into a folder of their
// own and returns its path.
func (r *report) record() (string, error) {
	name := slug(r.cpu) + "-" + r.begin.Format(time.DateOnly)
	if r.label != "" {
		name += "-" + slug(r.label)
	}
	folder := filepath.Join(r.out, name)
	for i := 2; ; i++ {
		if _, err := os.Stat(folder); err != nil {
			break
		}
		folder = filepath.Join(r.out, fmt.Sprintf("%s-%d", name, i))
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	for file, text := range map[string]string{
		"README.md": r.markdown() + "\n![ratios](ratios.svg)\n", "ratios.svg": r.plot(), "runs.jsonl": r.raw(),
	} {
		if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	return folder, nil
}

// raw are all results as the programs printed them, one a line.
func (r *report) raw() string {
	var b strings.Builder
	for _, x := range r.runs {
		for _, result := range x.results {
			text := compact(result.raw)
			for _, model := range list(r.models) {
				text = strings.ReplaceAll(text, quoted(model), quoted(filepath.Base(model)))
			}
			fmt.Fprintf(&b, `{"side":%s,"round":%d,"file":%s,"threads":%d,"result":%s}`+"\n", quoted(x.side), x.round+1, quoted(x.file), x.threads, text)
		}
	}
	return b.String()
}
