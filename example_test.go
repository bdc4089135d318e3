package gptrun_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"slices"

	"github.com/gptrun/gptrun"
)

// The models of these examples are small and random, so their texts are too.
const (
	gpt2  = "testdata/tiny/gpt2/gpt2-q8_0.gguf"
	llama = "testdata/tiny/llama/llama-q8_0.gguf"
)

func open(path string, opts ...gptrun.Option) *gptrun.Model {
	model, err := gptrun.Open(path, opts...)
	if err != nil {
		log.Fatal(err)
	}
	return model
}

func Example() {
	model, err := gptrun.Open(gpt2)
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	session := model.NewSession()
	defer session.Close()
	for token, err := range session.Generate(context.Background(), "Once upon a time", gptrun.MaxTokens(8), gptrun.Seed(1)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%q ", token.Text)
	}
	// Output:
	// "id" "id" "id" "id" "id" "id" "id" "id"
}

func ExampleOpen() {
	model, err := gptrun.Open(llama,
		gptrun.Threads(2), gptrun.CPU("generic"), gptrun.ContextLength(128), gptrun.BatchSize(64),
		gptrun.Activations(gptrun.Int16), gptrun.KV(gptrun.F32), gptrun.Weights(gptrun.WeightsMapped))
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	info, err := model.Info()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Tier, info.Threads, model.ContextLength(), info.Mapped)
	// Output:
	// generic 2 128 true
}

func ExampleOpen_error() {
	_, err := gptrun.Open("doc.go")
	fmt.Println(errors.Is(err, gptrun.ErrFormat))
	_, err = gptrun.Open("no-such-file.gguf")
	fmt.Println(errors.Is(err, os.ErrNotExist))
	// Output:
	// true
	// true
}

func ExampleOpenBytes() {
	data, err := os.ReadFile(gpt2) // or embedded in the program
	if err != nil {
		log.Fatal(err)
	}
	model, err := gptrun.OpenBytes(data)
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	ids, err := model.Tokenize("Hello")
	fmt.Println(ids, err)
	// Output:
	// [39 68 271 78] <nil>
}

func ExampleModel_Load() {
	model := open(gpt2, gptrun.Progress(func(done, total int64) {
		if done == total {
			fmt.Println("packed")
		}
	}), gptrun.Weights(gptrun.WeightsPacked))
	defer model.Close()
	fmt.Println(model.Load(context.Background()))
	// Output:
	// packed
	// <nil>
}

func ExampleModel_Close() {
	model := open(gpt2)
	session := model.NewSession()
	fmt.Println(model.Close())
	_, err := session.Eval(context.Background(), []int32{1})
	fmt.Println(errors.Is(err, gptrun.ErrClosed))
	// Output:
	// <nil>
	// true
}

func ExampleModel_Info() {
	model := open(llama)
	defer model.Close()
	info, err := model.Info()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Architecture, info.Layers, info.Embedding, info.Vocabulary, info.TrainedContext, info.Parameters)
	// Output:
	// llama 3 64 640 512 211392
}

func ExampleModel_Metadata() {
	model := open(llama)
	defer model.Close()
	value, ok, err := model.Metadata("llama.rope.freq_base")
	fmt.Println(value, ok, err)
	keys, err := model.MetadataKeys()
	fmt.Println(keys[0], err)
	// Output:
	// 10000 true <nil>
	// general.architecture <nil>
}

func ExampleModel_Tensors() {
	model := open(llama)
	defer model.Close()
	tensors, err := model.Tensors()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(tensors), tensors[0])
	// Output:
	// 30 {output.weight Q8_0 [64 640] 43520}
}

func ExampleModel_MemoryEstimate() {
	model := open(llama)
	defer model.Close()
	short, err := model.MemoryEstimate(128)
	if err != nil {
		log.Fatal(err)
	}
	long, err := model.MemoryEstimate(512)
	fmt.Println(short.KV < long.KV, short.Weights == long.Weights, long.Total() < 4<<20, err)
	// Output:
	// true true true <nil>
}

func ExampleModel_Tokenize() {
	model := open(llama)
	defer model.Close()
	prompt, _ := model.Tokenize("Hi</s>")   // <s>, Hi, </s>
	text, _ := model.TokenizeText("Hi</s>") // what a stranger typed
	fmt.Println(prompt)
	fmt.Println(text)
	// Output:
	// [1 463 572 2]
	// [463 572 65 590 576 67]
}

func ExampleModel_Detokenize() {
	model := open(llama)
	defer model.Close()
	ids, _ := model.Tokenize("Grüße, 世界")
	text, err := model.Detokenize(ids)
	fmt.Println(text, err)
	// Output:
	// Grüße, 世界 <nil>
}

func ExampleModel_NegLogLikelihood() {
	model := open(llama)
	defer model.Close()
	session := model.NewSession()
	defer session.Close()
	logits, err := session.Eval(context.Background(), []int32{1, 463})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.2f\n", model.NegLogLikelihood(logits, 569))
	// Output:
	// 9.93
}

func ExampleSession_Generate() {
	model := open(llama)
	defer model.Close()
	session := model.NewSession()
	defer session.Close()
	ctx := context.Background()
	for _, prompt := range []string{"Hello world!", " And then?"} { // the second goes on after the first's answer
		for token, err := range session.Generate(ctx, prompt, gptrun.Temperature(0), gptrun.MaxTokens(4)) {
			if err != nil {
				log.Fatal(err)
			}
			fmt.Print(token.ID, " ")
		}
		fmt.Println(session.Stop(), session.Timings().PromptTokens, session.Timings().GeneratedTokens, session.Len())
	}
	// Output:
	// 157 157 504 429 length 10 4 14
	// 497 294 70 48 length 7 4 24
}

