package main

import (
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/term"

	"github.com/gptrun/gptrun"
)

const (
	redrawAfter = 100 * time.Millisecond // on a terminal
	lineAfter   = 10 * time.Second       // elsewhere
	rateOver    = 5 * time.Second        // the time that a speed is the mean of
)

// pullStatus shows how far a download is: on a terminal in one line that
// changes, elsewhere in a line now and then.
type pullStatus struct {
	t     *terminal
	now   func() time.Time
	width func() int

	last   gptrun.PullStatus
	begun  string    // file
	begin  time.Time // of the first report
	from   int64     // bytes that were there then
	drawn  time.Time // when something was last shown
	shown  int       // columns on the terminal's line
	points []point
}

// point is how far a download was.
type point struct {
	at   time.Time
	done int64
}

func newPullStatus(t *terminal) *pullStatus {
	return &pullStatus{t: t, now: time.Now, width: func() int {
		if width, _, err := term.GetSize(int(os.Stderr.Fd())); err == nil && width > 0 {
			return width
		}
		return 80
	}}
}

func (p *pullStatus) report(s gptrun.PullStatus) {
	now := p.now()
	if len(p.points) == 0 || now.Sub(p.points[len(p.points)-1].at) >= redrawAfter || s.Done < p.last.Done {
		p.remember(now, s.Done)
	}
	begins, news := s.Note == "" && s.File != "" && s.File != p.begun, s.Note != p.last.Note
	if begins {
		p.begun = s.File
	}
	if p.begin.IsZero() {
		p.begin, p.from = now, s.Done
	}
	p.last = s
	if begins || news && s.Note != "" {
		p.announce(s, begins)
	}
	switch {
	case p.t.errIsTerminal && (begins || news || now.Sub(p.drawn) >= redrawAfter):
		p.draw(p.line(now, p.width()-1))
	case !p.t.errIsTerminal && now.Sub(p.drawn) >= lineAfter:
		fmt.Fprintf(p.t.err, "gptrun: %s: %s\n", printable(path.Base(s.File)), strings.Join(strings.Fields(p.figures(now)[0]), " "))
	default:
		return
	}
	p.drawn = now
}

// remember keeps how far the download was, for its speed.
func (p *pullStatus) remember(now time.Time, done int64) {
	if n := len(p.points); n > 0 && done < p.points[n-1].done { // it began anew
		p.points = nil
	}
	p.points = append(p.points, point{now, done})
	for len(p.points) > 2 && now.Sub(p.points[1].at) >= rateOver {
		p.points = p.points[1:]
	}
}

// announce says in a line of its own what begins; elsewhere than on a terminal
// also what the download waits for.
func (p *pullStatus) announce(s gptrun.PullStatus, begins bool) {
	if s.Note != "" {
		if !p.t.errIsTerminal {
			fmt.Fprintf(p.t.err, "gptrun: %s\n", printable(s.Note))
			p.drawn = p.now()
		}
		return
	}
	if begins && !p.t.errIsTerminal {
		fmt.Fprintf(p.t.err, "gptrun: pulling %s%s%s\n", printable(s.File), part(s), ofBytes(s))
		p.drawn = p.now()
	}
}

func part(s gptrun.PullStatus) string {
	if s.Parts < 2 {
		return ""
	}
	return fmt.Sprintf(" (%d of %d)", s.Part, s.Parts)
}

func ofBytes(s gptrun.PullStatus) string {
	switch {
	case s.Total == 0:
		return ""
	case s.Done > 0:
		return fmt.Sprintf(", from %s on of %s", bytesText(s.Done), bytesText(s.Total))
	}
	return ", " + bytesText(s.Total)
}

// end takes the line away and says what has come of it.
func (p *pullStatus) end(err error) {
	p.draw("")
	s := p.last
	switch {
	case s.Done == p.from: // nothing was downloaded
	case err == nil:
		fmt.Fprintf(p.t.err, "gptrun: pulled %s, %s in %s\n", printable(path.Base(s.File)), bytesText(s.Total), clock(p.now().Sub(p.begin)))
	case s.Done > 0 && s.Done < s.Total:
		fmt.Fprintf(p.t.err, "gptrun: %s of %s are there; pulling it again goes on from there\n", bytesText(s.Done), bytesText(s.Total))
	}
}

