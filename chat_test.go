package gptrun

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// chatML is a template that keeps messages as they are.
const chatML = `{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}`

func newTestChat(t testing.TB, m *Model, opts ...ChatOption) *Chat {
	c, err := m.NewChat(opts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// heard is what came of an answer.
type heard struct {
	ids            []int32
	text, thinking string
}

// listen runs an answer to its end.
func listen(tokens func(func(Token, error) bool)) (h heard, err error) {
	for tok, e := range tokens {
		if e != nil {
			return h, e
		}
		if tok.ID >= 0 {
			h.ids = append(h.ids, tok.ID)
		}
		if tok.Thinking {
			h.thinking += tok.Text
		} else {
			h.text += tok.Text
		}
	}
	return h, nil
}

// says makes a model answer with a text and end it.
func says(t testing.TB, m *Model, text string) GenerateOption {
	tok, err := m.tokenizer()
	require.NoError(t, err)
	eos, ok := tok.EOS()
	require.True(t, ok)
	between := tok.EncodeNext([]int32{eos}, "\n")
	return WithSampler(&script{ids: append(tok.EncodeNext(between, text)[len(between):], eos)})
}

func send(t testing.TB, c *Chat, text string, opts ...GenerateOption) heard {
	t.Helper()
	h, err := listen(c.Send(context.Background(), text, opts...))
	require.NoError(t, err)
	return h
}

func TestChatsAreRenderedAndTokenizedAsTransformersDoes(t *testing.T) {
	for _, arch := range []string{"llama", "gemma3"} {
		data, err := os.ReadFile(filepath.Join("testdata", "tiny", arch, "golden.json"))
		require.NoError(t, err)
		var golden struct {
			Chat []struct {
				Messages            []Message
				AddGenerationPrompt bool `json:"add_generation_prompt"`
				Text, Error         string
				IDs                 []int32
			}
		}
		require.NoError(t, json.Unmarshal(data, &golden))
		require.NotEmpty(t, golden.Chat)
		m := openTest(t, tiny(arch, "q8_0"))
		tok, err := m.tokenizer()
		require.NoError(t, err)
		for _, c := range golden.Chat {
			var opts []ChatOption
			if !c.AddGenerationPrompt {
				opts = append(opts, NoGenerationPrompt())
			}
			text, err := m.ApplyChatTemplate(c.Messages, opts...)
			if c.Error != "" {
				require.ErrorIs(t, err, ErrChatTemplate)
				require.ErrorContains(t, err, c.Error)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, c.Text, text)
			require.Equal(t, c.IDs, encodeRendered(tok, text))
		}
	}
}

func TestTheTokenThatBeginsTextsComesOnce(t *testing.T) {
	for arch, want := range map[string]int{"llama": 1, "gemma3": 1, "gpt2": 0} {
		for _, source := range []string{chatML, "{{ bos_token }}" + chatML} {
			m := openTest(t, tiny(arch, "q8_0"))
			c := newTestChat(t, m, ChatTemplate(source))
			send(t, c, "Hello", MaxTokens(1))
			tok, err := m.tokenizer()
			require.NoError(t, err)
			bos, ok := tok.BOS()
			count := 0
			for _, id := range c.session.Tokens() {
				if ok && id == bos {
					count++
				}
			}
			if arch == "gpt2" && source != chatML {
				want = 1 // as the template says
			}
			require.Equal(t, want, count, arch)
		}
	}
}

// TestEarlierTurnsAreNotEvaluatedAgain counts the tokens that each answer
// evaluates: those of the new text, and the last one of an answer that was cut short.
func TestEarlierTurnsAreNotEvaluatedAgain(t *testing.T) {
	for _, arch := range architectures {
		for name, source := range map[string]string{"as they are": chatML, "trimmed": strings.ReplaceAll(chatML, "m.content", "m.content | trim")} {
			t.Run(arch+"/"+name, func(t *testing.T) {
				options := []Option{}
				if arch != "gpt2" {
					options = append(options, ContextLength(2048))
				}
				m := openTest(t, tiny(arch, "q8_0"), options...)
				c := newTestChat(t, m, ChatTemplate(source))
				tok, err := m.tokenizer()
				require.NoError(t, err)
				long := 300 // past what the tiny Gemma's windows can go back
				if arch == "gpt2" {
					long = 60
				}
				first := send(t, c, "Hello there", MaxTokens(long), Seed(1), Temperature(3), TopK(0), MinP(0.2))
				require.NotEmpty(t, first.ids)
				turns := uint64(3)
				if arch == "gpt2" {
					turns = 1 // its context ends there
				}
				for turn := range turns {
					before, waiting := c.session.Tokens(), c.session.waiting()
					send(t, c, "And then?", MaxTokens(5), Seed(turn), Temperature(3))
					added := "<|im_end|>\n<|im_start|>user\nAnd then?<|im_end|>\n<|im_start|>assistant\n"
					require.Equal(t, waiting+len(tok.EncodeNext(slices.Clone(before), added))-len(before), c.Timings().PromptTokens)
					require.Equal(t, before, c.session.Tokens()[:len(before)])
				}
			})
		}
	}
}

// TestAnAnswerIsThatOfANewSessionWithTheSameTokens also compares the logits.
func TestAnAnswerIsThatOfANewSessionWithTheSameTokens(t *testing.T) {
	for _, arch := range architectures {
		m := openTest(t, tiny(arch, "q8_0"))
		c := newTestChat(t, m, ChatTemplate(chatML))
		send(t, c, "Hello", MaxTokens(20), Seed(1))
		var logits [2][]float32
		record := func(i int) GenerateOption {
			return WithSampler(SamplerFunc(func(l []float32) int32 {
				logits[i] = append(logits[i], l...)
				return int32(7 + len(logits[i])%5)
			}))
		}
		h := send(t, c, "And then?", record(0), MaxTokens(4))
		s := newSession(t, m)
		all := c.session.Tokens()
		again, err := listen(s.GenerateTokens(context.Background(), all[:len(all)-len(h.ids)], record(1), MaxTokens(4)))
		require.NoError(t, err)
		require.Equal(t, h.ids, again.ids)
		require.Equal(t, logits[1], logits[0])
	}
}

func TestAnswersBecomeMessages(t *testing.T) {
	m := openTest(t, tiny("llama", "q8_0"))
	c := newTestChat(t, m, ChatTemplate(chatML), System("Be terse."))
	require.Equal(t, "Yes.", send(t, c, "Is it?", says(t, m, "Yes.")).text)
	require.Equal(t, StopEOS, c.Stop())
	require.Equal(t, "No.", send(t, c, "Really?", says(t, m, "No.")).text)
	require.Equal(t, []Message{
		{Role: "system", Content: "Be terse."}, {Role: "user", Content: "Is it?"}, {Role: "assistant", Content: "Yes."},
		{Role: "user", Content: "Really?"}, {Role: "assistant", Content: "No."},
	}, c.Messages())
	require.Equal(t, len(c.session.tokens), c.Len())
}

func TestAnAnswerCanBeGivenAnew(t *testing.T) {
	m := openTest(t, tiny("llama", "q8_0"))
	c := newTestChat(t, m, ChatTemplate(chatML))
	send(t, c, "Is it?", says(t, m, "Yes."))
	send(t, c, "Really?", says(t, m, "No, it is not."))
	messages := c.Messages()
	c.SetMessages(messages[:3])
	h, err := listen(c.Reply(context.Background(), says(t, m, "Maybe.")))
	require.NoError(t, err)
	require.Equal(t, "Maybe.", h.text)
	require.Equal(t, 1, c.Timings().PromptTokens, "the last token's logits are all that is needed")
	require.Equal(t, Message{Role: "assistant", Content: "Maybe."}, c.Messages()[3])
	require.Len(t, c.Messages(), 4)
}

func TestAModelThatCannotGoBackStartsAnew(t *testing.T) {
	m := openTest(t, tiny("gemma3", "q8_0"), ContextLength(2048))
	c := newTestChat(t, m, ChatTemplate(chatML))
	send(t, c, "Hello", says(t, m, strings.Repeat("word ", 200)))
	prompt := c.Timings().PromptTokens
	require.Greater(t, c.Len(), 400)
	c.SetMessages(c.Messages()[:1])
	_, err := listen(c.Reply(context.Background(), MaxTokens(3), Seed(1)))
	require.NoError(t, err)
	require.Equal(t, prompt, c.Timings().PromptTokens)
	fresh := newTestChat(t, m, ChatTemplate(chatML))
	send(t, fresh, "Hello", MaxTokens(3), Seed(1))
	require.Equal(t, fresh.Messages(), c.Messages())
}

// qwenLike drops the thinking of all but the last answers, as Qwen's template does.
const qwenLike = `{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' }}{% if m.role == 'assistant' and loop.last and m.reasoning_content %}{{ '<think>\n' + m.reasoning_content + '\n</think>\n\n' }}{% endif %}{{ m.content + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}{# <tool_call> #}`

func TestDroppedThinkingKeepsWhatIsBeforeIt(t *testing.T) {
	m := openTest(t, tiny("llama", "q8_0"))
	c := newTestChat(t, m, ChatTemplate(qwenLike))
	h := send(t, c, "Is it?", says(t, m, "<think>\nHm, hm, hm, hm.\n</think>\n\nYes."))
	require.Equal(t, heard{ids: h.ids, text: "Yes.", thinking: "Hm, hm, hm, hm."}, h)
	first := c.Timings().PromptTokens
	answer := len(h.ids)
	require.Equal(t, Message{Role: "assistant", Content: "Yes.", Thinking: "Hm, hm, hm, hm."}, c.Messages()[1])
	send(t, c, "Really?", says(t, m, "No."))
	all := c.session.Tokens()
	text, err := m.Detokenize(all)
	require.NoError(t, err)
	require.NotContains(t, text, "Hm")
	require.Less(t, c.Timings().PromptTokens, len(all)-first, "the first prompt stays")
	require.Greater(t, answer, 4)
}

func TestThinkingComesApart(t *testing.T) {
	m := openTest(t, tiny("gpt2", "q8_0"))
	c := newTestChat(t, m, ChatTemplate(strings.Replace(qwenLike, `'<|im_start|>assistant\n' }}{% endif %}{#`, `'<|im_start|>assistant\n<think>\n' }}{% endif %}{#`, 1)))
	h := send(t, c, "Is it?", says(t, m, "Hm.\n</think>\n\nYes."))
	require.Equal(t, "Hm.", h.thinking)
	require.Equal(t, "Yes.", h.text)
	h = send(t, c, "Is it?", says(t, m, "Hm"), MaxTokens(1))
	require.Equal(t, heard{ids: h.ids, thinking: h.thinking}, h, "it has not ended")
}

func TestToolCallsAreParsedAndAnswered(t *testing.T) {
	m := openTest(t, tiny("llama", "q8_0"))
	tool := json.RawMessage(`{"type":"function","function":{"name":"weather","parameters":{}}}`)
	c := newTestChat(t, m, ChatTemplate(qwenLike), Tools(tool))
	h := send(t, c, "The weather?", says(t, m, "I look.\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Oslo\"}}\n</tool_call>"))
	require.Equal(t, "I look.", h.text)
	answer := c.Messages()[1]
	require.Equal(t, []ToolCall{{ID: "call00000", Name: "weather", Arguments: json.RawMessage(`{"city": "Oslo"}`)}}, answer.ToolCalls)
	c.SetMessages(append(c.Messages(), Message{Role: "tool", Content: "Rain.", ToolCallID: answer.ToolCalls[0].ID, Name: "weather"}))
	h, err := listen(c.Reply(context.Background(), says(t, m, "It rains.")))
	require.NoError(t, err)
	require.Equal(t, "It rains.", h.text)
	require.Len(t, c.Messages(), 4)
}

func TestAnAnswerThatIsCutShortStays(t *testing.T) {
	m := openTest(t, tiny("llama", "q8_0"))
	for name, stop := range map[string]func(cancel func()) bool{
		"by its context":       func(cancel func()) bool { cancel(); return true },
		"by leaving the loop":  func(func()) bool { return false },
		"by as many as wanted": func(func()) bool { return true },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			c := newTestChat(t, m, ChatTemplate(chatML))
			text := ""
			for tok, err := range c.Send(ctx, "Count.", says(t, m, "one two three four five"), MaxTokens(6)) {
				if err != nil {
					require.ErrorIs(t, err, context.Canceled)
					break
				}
				if text += tok.Text; len(text) >= 3 && !stop(cancel) {
					break
				}
			}
			require.Equal(t, []Message{{Role: "user", Content: "Count."}, {Role: "assistant", Content: text}}, c.Messages())
			require.NotEmpty(t, text)
			before := c.session.Tokens()
			send(t, c, "Go on.", says(t, m, "six"))
			require.Equal(t, before, c.session.Tokens()[:len(before)], "it is part of the context")
		})
	}
}

