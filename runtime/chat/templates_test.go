package chat

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/runtime/token"
)

// labTemplate reads one of llama.cpp's copies of models' templates.
func labTemplate(t testing.TB, name string) *Templates {
	lab := os.Getenv("GPTRUN_LAB")
	if lab == "" {
		t.Skip("GPTRUN_LAB is not set: make lab fetches llama.cpp's templates")
	}
	source, err := os.ReadFile(filepath.Join(lab, "llama_cpp_python-0.3.36/vendor/llama.cpp/models/templates", name+".jinja"))
	require.NoError(t, err, "python3 scripts/lab.py vocabs fetches the templates")
	file, err := loader.Open(filepath.Join("..", "..", "testdata", "tiny", "llama", "llama-q8_0.gguf"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	tok, err := token.FromMetadata(&file.Meta)
	require.NoError(t, err)
	templates, err := FromSource(string(source), &file.Meta, tok)
	require.NoError(t, err)
	return templates
}

// weatherTool is a function as OpenAI describes it.
var weatherTool = json.RawMessage(`{"type":"function","function":{"name":"weather","description":"The weather in a city.","parameters":{"type":"object","properties":{"city":{"type":"string","description":"a city"}},"required":["city"]}}}`)

// What real models answer to their templates, by their makers' documentation, is
// taken apart, and the messages that come of it render again.
func TestAnswersToRealTemplatesAreTakenApart(t *testing.T) {
	hermes := "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Oslo\"}}\n</tool_call>"
	llama := `{"name": "weather", "parameters": {"city": "Oslo"}}`
	for _, c := range []struct{ template, answer, thinking string }{
		{"Qwen-Qwen2.5-7B-Instruct", hermes, ""},
		{"Qwen-Qwen3-0.6B", "<think>\nHm.\n</think>\n\n" + hermes, "Hm."},
		{"Qwen-QwQ-32B", "<think>\nHm.\n</think>\n\n" + hermes, "Hm."},
		{"NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use", hermes, ""},
		{"NousResearch-Hermes-3-Llama-3.1-8B-tool_use", hermes, ""},
		{"meta-llama-Llama-3.1-8B-Instruct", llama, ""},
		{"meta-llama-Llama-3.1-8B-Instruct", "<|python_tag|>" + llama, ""},
		{"meta-llama-Llama-3.2-3B-Instruct", llama, ""},
		{"meta-llama-Llama-3.3-70B-Instruct", llama, ""},
		{"mistralai-Mistral-Nemo-Instruct-2407", `[TOOL_CALLS][{"name": "weather", "arguments": {"city": "Oslo"}, "id": "abcdefghi"}]`, ""},
		{"mistralai-Mistral-Nemo-Instruct-2407", `[TOOL_CALLS][{"name": "weather", "arguments": {"city": "Oslo"}}]`, ""},
		{"Mistral-Small-3.2-24B-Instruct-2506", `[TOOL_CALLS]weather[CALL_ID]abcdefghi[ARGS]{"city": "Oslo"}`, ""},
		{"unsloth-mistral-Devstral-Small-2507", `[TOOL_CALLS]weather[ARGS]{"city": "Oslo"}`, ""},
		{"mistralai-Ministral-3-14B-Reasoning-2512", `[THINK]Hm.[/THINK][TOOL_CALLS]weather[ARGS]{"city": "Oslo"}`, "Hm."},
		{"deepseek-ai-DeepSeek-R1-Distill-Llama-8B", "Hm.\n</think>\n\nRain.", "Hm."},
		{"ByteDance-Seed-OSS", "<seed:think>Hm.</seed:think>Rain.", "Hm."},
		{"google-gemma-4-31B-it", "<|channel>thought\nHm.\n<channel|>Rain.", "Hm."},
		{"openai-gpt-oss-120b", "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Rain.", "Hm."},
		{"Apertus-8B-Instruct", "<|inner_prefix|>Hm.<|inner_suffix|>Rain.", "Hm."},
		{"google-gemma-2-2b-it", "Rain.", ""},
		{"microsoft-Phi-3.5-mini-instruct", "Rain.", ""},
	} {
		t.Run(c.template, func(t *testing.T) {
			templates := labTemplate(t, c.template)
			o := Options{Tools: []json.RawMessage{weatherTool}}
			messages := []Message{{Role: "user", Content: "The weather in Oslo?"}}
			prompt, err := templates.Render(messages, o)
			require.NoError(t, err)
			answer := feed(t, templates.Answer(prompt, o, 0), c.answer)
			require.Equal(t, c.thinking, answer.Thinking)
			messages = append(messages, answer)
			if answer.Content != "" {
				require.Equal(t, "Rain.", answer.Content)
				require.Empty(t, answer.ToolCalls)
				messages = append(messages, Message{Role: "user", Content: "And in Rome?"})
			} else {
				require.Len(t, answer.ToolCalls, 1)
				require.Equal(t, "weather", answer.ToolCalls[0].Name)
				require.JSONEq(t, `{"city":"Oslo"}`, string(answer.ToolCalls[0].Arguments))
				messages = append(messages, Message{Role: "tool", Content: "rain", ToolCallID: answer.ToolCalls[0].ID, Name: "weather"})
			}
			again, err := templates.Render(messages, o)
			require.NoError(t, err)
			require.Greater(t, len(again), len(prompt))
		})
	}
}

func TestAToolTemplateIsTakenWhereToolsAreGiven(t *testing.T) {
	parsed := func(source string) *Template {
		template, err := parse(source)
		require.NoError(t, err)
		return template
	}
	templates := &Templates{general: parsed("general"), tools: parsed("tools")}
	text, err := templates.Render(nil, Options{})
	require.NoError(t, err)
	require.Equal(t, "general", text)
	text, err = templates.Render(nil, Options{Tools: []json.RawMessage{weatherTool}})
	require.NoError(t, err)
	require.Equal(t, "tools", text)
}

func TestThinkingComesUnderTheKeyThatTheTemplateKnows(t *testing.T) {
	for source, want := range map[string]string{
		"{{ messages[0].reasoning_content }}": "Hm.", "{{ messages[0]['thinking'] }}": "Hm.", "{{ messages[0].reasoning }}": "Hm.", "{{ messages[0].thought }}": "",
	} {
		template, err := parse(source)
		require.NoError(t, err)
		text, err := (&Templates{general: template, tools: template}).Render([]Message{{Role: "assistant", Thinking: "Hm."}}, Options{})
		require.NoError(t, err)
		require.Equal(t, want, text, source)
	}
}

func TestContentComesInAFormThatTheTemplateRenders(t *testing.T) {
	const both = "{% for m in messages %}{% if m.content is string %}<{{ m.content }}>{% else %}{% for p in m.content %}({{ p.text }}){% endfor %}{% endif %}{% endfor %}"
	for _, c := range []struct{ name, source, text, parts string }{
		{"texts only", "{% for m in messages %}{{ '<' + m.content + '>' }}{% endfor %}", "<a>", "<a\nb>"},
		{"texts, or lists as they print", "{% for m in messages %}<{{ m.content }}>{% endfor %}", "<a>", "<a\nb>"},
		{"parts only", "{% for m in messages %}{% for p in m.content %}({{ p.text }}){% endfor %}{% endfor %}", "(a)", "(a)(b)"},
		{"both", both, "<a>", "(a)(b)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			template, err := parse(c.source)
			require.NoError(t, err)
			templates := &Templates{general: template, tools: template}
			text, err := templates.Render([]Message{{Role: "user", Content: "a"}}, Options{})
			require.NoError(t, err)
			require.Equal(t, c.text, text)
			text, err = templates.Render([]Message{{Role: "user", Parts: []Part{{"a"}, {"b"}}}}, Options{})
			require.NoError(t, err)
			require.Equal(t, c.parts, text)
		})
	}
}
