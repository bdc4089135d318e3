// Package token turns text into token ids and back, with the vocabulary of a
// model file: byte-level BPE (tokenizer.ggml.model "gpt2") and SentencePiece
// BPE (tokenizer.ggml.model "llama").
//
// The ids are those of llama.cpp for the same file, invalid UTF-8 included. A
// [Tokenizer] never changes after [New] and is safe for concurrent use.
// Encoding takes O(n log n) time for n bytes, whatever the text.
//
// Byte-level BPE is described in Radford et al., "Language Models are
// Unsupervised Multitask Learners" (2019), section 2.2; its merges follow
// Sennrich et al., "Neural Machine Translation of Rare Words with Subword
// Units" (2016). SentencePiece is described in Kudo and Richardson,
// "SentencePiece: A simple and language independent subword tokenizer" (2018).
package token
