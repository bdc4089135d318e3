package lineedit

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Key is one key, or a run of text typed or pasted.
type Key struct {
	// Name is "text", "paste", or a key's: "a" with modifiers ("ctrl-a",
	// "alt-b"), "enter", "left", "ctrl-right", "shift-tab", …
	Name string
	Text string // of text and paste
}

const (
	escape     = 0x1b
	pasteBegin = "\x1b[200~"
	pasteEnd   = "\x1b[201~"
	// maxPaste is the most bytes of one paste; what goes beyond is dropped.
	maxPaste = 16 << 20
	// maxSequence is the most bytes of an escape sequence.
	maxSequence = 64
)

// decoder makes keys of the bytes that a terminal sends, however they are cut.
type decoder struct {
	pending []byte // an incomplete sequence or character
	pasting bool
	paste   []byte
}

// escaped tells that a lone Escape waits for what may follow it.
func (d *decoder) escaped() bool { return !d.pasting && len(d.pending) > 0 && d.pending[0] == escape }

// flush takes an Escape that nothing has followed for the key of that name.
func (d *decoder) flush() []Key {
	if !d.escaped() {
		return nil
	}
	d.pending = nil
	return []Key{{Name: "esc"}}
}

// feed decodes b and keeps what is not complete.
func (d *decoder) feed(b []byte) []Key {
	var keys []Key
	d.pending = append(d.pending, b...)
	for len(d.pending) > 0 {
		if d.pasting {
			text, ended := d.takePaste()
			if !ended {
				break
			}
			keys = append(keys, Key{Name: "paste", Text: text})
			continue
		}
		key, n := decode(d.pending)
		if n == 0 {
			break
		}
		if string(d.pending[:n]) == pasteBegin {
			d.pasting = true
		} else if key.Name != "" {
			keys = append(keys, key)
		}
		d.pending = d.pending[n:]
	}
	if len(d.pending) == 0 {
		d.pending = nil
	}
	return keys
}

// takePaste moves pending bytes to the paste, up to its end. What may be the
// beginning of the end stays.
func (d *decoder) takePaste() (text string, ended bool) {
	n := bytes.Index(d.pending, []byte(pasteEnd))
	ended = n >= 0
	if !ended {
		n = len(d.pending)
		for k := min(len(pasteEnd)-1, n); k > 0; k-- {
			if strings.HasPrefix(pasteEnd, string(d.pending[n-k:])) {
				n -= k
				break
			}
		}
	}
	d.paste = append(d.paste, d.pending[:min(n, maxPaste-len(d.paste))]...)
	d.pending = d.pending[n:]
	if ended {
		d.pending = d.pending[len(pasteEnd):]
		text, d.paste, d.pasting = string(d.paste), nil, false
	}
	return text, ended
}

// decode returns the first key of b and its length in bytes; 0: it is not
// complete. A key without name means nothing.
func decode(b []byte) (Key, int) {
	switch c := b[0]; {
	case c == escape:
		return decodeEscape(b)
	case c < ' ' || c == 0x7f:
		return Key{Name: control(c)}, 1
	}
	n := 0
	for n < len(b) && b[n] >= ' ' && b[n] != 0x7f && utf8.FullRune(b[n:]) {
		_, size := utf8.DecodeRune(b[n:])
		n += size
	}
	return Key{Name: "text", Text: string(b[:n])}, n
}

// control names the key of a control character.
func control(c byte) string {
	switch c {
	case '\r':
		return "enter"
	case '\t':
		return "tab"
	case 0x7f:
		return "backspace"
	case 0:
		return "ctrl-space"
	}
	return "ctrl-" + strings.ToLower(string(rune(c|0x40)))
}

// decodeEscape reads Escape and what follows it: a sequence, or the key that
// Alt is held with.
func decodeEscape(b []byte) (Key, int) {
	if len(b) < 2 {
		return Key{}, 0
	}
	switch c := b[1]; {
	case c == '[':
		return decodeCSI(b)
	case c == 'O':
		if len(b) < 3 {
			return Key{}, 0
		}
		if b[2] == 'M' {
			return Key{Name: "enter"}, 3
		}
		return Key{Name: finals[b[2]]}, 3
	case c == escape:
		return Key{Name: "esc"}, 1
	case c < ' ' || c == 0x7f:
		return Key{Name: "alt-" + control(c)}, 2
	case !utf8.FullRune(b[1:]):
		return Key{}, 0
	}
	r, size := utf8.DecodeRune(b[1:])
	return Key{Name: "alt-" + strings.ToLower(string(r))}, 1 + size
}

// finals are the keys that the last byte of a sequence names.
var finals = map[byte]string{'A': "up", 'B': "down", 'C': "right", 'D': "left", 'H': "home", 'F': "end", 'Z': "shift-tab"}

// numbers are the keys that the first parameter of a sequence ending in ~ names.
var numbers = map[int]string{1: "home", 7: "home", 4: "end", 8: "end", 3: "delete", 5: "pageup", 6: "pagedown"}

// codes are the keys beside letters that are sent by their code.
var codes = map[int]string{9: "tab", 13: "enter", 27: "esc", 127: "backspace"}

// decodeCSI reads ESC [ parameters final.
func decodeCSI(b []byte) (Key, int) {
	n := 2
	for n < len(b) && b[n] >= 0x20 && b[n] < 0x40 {
		n++
	}
	if n == len(b) && n < maxSequence {
		return Key{}, 0
	}
	if n >= maxSequence || b[n] < 0x40 || b[n] > 0x7e {
		return Key{}, min(n, len(b)) // no sequence: skip what looked like one
	}
	final := b[n]
	var p [3]int
	for i, text := range strings.SplitN(string(b[2:n]), ";", len(p)) {
		p[i], _ = strconv.Atoi(text)
	}
	n++
	switch {
	case final == '~' && p[0] == 27: // modifyOtherKeys: 27;modifiers;code
		return modified(named(p[2]), p[1]), n
	case final == 'u': // code;modifiers
		return modified(named(p[0]), p[1]), n
	case final == '~':
		return modified(numbers[p[0]], p[1]), n
	}
	return modified(finals[final], p[1]), n
}

func named(code int) string {
	if name := codes[code]; name != "" || code <= ' ' || code > utf8.MaxRune {
		return name
	}
	return strings.ToLower(string(rune(code)))
}

// modified puts the modifiers, coded as 1 + their bits, before a key's name.
func modified(name string, modifiers int) Key {
	if name == "" {
		return Key{}
	}
	bits := max(modifiers, 1) - 1
	for _, m := range []struct {
		bit  int
		name string
	}{{1, "shift-"}, {2, "alt-"}, {4, "ctrl-"}} {
		if bits&m.bit != 0 {
			name = m.name + name
		}
	}
	return Key{Name: name}
}
