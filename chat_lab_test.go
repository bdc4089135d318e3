package gptrun

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// gemmaTemplate is how Gemma's template renders turns; the lab's file is of the
// base model and has none.
const gemmaTemplate = `{{ bos_token }}{% for m in messages %}{{ '<start_of_turn>' + ('model' if m.role == 'assistant' else m.role) + '\n' + m.content | trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}`

func labModel(t testing.TB, name string, opts ...Option) *Model {
	dir := os.Getenv("GPTRUN_LAB")
	if dir == "" {
		t.Skip("needs a real model: set GPTRUN_LAB to a directory made by `make lab`")
	}
	path := filepath.Join(dir, "models", name+".gguf")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("needs a real model: %v; `make lab` fetches it", err)
	}
	return openTest(t, path, opts...)
}

// TestTheSecondTurnOfARealModelCostsItsNewText lets a conversation grow past the
// windows of Gemma, whose cache cannot go back then.
func TestTheSecondTurnOfARealModelCostsItsNewText(t *testing.T) {
	for _, c := range []struct{ model, template, between string }{
		{"smollm2-135m-instruct-q4_1", "", "<|im_end|>\n<|im_start|>user\nAnd why?<|im_end|>\n<|im_start|>assistant\n"},
		{"gemma3-270m-q4_k_m", gemmaTemplate, "<end_of_turn>\n<start_of_turn>user\nAnd why?<end_of_turn>\n<start_of_turn>model\n"},
	} {
		t.Run(c.model, func(t *testing.T) {
			m := labModel(t, c.model, ContextLength(2048))
			var opts []ChatOption
			if c.template != "" {
				opts = append(opts, ChatTemplate(c.template))
			}
			chat := newTestChat(t, m, opts...)
			send(t, chat, strings.Repeat("The quick brown fox jumps over the lazy dog. ", 90)+"What does the fox do?", MaxTokens(20), Temperature(0))
			require.Greater(t, chat.Timings().PromptTokens, 800)
			before, waiting := chat.session.Tokens(), chat.session.waiting()
			h := send(t, chat, "And why?", MaxTokens(20), Temperature(0))
			tok, err := m.tokenizer()
			require.NoError(t, err)
			added := tok.EncodeNext(slices.Clone(before), c.between)
			require.Equal(t, waiting+len(added)-len(before), chat.Timings().PromptTokens)
			fresh, err := listen(newSession(t, m).GenerateTokens(context.Background(), added, MaxTokens(20), Temperature(0)))
			require.NoError(t, err)
			require.Equal(t, fresh.ids, h.ids)
		})
	}
}

// The prompts of a chat have the ids that llama.cpp and transformers give.
func TestARealModelsAnswerIsThatToItsRenderedPrompt(t *testing.T) {
	m := labModel(t, "smollm2-135m-instruct-q4_1")
	messages := []Message{{Role: "user", Content: "What is the capital of France?"}}
	text, err := m.ApplyChatTemplate(messages)
	require.NoError(t, err)
	require.Equal(t, "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n", text)
	h := send(t, newTestChat(t, m), messages[0].Content, MaxTokens(16), Temperature(0))
	ids, _, err := collect(newSession(t, m), text, MaxTokens(16), Temperature(0))
	require.NoError(t, err)
	require.Equal(t, ids, h.ids)
}