// draw replaces the terminal's line.
func (p *pullStatus) draw(line string) {
	if !p.t.errIsTerminal || line == "" && p.shown == 0 {
		return
	}
	columns := columnsOf(line)
	fmt.Fprintf(p.t.err, "\r%s%s", line, strings.Repeat(" ", max(p.shown-columns, 0)))
	if line == "" {
		fmt.Fprint(p.t.err, "\r")
	}
	p.shown = columns
}

// line is the status in at most width columns: as much of it as has room.
func (p *pullStatus) line(now time.Time, width int) string {
	s := p.last
	if s.Note != "" || s.Total == 0 {
		return cutTo(printable(s.Note), width)
	}
	const leastName, goodName, leastBar, mostBar = 12, 18, 8, 20
	figures := p.figures(now)
	text := figures[len(figures)-1]
	for _, f := range figures {
		if columnsOf(f)+leastName+1 <= width {
			text = f
			break
		}
	}
	room := width - columnsOf(text) - 1
	if room < leastName {
		return cutTo(strings.TrimSpace(text), width)
	}
	if bar := min(room-goodName-3, mostBar); bar >= leastBar {
		full := int(float64(bar) * float64(s.Done) / float64(s.Total))
		text = "[" + strings.Repeat("#", full) + strings.Repeat("-", bar-full) + "] " + text
		room -= bar + 3
	}
	return cutTo(printable(path.Base(s.File))+part(s), room) + " " + text
}

// figures are the numbers of the status, the longest text first. Each is as wide
// whatever the numbers.
func (p *pullStatus) figures(now time.Time) []string {
	s := p.last
	percent, speed, left := "  0 %", "", ""
	if s.Total > 0 {
		percent = fmt.Sprintf("%3d %%", int64(float64(s.Done)/float64(s.Total)*100))
	}
	first := p.points[0]
	if t := now.Sub(first.at).Seconds(); t > 0 && s.Done > first.done {
		rate := float64(s.Done-first.done) / t
		speed = bytesText(int64(rate)) + "/s"
		if seconds := float64(s.Total-s.Done) / rate; seconds < 100*3600 {
			left = clock(time.Duration(seconds*float64(time.Second))) + " left"
		}
	}
	speed, left = fmt.Sprintf("  %10s", speed), fmt.Sprintf("  %12s", left)
	return []string{percent + "  " + share(s) + speed + left, percent + speed + left, percent + left, percent}
}

// share is how many bytes of how many there are, in one unit.
func share(s gptrun.PullStatus) string {
	total := bytesText(s.Total)
	number, unit, _ := strings.Cut(total, " ")
	of, err := strconv.ParseFloat(number, 64)
	if err != nil || s.Total == 0 || unit == "B" {
		return fmt.Sprintf("%*d/%s", len(number), s.Done, total)
	}
	return fmt.Sprintf("%*.1f/%s", len(number), of*float64(s.Done)/float64(s.Total), total)
}

// bytesText is a number of bytes as people say it.
func bytesText(n int64) string {
	v, units := float64(n), []string{"kB", "MB", "GB", "TB", "PB"}
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	for i, unit := range units {
		if v /= 1000; v < 999.95 || i == len(units)-1 {
			return fmt.Sprintf("%.1f %s", v, unit)
		}
	}
	return ""
}

// clock is a duration as 1:05 or 2:00:00.
func clock(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// columnsOf is how wide a terminal shows a text at most.
func columnsOf(s string) (n int) {
	for _, r := range s {
		n += columnsOfRune(r)
	}
	return n
}

func columnsOfRune(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.Is(unicode.Mn, r):
		return 0
	}
	return 2
}

// cutTo shortens a text to a width, with an ellipsis in its middle: names differ
// at their ends.
func cutTo(s string, width int) string {
	if columnsOf(s) <= width {
		return s
	}
	if width < 4 {
		return ""
	}
	runes := []rune(s)
	from, to, n := 0, len(runes), 2
	for from < to {
		front := from <= len(runes)-to
		r := runes[to-1]
		if front {
			r = runes[from]
		}
		if n += columnsOfRune(r); n > width {
			break
		}
		if front {
			from++
		} else {
			to--
		}
	}
	return string(runes[:from]) + "…" + string(runes[to:])
}