func TestWhatFailsLeavesTheConversation(t *testing.T) {
	worked := false
	m := openTest(t, tiny("llama", "q8_0"), ContextLength(60), Weights(WeightsPacked), Progress(func(int64, int64) { worked = true }))
	c := newTestChat(t, m)
	_, err := listen(c.Send(context.Background(), strings.Repeat("far more than sixty tokens ", 20)))
	require.ErrorIs(t, err, ErrContext)
	require.Equal(t, StopError, c.Stop())
	require.Empty(t, c.Messages())
	require.False(t, worked)

	send(t, c, "Hello", says(t, m, "Yes."))
	messages, tokens := c.Messages(), c.session.Tokens()
	_, err = listen(c.Send(context.Background(), strings.Repeat("far more than sixty tokens ", 20)))
	require.ErrorIs(t, err, ErrContext)
	require.Equal(t, messages, c.Messages())
	require.Equal(t, tokens, c.session.Tokens())
	_, err = listen(c.Send(context.Background(), "x", TopP(7)))
	require.Error(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = listen(c.Send(ctx, "x"))
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, StopCancelled, c.Stop())
	require.Equal(t, messages, c.Messages(), "nothing was generated")

	c.SetMessages([]Message{{Role: "system", Content: "x"}})
	_, err = listen(c.Reply(context.Background()))
	require.ErrorIs(t, err, ErrChatTemplate)
	require.ErrorContains(t, err, "Only user and assistant roles are supported!")
	c.SetMessages(messages)
	send(t, c, "So?", says(t, m, "No."))
	require.Len(t, c.Messages(), 4)
}

