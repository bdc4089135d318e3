package hub

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxElement  = 200 // bytes of one element of a path
	maxElements = 16
	maxName     = 2048
)

// The endings of what lies beside a model's files.
const (
	recordEnding  = ".json"
	partialEnding = ".partial"
	stageEnding   = ".check"
)

// safe checks that e, which comes from a name or a server, may be an element of
// a path on every system.
func safe(e string) error {
	switch {
	case e == "" || len(e) > maxElement:
		return errors.New("it must have 1…200 bytes")
	case !utf8.ValidString(e):
		return errors.New("it is not UTF-8")
	case e[0] == '.':
		return errors.New("it begins with a dot")
	case strings.ContainsAny(e, `/\:*?"<>|`) || strings.ContainsFunc(e, unseen):
		return errors.New("it has a character that file names may not have")
	case strings.HasSuffix(e, ".") || strings.HasSuffix(e, " "):
		return errors.New("it ends with a dot or a space")
	case device(e):
		return errors.New("it names a device")
	}
	for _, ending := range []string{recordEnding, partialEnding, stageEnding} {
		if strings.HasSuffix(strings.ToLower(e), ending) {
			return errors.New("it ends with " + ending)
		}
	}
	return nil
}

// unseen are characters that change how a name looks, or that a terminal obeys.
func unseen(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// device reports a name that Windows takes for a device, whatever its ending.
func device(e string) bool {
	base, _, _ := strings.Cut(strings.ToLower(e), ".")
	base = strings.TrimRight(base, " ")
	switch base {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(base) == 4 && (strings.HasPrefix(base, "com") || strings.HasPrefix(base, "lpt")) && base[3] >= '0' && base[3] <= '9'
}

// safePath checks the elements of a path with slashes.
func safePath(p string) error {
	elements := strings.Split(p, "/")
	if len(elements) > maxElements {
		return errors.New("it has too many elements")
	}
	for _, e := range elements {
		if err := safe(e); err != nil {
			return err
		}
	}
	return nil
}
