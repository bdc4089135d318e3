package gptrun_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gptrun/gptrun"
)

// answer prints what the model answers.
func answer(model *gptrun.Model, prompt string, opts ...gptrun.GenerateOption) {
	session := model.NewSession()
	defer session.Close()
	for token, err := range session.Generate(context.Background(), prompt, opts...) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%q ", token.Text)
	}
	fmt.Println(session.Stop())
}

func ExampleThreads() {
	model := open(gpt2, gptrun.Threads(2))
	defer model.Close()
	info, err := model.Info()
	fmt.Println(info.Threads, err)
	// Output:
	// 2 <nil>
}

func ExampleCPU() {
	model := open(gpt2, gptrun.CPU("generic"))
	defer model.Close()
	info, err := model.Info()
	fmt.Println(info.Tier, err)
	// Output:
	// generic <nil>
}

func ExampleActivations() {
	exact := open(gpt2, gptrun.Activations(gptrun.Int16))
	defer exact.Close()
	answer(exact, "Once upon a time", gptrun.MaxTokens(2), gptrun.Temperature(0))
	// Output:
	// "id" "id" length
}

func ExampleActivationType_String() {
	fmt.Println(gptrun.Int8, gptrun.Int16)
	// Output:
	// int8 int16
}

func ExampleWeights() {
	model := open(gpt2, gptrun.Weights(gptrun.WeightsMapped))
	defer model.Close()
	info, err := model.Info()
	fmt.Println(info.Mapped, err)
	// Output:
	// true <nil>
}

func ExampleKV() {
	half, full := open(llama, gptrun.KV(gptrun.F16)), open(llama, gptrun.KV(gptrun.F32))
	defer half.Close()
	defer full.Close()
	a, err := half.MemoryEstimate(256)
	if err != nil {
		log.Fatal(err)
	}
	b, err := full.MemoryEstimate(256)
	fmt.Println(b.KV/a.KV, err)
	// Output:
	// 2 <nil>
}

func ExampleKVKeys() {
	model := open(llama, gptrun.KVKeys(gptrun.F32), gptrun.KVValues(gptrun.F16))
	defer model.Close()
	mixed, err := model.MemoryEstimate(256)
	if err != nil {
		log.Fatal(err)
	}
	half := open(llama)
	defer half.Close()
	both, err := half.MemoryEstimate(256)
	fmt.Println(mixed.KV > both.KV, err)
	// Output:
	// true <nil>
}

func ExampleContextLength() {
	model := open(llama, gptrun.ContextLength(100))
	defer model.Close()
	fmt.Println(model.ContextLength())
	// Output:
	// 100
}

func ExampleModel_ContextLength() {
	model := open(gpt2)
	defer model.Close()
	fmt.Println(model.ContextLength(), "positions, as the model was trained")
	// Output:
	// 256 positions, as the model was trained
}

func ExampleBatchSize() {
	// A long prompt is evaluated in steps of at most 16 tokens; the bits are the same.
	model := open(gpt2, gptrun.BatchSize(16))
	defer model.Close()
	answer(model, "Once upon a time", gptrun.MaxTokens(2), gptrun.Temperature(0))
	// Output:
	// "id" "id" length
}

func ExampleProgress() {
	var last, all int64
	model := open(gpt2, gptrun.Weights(gptrun.WeightsPacked), gptrun.Progress(func(done, total int64) { last, all = done, total }))
	defer model.Close()
	err := model.Load(context.Background())
	fmt.Println(last == all, err)
	// Output:
	// true <nil>
}

func ExampleMemory_Total() {
	model := open(gpt2)
	defer model.Close()
	m, err := model.MemoryEstimate(256)
	fmt.Println(m.Total() == m.Weights+m.KV+m.Compute, err)
	// Output:
	// true <nil>
}

func ExampleModel_MetadataKeys() {
	model := open(gpt2)
	defer model.Close()
	keys, err := model.MetadataKeys()
	fmt.Println(keys[0], err)
	// Output:
	// general.architecture <nil>
}

func ExampleModel_TokenizeText() {
	model := open(llama)
	defer model.Close()
	prompt, err := model.Tokenize("<s>Hello") // begins with the token that begins texts; names of special tokens count
	if err != nil {
		log.Fatal(err)
	}
	text, err := model.TokenizeText("Hello") // the text alone
	fmt.Println(len(prompt) > len(text), err)
	// Output:
	// true <nil>
}

func ExampleModel_NewSession() {
	model := open(gpt2)
	defer model.Close()
	a, b := model.NewSession(), model.NewSession() // two texts of one model
	defer a.Close()
	defer b.Close()
	fmt.Println(a.Len(), b.Len())
	// Output:
	// 0 0
}

func ExampleSession_Close() {
	model := open(gpt2)
	defer model.Close()
	session := model.NewSession()
	fmt.Println(session.Close())
	_, err := session.Eval(context.Background(), []int32{1})
	fmt.Println(err)
	// Output:
	// <nil>
	// the model or the session is closed
}

// ExampleSession_Len also shows Tokens and Reset.
func ExampleSession_Len() {
	model := open(gpt2)
	defer model.Close()
	session := model.NewSession()
	defer session.Close()
	if _, err := session.Eval(context.Background(), []int32{7, 8, 9}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.Len(), session.Tokens())
	fmt.Println(session.Reset(), session.Len())
	// Output:
	// 3 [7 8 9]
	// <nil> 0
}

