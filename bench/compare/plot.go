package main

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"
)

const (
	plotLeft   = 330 // where bars begin
	plotWidth  = 460 // of the widest scale
	plotTop    = 76
	plotRow    = 20
	plotMargin = 20
)

// plotColors are the bars' colours: prompts, generation.
var plotColors = [2]string{"#3b6ea8", "#d08a2e"}

// plot draws the ratios as bars, with a line at 1 and, where there are goals,
// marks at the floor (full) and the aim (dashed).
func (r *report) plot() string {
	var b strings.Builder
	most := 1.0
	for _, l := range r.lines {
		most = max(most, l.ratio())
		if g, ok := r.goals.of(l); ok {
			most = max(most, g.aim)
		}
	}
	step := plotStep(most)
	most = math.Ceil(most/step) * step
	x := func(ratio float64) float64 { return plotLeft + ratio/most*plotWidth }
	bottom := plotTop + plotRow*len(r.lines) + groups(r.lines)*plotRow/2
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", plotLeft+plotWidth+70, bottom+plotMargin)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="white"/>`+"\n")
	title := fmt.Sprintf("Tokens a second, gptrun : llama.cpp, %s, %s", r.cpu, r.begin.Format(time.DateOnly))
	fmt.Fprintf(&b, `<text x="%d" y="20" font-size="14">%s</text>`+"\n", plotMargin, html.EscapeString(title))
	legend := "blue: prompts; orange: generation"
	if len(r.goals) > 0 {
		legend += "; red: floor, and aim (dashed)"
	}
	fmt.Fprintf(&b, `<text x="%d" y="38" fill="#666666">%s</text>`+"\n", plotMargin, legend)
	for v := 0.0; v <= most+step/2; v += step {
		plotLine(&b, x(v), plotTop-6, bottom, "#dddddd", "")
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle" fill="#666666">%g</text>`+"\n", x(v), plotTop-12, math.Round(v*100)/100)
	}
	y, file := plotTop, ""
	for _, l := range r.lines {
		if l.file != file {
			file = l.file
			y += plotRow / 2
		}
		r.plotBar(&b, l, y, x)
		y += plotRow
	}
	plotLine(&b, x(1), plotTop-6, bottom, "black", "")
	b.WriteString("</svg>\n")
	return b.String()
}

// groups counts the runs of lines of one file.
func groups(lines []line) (n int) {
	for i, l := range lines {
		if i == 0 || l.file != lines[i-1].file {
			n++
		}
	}
	return n
}

func (r *report) plotBar(b *strings.Builder, l line, y int, x func(float64) float64) {
	color := plotColors[0]
	if l.test.prompt == 0 {
		color = plotColors[1]
	}
	label := fmt.Sprintf("%s, %d threads, %s", l.file, l.threads, l.test)
	if l.threads == 1 {
		label = fmt.Sprintf("%s, 1 thread, %s", l.file, l.test)
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", plotLeft-8, y+13, html.EscapeString(label))
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", plotLeft, y+3, x(l.ratio())-plotLeft, plotRow-6, color)
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">%.2f</text>`+"\n", plotLeft+plotWidth+50, y+13, l.ratio())
	if g, ok := r.goals.of(l); ok {
		plotLine(b, x(g.floor), y+1, y+plotRow-1, "#b00020", "")
		plotLine(b, x(g.aim), y+1, y+plotRow-1, "#b00020", ` stroke-dasharray="3 2"`)
	}
}

func plotLine(b *strings.Builder, x float64, top, bottom int, color, more string) {
	fmt.Fprintf(b, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="%s"%s/>`+"\n", x, top, x, bottom, color, more)
}

// plotStep is a round distance between the scale's marks: at most eight of them.
func plotStep(most float64) float64 {
	step := 0.25
	for most/step > 8 {
		step *= 2
	}
	return step
}
