package gptrun

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/gptrun/gptrun/runtime/chat"
	"github.com/gptrun/gptrun/runtime/token"
)

// Chat is a conversation with a model. What of it has been evaluated is not
// evaluated again: an answer starts in time proportional to the text that is new.
// Earlier answers keep the tokens that the model chose; blanks around them stay in
// the context where the template trims them. A template that drops the thinking of
// earlier answers makes the chat go back to where it began.
// It is used by one goroutine at a time.
type Chat struct {
	session   *Session
	templates *chat.Templates
	options   chat.Options
	messages  []Message
	memory    chatMemory
}

// NewChat begins a conversation. A model without a chat template is
// ErrNoChatTemplate.
func (m *Model) NewChat(opts ...ChatOption) (*Chat, error) {
	o, err := newChatOptions(opts)
	if err != nil {
		return nil, err
	}
	templates, err := m.chatTemplates(&o)
	if err != nil {
		return nil, err
	}
	o.NoGenerationPrompt = false
	c := &Chat{session: m.NewSession(), templates: templates, options: o.Options}
	if o.system != "" {
		c.messages = []Message{{Role: "system", Content: o.system}}
	}
	return c, nil
}

// Send appends the user's message, yields the answer as it comes, and appends it.
//
// Where the conversation does not fit the context, or the template refuses it, the
// error (ErrContext, ErrChatTemplate) comes before any work. Where the answer is cut
// short, by ctx, by leaving the loop or by an error, what there is of it becomes the
// assistant's message; where no token has been generated, the conversation is what
// it was before Send.
func (c *Chat) Send(ctx context.Context, text string, opts ...GenerateOption) iter.Seq2[Token, error] {
	return func(yield func(Token, error) bool) {
		c.answer(ctx, yield, opts, Message{Role: "user", Content: text})
	}
}

// Reply is Send without a message of the user's: it answers the messages as they
// are, such as a tool's results, or all but a former answer.
func (c *Chat) Reply(ctx context.Context, opts ...GenerateOption) iter.Seq2[Token, error] {
	return func(yield func(Token, error) bool) { c.answer(ctx, yield, opts) }
}

// Messages returns the conversation.
func (c *Chat) Messages() []Message { return slices.Clone(c.messages) }

// SetMessages replaces the conversation. What its beginning has in common with the
// former one is not evaluated again, as far as the model can go back: one with
// sliding windows starts anew where it has to go back further than they reach.
func (c *Chat) SetMessages(messages []Message) { c.messages = slices.Clone(messages) }

// Len is the number of tokens of the context that the conversation takes.
func (c *Chat) Len() int { return c.session.Len() }

// Stop says why the last answer ended.
func (c *Chat) Stop() StopReason { return c.session.Stop() }

// Timings tells how long the last answer took; PromptTokens are those that were
// evaluated for it, not the whole conversation's.
func (c *Chat) Timings() Timings { return c.session.Timings() }

// Close gives the chat's memory back. Closing twice does nothing.
func (c *Chat) Close() error { return c.session.Close() }

// answer answers the conversation with the messages added.
func (c *Chat) answer(ctx context.Context, yield func(Token, error) bool, opts []GenerateOption, added ...Message) {
	s := c.session
	if err := s.acquire(); err != nil {
		yield(Token{}, err)
		return
	}
	defer s.release()
	messages := append(slices.Clone(c.messages), added...)
	g := generator{session: s, ctx: ctx, yield: yield}
	var rendered string
	err := g.generate(opts, func(t *token.Tokenizer) (rest []int32, err error) {
		if rendered, err = c.templates.Render(messages, c.options); err != nil {
			return nil, s.model.file.Named(err)
		}
		if rest, err = c.rest(t, rendered); err == nil {
			g.answer = &chatAnswer{Answer: c.templates.Answer(rendered, c.options, countCalls(messages))}
		}
		return rest, err
	})
	if g.text != nil { // the generation has begun
		g.answer.Flush() // what is held back, where the loop was left
		c.memory.prompted(rendered, s.Len()-s.timings.GeneratedTokens)
		c.memory.answered(g.answer, s.Len())
		if s.timings.GeneratedTokens > 0 || s.stop == StopEOS {
			c.messages = append(messages, g.answer.Message())
		}
	}
	if err != nil {
		yield(Token{}, err)
	}
}

func countCalls(messages []Message) (n int) {
	for _, m := range messages {
		n += len(m.ToolCalls)
	}
	return n
}

// rest returns the tokens of the rendered conversation that follow those which the
// session has already, and cuts the session back to these.
func (c *Chat) rest(t *token.Tokenizer, rendered string) ([]int32, error) {
	s := c.session
	ids := c.memory.tokens(t, rendered, s.tokens)
	if len(ids) == 0 {
		return nil, ErrEmpty
	}
	if room := s.model.run.Context(); len(ids) >= room {
		return nil, fmt.Errorf("the conversation has %d tokens, and an answer needs room: %w of %d", len(ids), ErrContext, room)
	}
	keep := min(commonTokens(ids, s.tokens), len(ids)-1) // the logits after the last one are needed
	if s.cache.Truncate(min(keep, s.cache.Len())) != nil {
		// The sliding windows have moved past it.
		keep = 0
		if err := s.cache.Truncate(0); err != nil {
			return nil, err
		}
	}
	s.tokens = s.tokens[:keep]
	c.memory.forget(keep)
	return ids[keep:], nil
}
