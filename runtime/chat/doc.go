// Package chat knows how models hold conversations: it renders messages as the
// text that a model's chat template makes of them, and finds thinking and tool
// calls in the text that a model answers.
//
// Every template goes through the engine in jinja, those of well-known families
// too: there is one path, and it gives what Hugging Face's transformers gives.
package chat