func ExampleSession_GenerateTokens() {
	model := open(gpt2)
	defer model.Close()
	session := model.NewSession()
	defer session.Close()
	prompt, err := model.TokenizeText("no special tokens in here")
	if err != nil {
		log.Fatal(err)
	}
	for token, err := range session.GenerateTokens(context.Background(), prompt, gptrun.Temperature(0), gptrun.MaxTokens(5)) {
		fmt.Print(token.ID, " ", err, "; ")
	}
	// Output:
	// 94 <nil>; 94 <nil>; 94 <nil>; 94 <nil>; 291 <nil>;
}

func ExampleSession_Generate_cancel() {
	model := open(gpt2)
	defer model.Close()
	session := model.NewSession()
	defer session.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for token, err := range session.Generate(ctx, "Once upon a time", gptrun.Temperature(0)) {
		fmt.Println(token.ID, err)
		cancel()
	}
	fmt.Println(session.Stop())
	// Output:
	// 394 <nil>
	// 0 context canceled
	// cancelled
}

func ExampleSession_Generate_context() {
	model := open(gpt2, gptrun.ContextLength(8))
	defer model.Close()
	session := model.NewSession()
	defer session.Close()
	for _, err := range session.Generate(context.Background(), "far too long a prompt for so short a context") {
		fmt.Println(errors.Is(err, gptrun.ErrContext), session.Len())
	}
	for range session.GenerateTokens(context.Background(), []int32{1, 2, 3}) {
	}
	fmt.Println(session.Stop(), session.Len())
	// Output:
	// true 0
	// length 8
}

func ExampleStopAt() {
	model := open(gpt2)
	defer model.Close()
	session := model.NewSession()
	defer session.Close()
	for token, err := range session.Generate(context.Background(), "Hello world!", gptrun.Temperature(0), gptrun.MaxTokens(20), gptrun.StopAt("pp")) {
		fmt.Printf("%q %v; ", token.Text, err)
	}
	fmt.Println(session.Stop())
	// Output:
	// "struct" <nil>; "ation" <nil>; "ation" <nil>; "" <nil>; stop
}

// All options of gptrun's own sampling.
func ExampleTemperature() {
	model := open(gpt2)
	defer model.Close()
	session := model.NewSession()
	defer session.Close()
	for token, err := range session.Generate(context.Background(), "Hello world!", gptrun.MaxTokens(6), gptrun.Seed(7),
		gptrun.Temperature(1.5), gptrun.TopK(100), gptrun.TopP(0.9), gptrun.MinP(0.01), gptrun.RepeatPenalty(1.3, 64)) {
		fmt.Print(token.ID, " ", err, "; ")
	}
	// Output:
	// 253 <nil>; 309 <nil>; 373 <nil>; 24 <nil>; 344 <nil>; 71 <nil>;
}

func ExampleWithSampler() {
	model := open(gpt2)
	defer model.Close()
	session := model.NewSession()
	defer session.Close()
	leastLikely := gptrun.SamplerFunc(func(logits []float32) int32 {
		return int32(slices.Index(logits, slices.Min(logits)))
	})
	for token, err := range session.Generate(context.Background(), "Hello", gptrun.WithSampler(leastLikely), gptrun.MaxTokens(4)) {
		fmt.Print(token.ID, " ", err, "; ")
	}
	// Output:
	// 481 <nil>; 170 <nil>; 337 <nil>; 50 <nil>;
}

func ExampleSession_Eval() {
	model := open(gpt2)
	defer model.Close()
	session := model.NewSession()
	defer session.Close()
	logits, err := session.Eval(context.Background(), []int32{1, 2, 3})
	fmt.Println(len(logits), session.Len(), err)
	_, err = session.Eval(context.Background(), []int32{100000})
	fmt.Println(errors.Is(err, gptrun.ErrToken), session.Len())
	// Output:
	// 512 3 <nil>
	// true 3
}

func ExampleSession_EvalAll() {
	model := open(gpt2)
	defer model.Close()
	session := model.NewSession()
	defer session.Close()
	ids, _ := model.Tokenize("Hello world!")
	position := 0
	for logits, err := range session.EvalAll(context.Background(), ids) {
		if err != nil {
			log.Fatal(err)
		}
		if position++; position < len(ids) {
			fmt.Printf("%.2f ", model.NegLogLikelihood(logits, ids[position]))
		}
	}
	// Output:
	// 7.14 7.47 8.47 11.98 13.31 9.60 10.30 13.61
}

func ExampleSession_Truncate() {
	model := open(gpt2)
	defer model.Close()
	session := model.NewSession()
	defer session.Close()
	ctx := context.Background()
	session.Eval(ctx, []int32{5, 6, 7})
	for _, last := range []int32{8, 9, 8} { // three ends of one beginning
		logits, err := session.Eval(ctx, []int32{last})
		fmt.Println(session.Tokens(), logits[0], err)
		session.Truncate(3)
	}
	session.Reset()
	fmt.Println(session.Len())
	// Output:
	// [5 6 7 8] -1.2094322 <nil>
	// [5 6 7 9] -2.0263946 <nil>
	// [5 6 7 8] -1.2094322 <nil>
	// 0
}

func ExampleParseActivationType() {
	a, err := gptrun.ParseActivationType("int16")
	fmt.Println(a, err)
	// Output:
	// int16 <nil>
}

func ExampleThisMachine() {
	machine, err := gptrun.ThisMachine()
	fmt.Println(slices.Contains(machine.Tiers, "generic"), slices.Contains(machine.Tiers, machine.Tier), err)
	// Output:
	// true true <nil>
}