func TestAStopStringIsNoPartOfTheAnswer(t *testing.T) {
	m := openTest(t, tiny("gpt2", "q8_0"))
	c := newTestChat(t, m, ChatTemplate(chatML))
	h := send(t, c, "Count.", says(t, m, "one two STOP three"), StopAt("STOP"))
	require.Equal(t, "one two ", h.text)
	require.Equal(t, StopString, c.Stop())
	require.Equal(t, "one two ", c.Messages()[1].Content)
	before := c.Len()
	send(t, c, "Go on.", says(t, m, "three"))
	text, err := m.Detokenize(c.session.Tokens())
	require.NoError(t, err)
	require.Equal(t, "<|im_start|>user\nCount.<|im_end|>\n<|im_start|>assistant\none two <|im_end|>\n<|im_start|>user\nGo on.<|im_end|>\n<|im_start|>assistant\nthree", text)
	require.Less(t, c.Timings().PromptTokens, before)
}

func TestAModelWithoutATemplateHasNoChats(t *testing.T) {
	m := openTest(t, tiny("gpt2", "q8_0"))
	_, err := m.NewChat()
	require.ErrorIs(t, err, ErrNoChatTemplate)
	require.ErrorContains(t, err, "gpt2-q8_0.gguf")
	_, err = m.ApplyChatTemplate(nil)
	require.ErrorIs(t, err, ErrNoChatTemplate)
	_, err = m.NewChat(ChatTemplate("{% for"))
	require.ErrorIs(t, err, ErrChatTemplate)
	_, err = m.NewChat(ChatTemplate(chatML), TemplateVar("x", func() {}))
	require.ErrorContains(t, err, `"x"`)
}

func TestAChatIsUsedByOneAtATime(t *testing.T) {
	m := openTest(t, tiny("llama", "q8_0"))
	c := newTestChat(t, m)
	for _, err := range c.Send(context.Background(), "Hello", MaxTokens(1)) {
		require.NoError(t, err)
		_, err = listen(c.Send(context.Background(), "Hello"))
		require.ErrorIs(t, err, ErrBusy)
	}
	require.NoError(t, c.Close())
	_, err := listen(c.Send(context.Background(), "Hello"))
	require.ErrorIs(t, err, ErrClosed)
}
