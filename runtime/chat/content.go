package chat

import "strings"

// Templates do not say whether they take a message's content as a text, as a list
// of parts, or as either, and what does not suit them shows only in the rendering:
// it fails, or lacks the text, or has the list as Python prints it.

// printedPart begins a part as a template prints it that takes it for a text.
const printedPart = `{'type': 'text'`

// renderContent renders messages with their content as it is, or, where that does
// not suit the template and the other form does, in the other form.
func renderContent(messages []Message, render func([]Message) (string, error)) (string, error) {
	text, err := render(messages)
	wanted := lastContent(messages)
	suits := func(text string, err error) bool {
		return err == nil && strings.Contains(text, wanted) && (strings.Contains(wanted, printedPart) || !strings.Contains(text, printedPart))
	}
	if wanted == "" || suits(text, err) {
		return text, err
	}
	if other, e := render(otherForm(messages)); suits(other, e) {
		return other, nil
	}
	return text, err
}

// lastContent is the last text that a message has, without the blanks around it.
func lastContent(messages []Message) string {
	for i := len(messages) - 1; i >= 0; i-- {
		m := &messages[i]
		text := m.Content
		if n := len(m.Parts); n > 0 {
			text = m.Parts[n-1].Text
		}
		if text = strings.TrimSpace(text); text != "" {
			return text
		}
	}
	return ""
}

// otherForm makes a text of parts, joined by line breaks, where there are any, else
// a part of each text.
func otherForm(messages []Message) []Message {
	parts := false
	for i := range messages {
		parts = parts || len(messages[i].Parts) > 0
	}
	other := make([]Message, len(messages))
	for i, m := range messages {
		switch {
		case len(m.Parts) > 0:
			texts := make([]string, len(m.Parts))
			for j, p := range m.Parts {
				texts[j] = p.Text
			}
			m.Content, m.Parts = strings.Join(texts, "\n"), nil
		case !parts && m.Content != "":
			m.Parts = []Part{{Text: m.Content}}
		}
		other[i] = m
	}
	return other
}
