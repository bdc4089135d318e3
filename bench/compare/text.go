package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unicode"
)

// slug makes a text part of a file's name.
func slug(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	if len(words) == 0 {
		return "cpu"
	}
	return strings.Join(words, "-")
}

func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil { // it has been read already
		return "null"
	}
	return b.String()
}

// quoted is a text in JSON.
func quoted(s string) string {
	b, _ := json.Marshal(s) // a string always marshals
	return string(b)
}

// goal is what a ratio has to reach, and what it should.
type goal struct{ floor, aim float64 }

// goals are by file and test.
type goals map[[2]string]goal

// readGoals reads lines of file,test,floor,aim; no path means no goals.
func readGoals(path string) (goals, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.Comment, reader.FieldsPerRecord = '#', 4
	rows, err := reader.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	g := goals{}
	for _, row := range rows {
		floor, err := strconv.ParseFloat(row[2], 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		aim, err := strconv.ParseFloat(row[3], 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		g[[2]string{row[0], row[1]}] = goal{floor, aim}
	}
	return g, nil
}

func (g goals) of(l line) (goal, bool) {
	v, ok := g[[2]string{l.file, l.test.String()}]
	return v, ok
}

// columns are a line's floor, aim and how it stands to them.
func (g goals) columns(l line) string {
	v, ok := g.of(l)
	if !ok {
		return " | | |"
	}
	verdict := "aim"
	switch {
	case l.ratio() < v.floor:
		verdict = "**below**"
	case l.ratio() < v.aim:
		verdict = "floor"
	}
	return fmt.Sprintf(" %g | %g | %s |", v.floor, v.aim, verdict)
}
