package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/gptrun/gptrun"
	"github.com/gptrun/gptrun/cmd/gptrun/lineedit"
)

// savedChat is a conversation in a file.
type savedChat struct {
	Format   string                     `json:"format"` // savedFormat
	Model    string                     `json:"model"`  // its name; another may go on
	Settings map[string]json.RawMessage `json:"settings"`
	Messages []gptrun.Message           `json:"messages"`
}

const (
	savedFormat = "gptrun chat 1"
	// maxSaved is the most bytes of a file that is read.
	maxSaved = 16 << 20
)

// saveChat writes a conversation. Another one is replaced, as a whole; a file
// that is something else is not.
func saveChat(path, model string, settings map[string]any, messages []gptrun.Message) error {
	if _, err := os.Lstat(path); err == nil {
		if _, err := loadChat(path); err != nil {
			return fmt.Errorf("%w; it is left as it is", err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	saved := savedChat{Format: savedFormat, Model: model, Settings: map[string]json.RawMessage{}, Messages: messages}
	if messages == nil {
		saved.Messages = []gptrun.Message{}
	}
	var err error
	for name, value := range settings {
		if saved.Settings[name], err = json.Marshal(value); err != nil {
			return err
		}
	}
	data, err := json.MarshalIndent(saved, "", "  ")
	if err != nil {
		return err
	}
	return lineedit.WriteFile(path, append(data, '\n'))
}

// loadChat reads a conversation. What is not one is an error of one line.
func loadChat(path string) (*savedChat, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	wrong := func(why any) error { return fmt.Errorf("%s: not a saved conversation: %v", path, why) }
	if !info.Mode().IsRegular() {
		return nil, wrong("no regular file")
	}
	if info.Size() > maxSaved {
		return nil, wrong(fmt.Sprintf("%d bytes, %d at most", info.Size(), maxSaved))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var saved savedChat
	if err := d.Decode(&saved); err != nil {
		return nil, wrong(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, wrong("something follows it")
	}
	if saved.Format != savedFormat {
		return nil, wrong(fmt.Sprintf("its format is %.50q, not %q", saved.Format, savedFormat))
	}
	roles := []string{"system", "user", "assistant", "tool"}
	for i, m := range saved.Messages {
		if !slices.Contains(roles, m.Role) {
			return nil, wrong(fmt.Sprintf("message %d has the role %.50q", i+1, m.Role))
		}
	}
	return &saved, nil
}

// with returns the flags with values of saved settings.
func (s *samplingFlags) with(settings map[string]json.RawMessage) (samplingFlags, error) {
	var f flags
	changed := new(samplingFlags)
	changed.define(&f)
	*changed = *s
	for name, value := range settings {
		d := f.find(name)
		if d == nil {
			return *s, fmt.Errorf("no setting %.50q", name)
		}
		texts := []string{string(value)}
		if d == f.find("reverse-prompt") {
			changed.stops, texts = nil, nil
			if err := json.Unmarshal(value, &texts); err != nil {
				return *s, fmt.Errorf("setting %q is no list of texts", name)
			}
		}
		for _, text := range texts {
			if err := d.set(text); err != nil {
				return *s, fmt.Errorf("setting %q: %w", name, err)
			}
		}
	}
	changed.draw()
	return *changed, nil
}