func ExampleSession_Tokens() {
	model := open(gpt2)
	defer model.Close()
	session := model.NewSession()
	defer session.Close()
	for _, err := range session.GenerateTokens(context.Background(), []int32{7}, gptrun.MaxTokens(3), gptrun.Temperature(0)) {
		if err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(len(session.Tokens()), session.Tokens()[0])
	// Output:
	// 4 7
}

func ExampleSession_Reset() {
	model := open(gpt2)
	defer model.Close()
	session := model.NewSession()
	defer session.Close()
	if _, err := session.Eval(context.Background(), []int32{7, 8}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.Reset(), session.Len())
	// Output:
	// <nil> 0
}

// ExampleSession_Stop also shows Timings.
func ExampleSession_Stop() {
	model := open(gpt2)
	defer model.Close()
	session := model.NewSession()
	defer session.Close()
	for _, err := range session.Generate(context.Background(), "Once", gptrun.MaxTokens(3)) {
		if err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(session.Stop(), session.Timings().GeneratedTokens)
	// Output:
	// length 3
}

func ExampleSession_Timings() {
	model := open(gpt2)
	defer model.Close()
	session := model.NewSession()
	defer session.Close()
	for _, err := range session.GenerateTokens(context.Background(), []int32{1, 2, 3}, gptrun.MaxTokens(2)) {
		if err != nil {
			log.Fatal(err)
		}
	}
	t := session.Timings()
	fmt.Println(t.PromptTokens, t.GeneratedTokens, t.Generate > 0)
	// Output:
	// 3 2 true
}

func ExampleMaxTokens() {
	model := open(gpt2)
	defer model.Close()
	answer(model, "Once upon a time", gptrun.MaxTokens(1), gptrun.Temperature(0))
	// Output:
	// "id" length
}

func ExampleSeed() {
	model := open(llama)
	defer model.Close()
	var texts [2]string
	for i := range texts {
		session := model.NewSession()
		for token, err := range session.Generate(context.Background(), "Once", gptrun.MaxTokens(10), gptrun.Seed(42)) {
			if err != nil {
				log.Fatal(err)
			}
			texts[i] += token.Text
		}
		session.Close()
	}
	fmt.Println(texts[0] == texts[1])
	// Output:
	// true
}

// ExampleTopK narrows the choice to one token: the likeliest.
func ExampleTopK() {
	model := open(gpt2)
	defer model.Close()
	answer(model, "Once upon a time", gptrun.MaxTokens(2), gptrun.TopK(1))
	// Output:
	// "id" "id" length
}

func ExampleTopP() {
	model := open(gpt2)
	defer model.Close()
	answer(model, "Once upon a time", gptrun.MaxTokens(2), gptrun.TopP(0.01))
	// Output:
	// "id" "id" length
}

func ExampleMinP() {
	model := open(gpt2)
	defer model.Close()
	answer(model, "Once upon a time", gptrun.MaxTokens(2), gptrun.MinP(1))
	// Output:
	// "id" "id" length
}

func ExampleRepeatPenalty() {
	model := open(gpt2)
	defer model.Close()
	session := model.NewSession()
	defer session.Close()
	seen := map[int32]bool{}
	for token, err := range session.Generate(context.Background(), "Once",
		gptrun.MaxTokens(5), gptrun.Temperature(0), gptrun.RepeatPenalty(1e6, 64)) {
		if err != nil {
			log.Fatal(err)
		}
		seen[token.ID] = true
	}
	fmt.Println(len(seen), "different tokens")
	// Output:
	// 5 different tokens
}

// ExampleSamplerFunc_Sample is a sampler that takes the unlikeliest token.
func ExampleSamplerFunc_Sample() {
	worst := gptrun.SamplerFunc(func(logits []float32) int32 {
		least := 0
		for i, x := range logits {
			if x < logits[least] {
				least = i
			}
		}
		return int32(least)
	})
	fmt.Println(worst.Sample([]float32{3, -1, 2}))
	worst.Accept(1) // it does not look back
	// Output:
	// 1
}

func ExampleSamplerFunc_Accept() {
	first := gptrun.SamplerFunc(func([]float32) int32 { return 0 })
	first.Accept(0) // tokens accepted change nothing for a plain function
	fmt.Println(first.Sample([]float32{1, 2}))
	// Output:
	// 0
}

func ExampleLogprobs() {
	model := open(gpt2)
	defer model.Close()
	session := model.NewSession()
	defer session.Close()
	for token, err := range session.Generate(context.Background(), "Once upon a time", gptrun.Logprobs(2), gptrun.MaxTokens(1), gptrun.Temperature(0)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%q %.2f\n", token.Text, token.Logprob)
		for _, other := range token.Top {
			fmt.Printf("  %d %q %.2f\n", other.ID, other.Text, other.Logprob)
		}
	}
	// Output:
	// "id" -1.60
	//   394 "id" -1.60
	//   387 "\x9f\xa1" -1.83
}

func ExampleModel_TokenText() {
	model := open(gpt2)
	defer model.Close()
	ids, err := model.TokenizeText("é") // two tokens of a byte each
	if err != nil {
		log.Fatal(err)
	}
	for _, id := range ids {
		text, err := model.TokenText(id)
		fmt.Printf("%q %v\n", text, err)
	}
	// Output:
	// "\xc3" <nil>
	// "\xa9" <nil>
}
