package gptrun_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"

	"github.com/gptrun/gptrun"
)

// brackets is a template for the examples.
const brackets = `{% for m in messages %}[{{ m.role }}: {{ m.content }}]{% endfor %}{% if add_generation_prompt %}[assistant:{% endif %}`

// ExampleChat holds a conversation of two turns. The second one evaluates only
// what is new.
func ExampleChat() {
	model := open(llama)
	defer model.Close()
	chat, err := model.NewChat()
	if err != nil {
		log.Fatal(err)
	}
	defer chat.Close()
	for _, question := range []string{"Hello there, how are you?", "And then?"} {
		for token, err := range chat.Send(context.Background(), question, gptrun.MaxTokens(4), gptrun.Temperature(0)) {
			if err != nil {
				log.Fatal(err)
			}
			_ = token.Text // what to print; token.Thinking tells thinking from the answer
		}
		fmt.Println(len(chat.Messages()), chat.Timings().PromptTokens < chat.Len())
	}
	// Output:
	// 2 true
	// 4 true
}

func ExampleModel_NewChat() {
	model := open(gpt2) // a base model
	defer model.Close()
	_, err := model.NewChat()
	fmt.Println(errors.Is(err, gptrun.ErrNoChatTemplate))
	chat, err := model.NewChat(gptrun.ChatTemplate(brackets), gptrun.System("Be terse."))
	if err != nil {
		log.Fatal(err)
	}
	defer chat.Close()
	fmt.Println(chat.Messages()[0].Role, chat.Messages()[0].Content)
	// Output:
	// true
	// system Be terse.
}

func ExampleModel_ApplyChatTemplate() {
	model := open(llama)
	defer model.Close()
	text, err := model.ApplyChatTemplate([]gptrun.Message{{Role: "user", Content: "Hi there!"}})
	fmt.Println(text, err)
	_, err = model.ApplyChatTemplate([]gptrun.Message{{Role: "system", Content: "Be terse."}})
	fmt.Println(errors.Is(err, gptrun.ErrChatTemplate))
	// Output:
	// <s>[INST] Hi there! [/INST] <nil>
	// true
}

func ExampleNoGenerationPrompt() {
	model := open(gpt2)
	defer model.Close()
	messages := []gptrun.Message{{Role: "user", Content: "Hi"}, {Role: "assistant", Content: "Hello"}}
	text, err := model.ApplyChatTemplate(messages, gptrun.ChatTemplate(brackets), gptrun.NoGenerationPrompt())
	fmt.Println(text, err)
	// Output:
	// [user: Hi][assistant: Hello] <nil>
}

func ExampleTemplateVar() {
	model := open(gpt2)
	defer model.Close()
	template := gptrun.ChatTemplate("{% if enable_thinking %}<think>{% else %}no thinking{% endif %}")
	text, err := model.ApplyChatTemplate(nil, template, gptrun.TemplateVar("enable_thinking", false))
	fmt.Println(text, err)
	// Output:
	// no thinking <nil>
}

// ExampleTools shows the messages of a tool's use: the call comes with the model's
// answer, and Reply goes on with its result.
func ExampleTools() {
	model := open(gpt2)
	defer model.Close()
	weather := json.RawMessage(`{"type":"function","function":{"name":"weather","parameters":{"type":"object"}}}`)
	template := gptrun.ChatTemplate(`{% if tools %}{{ tools[0].function.name }}: {% endif %}` + brackets)
	text, err := model.ApplyChatTemplate([]gptrun.Message{
		{Role: "user", Content: "Is it raining?"},
		{Role: "assistant", ToolCalls: []gptrun.ToolCall{{ID: "call00000", Name: "weather", Arguments: json.RawMessage(`{"city":"Oslo"}`)}}},
		{Role: "tool", Content: "rain", ToolCallID: "call00000", Name: "weather"},
	}, template, gptrun.Tools(weather))
	fmt.Println(text, err)
	// Output:
	// weather: [user: Is it raining?][assistant: ][tool: rain][assistant: <nil>
}

func ExampleMessage() {
	var message gptrun.Message
	err := json.Unmarshal([]byte(`{"role":"assistant","content":"4","reasoning_content":"2+2 is 4.","mood":"bright"}`), &message)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(message.Thinking, message.Extra[0].Key)
	text, err := json.Marshal(message)
	fmt.Println(string(text), err)
	// Output:
	// 2+2 is 4. mood
	// {"role":"assistant","content":"4","reasoning_content":"2+2 is 4.","mood":"bright"} <nil>
}

// ExampleChat_SetMessages lets the model answer anew.
func ExampleChat_SetMessages() {
	model := open(llama)
	defer model.Close()
	chat, err := model.NewChat()
	if err != nil {
		log.Fatal(err)
	}
	defer chat.Close()
	say := func(seed uint64) {
		messages := chat.Messages()
		if len(messages) > 1 {
			messages = messages[:1] // all but the answer
		}
		chat.SetMessages(messages)
		for _, err := range chat.Reply(context.Background(), gptrun.MaxTokens(4), gptrun.Seed(seed)) {
			if err != nil {
				log.Fatal(err)
			}
		}
	}
	chat.SetMessages([]gptrun.Message{{Role: "user", Content: "Hello"}})
	say(1)
	say(2)
	fmt.Println(len(chat.Messages()), chat.Timings().PromptTokens)
	// Output:
	// 2 1
}

// ExampleChat_Send ends an answer early. What there is of it stays.
func ExampleChat_Send() {
	model := open(llama)
	defer model.Close()
	chat, err := model.NewChat()
	if err != nil {
		log.Fatal(err)
	}
	defer chat.Close()
	for _, err := range chat.Send(context.Background(), "Hello", gptrun.Seed(1)) {
		if err != nil {
			log.Fatal(err)
		}
		break
	}
	fmt.Println(chat.Stop(), len(chat.Messages()))
	// Output:
	// cancelled 2
}
