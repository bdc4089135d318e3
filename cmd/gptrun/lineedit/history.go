package lineedit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	// maxEntries is how many entries are kept, the latest.
	maxEntries = 1000
	// maxEntry is the most bytes of an entry that is kept in the file.
	maxEntry = 256 << 10
	// maxFile is the most bytes that are read of the file, its end.
	maxFile = 8 << 20
)

// History is what was typed before, oldest first. Its zero value is empty and
// is kept nowhere.
type History struct {
	entries []string
	path    string
}

// OpenHistory reads the history kept at path: a line of JSON, a string, for
// each entry. A file that does not exist is begun when needed. What is no entry
// is passed over.
func OpenHistory(path string) (*History, error) {
	h := &History{path: path}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return &History{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return &History{}, err
	}
	if !info.Mode().IsRegular() {
		return &History{}, &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	if _, err := f.Seek(max(0, info.Size()-maxFile), io.SeekStart); err != nil {
		return &History{}, err
	}
	lines := bufio.NewScanner(io.LimitReader(f, maxFile))
	lines.Buffer(nil, maxFile)
	for lines.Scan() {
		var entry string
		if json.Unmarshal(lines.Bytes(), &entry) == nil && entry != "" {
			h.entries = append(h.entries, clean(entry))
		}
	}
	if err := lines.Err(); err != nil {
		return &History{}, err
	}
	if len(h.entries) > maxEntries || info.Size() > maxFile/2 {
		h.entries = h.entries[max(0, len(h.entries)-maxEntries):]
		err = h.rewrite()
	}
	return h, err
}

// Len is the number of entries.
func (h *History) Len() int { return len(h.entries) }

// Entry returns entry i; the highest is the latest.
func (h *History) Entry(i int) string { return h.entries[i] }

// Add adds an entry, unless it repeats the last, and appends it to the file,
// which only its owner may read.
func (h *History) Add(text string) error {
	if text == "" || len(h.entries) > 0 && h.entries[len(h.entries)-1] == text {
		return nil
	}
	h.entries = append(h.entries, text)
	if len(h.entries) > maxEntries {
		h.entries = h.entries[1:]
	}
	if h.path == "" || len(text) > maxEntry {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(h.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err = f.Chmod(0o600); err == nil {
		_, err = f.Write(line(text)) // one write: another process may append too
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

func line(text string) []byte {
	b, _ := json.Marshal(text) // a string always marshals
	return append(b, '\n')
}

// rewrite replaces the file by one of the entries kept, of half the size at
// which it is replaced at most.
func (h *History) rewrite() error {
	var kept bytes.Buffer
	size := 0
	from := len(h.entries)
	for from > 0 && size < maxFile/4 {
		from--
		size += len(line(h.entries[from]))
	}
	for _, entry := range h.entries[from:] {
		kept.Write(line(entry))
	}
	return WriteFile(h.path, kept.Bytes())
}

// WriteFile puts data into the file at path, which is replaced as a whole or
// not at all, and which only its owner may read.
func WriteFile(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}
