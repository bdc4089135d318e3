package main

import (
	"fmt"
	"strings"
)

// unknown is the error of a flag that does not exist.
func (f *flags) unknown(arg string) error {
	var names []string
	for _, d := range f.defs {
		names = append(names, d.names...)
	}
	typed, _, _ := strings.Cut(arg, "=")
	hint := "text"
	if name := nearest(typed, names); name != "" {
		hint = fmt.Sprintf("did you mean %s? Text", dashed(name))
	}
	return usageError(fmt.Sprintf("no flag %q; %s that begins with a dash goes after --", arg, hint))
}

// unknownCommand is the error of a command that does not exist.
func unknownCommand(name string, commands []command) error {
	if strings.HasPrefix(name, "-") {
		return usageError(fmt.Sprintf("no command before %q; flags go after the command: gptrun COMMAND [FLAGS]", name))
	}
	var names []string
	for _, c := range commands {
		names = append(names, c.name)
	}
	hint := ""
	if near := nearest(name, names); near != "" {
		hint = fmt.Sprintf("did you mean %s? ", near)
	}
	return usageError(fmt.Sprintf("no command %q; %s\"gptrun help\" lists them", name, hint))
}

// nearest returns the name that typed was most likely meant to be, "" where none
// is near: a third of the letters may be wrong, or the end be missing.
func nearest(typed string, names []string) string {
	word := plainName(typed)
	best, limit := "", len(word)/3+1
	for _, name := range names {
		n := plainName(name)
		distance := limit
		switch {
		case n == word:
			distance = 0
		case len(word) >= 3 && strings.HasPrefix(n, word):
			distance = 1
		case abs(len(n)-len(word)) < limit:
			distance = editDistance(word, n)
		}
		if distance < limit {
			best, limit = name, distance
		}
	}
	return best
}

// plainName is a name without what people mix up: dashes, underscores, capitals.
func plainName(name string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name))
}

func abs(n int) int { return max(n, -n) }

// editDistance counts the bytes to insert, delete, replace or swap with their
// neighbour to make b of a: the optimal string alignment distance.
func editDistance(a, b string) int {
	// Rows of the table: distances of a[:i−1], a[:i] and a[:i+1] to all b[:j].
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j+1]+1, next[j]+1, row[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
