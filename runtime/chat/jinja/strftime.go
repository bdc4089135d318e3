package jinja

import (
	"fmt"
	"strings"
	"time"
)

// strftime formats a time as C's function does in the C locale.
func (st *state) strftime(t time.Time, format string) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			st.put(&b, format[i:i+1])
			continue
		}
		i++
		unpadded := format[i] == '-' && i+1 < len(format) // GNU's
		if unpadded {
			i++
		}
		s, ok := timeField(t, format[i])
		if !ok {
			st.put(&b, "%")
			if unpadded {
				st.put(&b, "-")
			}
			s = format[i : i+1]
		} else if unpadded {
			if s = strings.TrimLeft(s, "0 "); s == "" {
				s = "0"
			}
		}
		st.put(&b, s)
	}
	return b.String()
}

var timeLayouts = map[byte]string{
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January", 'h': "Jan", 'd': "02", 'e': "_2", 'm': "01", 'y': "06", 'Y': "2006",
	'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM", 'P': "pm", 'j': "002", 'Z': "MST", 'z': "-0700",
	'c': "Mon Jan _2 15:04:05 2006", 'x': "01/02/06", 'X': "15:04:05", 'D': "01/02/06", 'F': "2006-01-02", 'T': "15:04:05", 'R': "15:04",
	'r': "03:04:05 PM", 'n': "\n", 't': "\t", '%': "%",
}

func timeField(t time.Time, c byte) (string, bool) {
	if layout, ok := timeLayouts[c]; ok {
		return t.Format(layout), true
	}
	year, week := t.ISOWeek()
	monday := (int(t.Weekday()) + 6) % 7
	switch c {
	case 'f':
		return fmt.Sprintf("%06d", t.Nanosecond()/1000), true
	case 'C':
		return fmt.Sprintf("%02d", t.Year()/100), true
	case 'G':
		return fmt.Sprint(year), true
	case 'g':
		return fmt.Sprintf("%02d", year%100), true
	case 'V':
		return fmt.Sprintf("%02d", week), true
	case 'U':
		return fmt.Sprintf("%02d", (t.YearDay()+6-int(t.Weekday()))/7), true
	case 'W':
		return fmt.Sprintf("%02d", (t.YearDay()+6-monday)/7), true
	case 'u':
		return fmt.Sprint(monday + 1), true
	case 'w':
		return fmt.Sprint(int(t.Weekday())), true
	case 'k':
		return fmt.Sprintf("%2d", t.Hour()), true
	case 'l':
		return fmt.Sprintf("%2d", (t.Hour()+11)%12+1), true
	case 's':
		return fmt.Sprint(t.Unix()), true
	}
	return "", false
}
