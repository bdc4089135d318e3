package chat

import (
	"strings"
)

// pair encloses thinking in an answer.
type pair struct {
	open, end string
	// answers may stand before the answer proper and are no part of it.
	answers []string
}

// pairs are the ways in which models mark their thinking. The first one is
// found in any answer that begins with it, the others where the template knows
// them.
var pairs = []pair{
	{"<think>", "</think>", nil}, // Qwen, DeepSeek, SmolLM3, GLM, Nemotron, Kimi, …
	{"[THINK]", "[/THINK]", nil}, // Mistral
	{"<seed:think>", "</seed:think>", nil},
	{"<mm:think>", "</mm:think>", nil},              // MiniMax
	{"<thinking>", "</thinking>", nil},              // Apriel
	{"<|START_THINKING|>", "<|END_THINKING|>", nil}, // Cohere
	{"<|inner_prefix|>", "<|inner_suffix|>", nil},   // Apertus
	{"<|channel>thought", "<channel|>", nil},        // Gemma 4
	{"<|channel|>analysis<|message|>", "<|end|>", []string{ // gpt-oss
		"<|start|>assistant<|channel|>final<|message|>", "<|channel|>final<|message|>",
	}},
}

// style is how a model writes tool calls.
type style uint8

const (
	noCalls      style = iota
	hermesCalls        // <tool_call>{"name":…,"arguments":{…}}</tool_call>, several: Hermes, Qwen
	mistralCalls       // [TOOL_CALLS][{"name":…,"arguments":{…}},…], or [TOOL_CALLS]name[ARGS]{…}, several
	llamaCalls         // {"name":…,"parameters":{…}} as the whole answer, maybe after <|python_tag|>
)

// callMarkers are what tool calls begin with and, for one style, end with.
var callMarkers = [...]struct{ open, end string }{
	hermesCalls:  {"<tool_call>", "</tool_call>"},
	mistralCalls: {"[TOOL_CALLS]", ""},
	llamaCalls:   {"<|python_tag|>", ""},
}

// Within a call of Mistral's: before the arguments, and before the call's id.
const (
	mistralArguments = "[ARGS]"
	mistralID        = "[CALL_ID]"
)

// styles are what templates say that tell how the model writes calls.
var styles = []struct {
	style style
	texts []string
}{
	{hermesCalls, []string{"<tool_call>"}},
	{mistralCalls, []string{"[TOOL_CALLS]"}},
	{llamaCalls, []string{"<|python_tag|>", `"parameters": dictionary of argument name and its value}`}},
}

// format is what to look for in a model's answers.
type format struct {
	pairs []pair
	calls style
}

// formatOf looks at what a template knows.
func formatOf(source string) format {
	f := format{pairs: pairs[:1:1]}
	for _, p := range pairs[1:] {
		if strings.Contains(source, p.open) {
			f.pairs = append(f.pairs, p)
		}
	}
	for _, s := range styles {
		for _, text := range s.texts {
			if f.calls == noCalls && strings.Contains(source, text) {
				f.calls = s.style
			}
		}
	}
	return f
}

// markers are the texts that the format is made of. Where they are control
// tokens, they must be part of the text to parse.
func (f *format) markers() []string {
	var m []string
	for _, p := range f.pairs {
		m = append(m, p.open, p.end)
		if i := strings.Index(p.open, ">"); i >= 0 {
			m = append(m, p.open[:i+1]) // the token that the marker begins with
		}
	}
	switch f.calls {
	case mistralCalls:
		m = append(m, mistralArguments, mistralID)
		fallthrough
	case hermesCalls, llamaCalls:
		m = append(m, callMarkers[f.calls].open)
		if end := callMarkers[f.calls].end; end != "" {
			m = append(m, end)
		}
	}
	return m
}
