package hub

import "strings"

// short are the built-in names, of models whose architecture and tokenizer gptrun
// runs.
var short = []struct{ name, file string }{
	{"smollm2-135m", "hf:bartowski/SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct-Q4_K_M.gguf"},
	{"smollm2-360m", "hf:HuggingFaceTB/SmolLM2-360M-Instruct-GGUF/smollm2-360m-instruct-q8_0.gguf"},
	{"smollm2-1.7b", "hf:HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF/smollm2-1.7b-instruct-q4_k_m.gguf"},
	{"gemma-3-270m", "hf:ggml-org/gemma-3-270m-it-GGUF/gemma-3-270m-it-Q8_0.gguf"},
	{"gemma-3-1b", "hf:ggml-org/gemma-3-1b-it-GGUF/gemma-3-1b-it-Q4_K_M.gguf"},
	{"gemma-3-4b", "hf:ggml-org/gemma-3-4b-it-GGUF/gemma-3-4b-it-Q4_K_M.gguf"},
	{"llama-3.2-1b", "hf:bartowski/Llama-3.2-1B-Instruct-GGUF/Llama-3.2-1B-Instruct-Q4_K_M.gguf"},
	{"llama-3.2-3b", "hf:bartowski/Llama-3.2-3B-Instruct-GGUF/Llama-3.2-3B-Instruct-Q4_K_M.gguf"},
	{"tinyllama-1.1b", "hf:TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF/tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf"},
}

// ShortNames lists the built-in names.
func ShortNames() []string {
	names := make([]string, len(short))
	for i, s := range short {
		names[i] = s.name
	}
	return names
}

// shortFile is the full name that a short one stands for. Punctuation and case
// do not count, so that ollama's gemma3:270m is gemma-3-270m.
func shortFile(name string) (file string, ok bool) {
	for _, s := range short {
		if plain(s.name) == plain(name) {
			return s.file, true
		}
	}
	return "", false
}

// shortOf is the short name of a full one; "" where it has none.
func shortOf(file string) string {
	for _, s := range short {
		if s.file == file {
			return s.name
		}
	}
	return ""
}

func plain(name string) string {
	return strings.NewReplacer(":", "", "-", "", "_", "").Replace(strings.ToLower(name))
}
