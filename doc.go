// Package gptrun runs GPT-style language models on CPUs, in pure Go with Go
// assembly.
//
// [Open] maps a model file; metadata, tokenizer and an estimate of the memory
// needed are there at once, and weights are packed when first used. A
// [Session] holds one text: [Session.Generate] continues it, [Session.Eval]
// gives logits. A [Chat] holds a conversation through the model's chat template.
//
// The same file, prompt, parameters and seed give the same tokens on every
// machine, with any number of threads and any batch size.
//
// A [Model] may be used by any number of goroutines; a Session by one at a
// time. Sessions of one model run side by side: those that are evaluated at the
// same time share forward passes, which read the weights once for all.
package gptrun
