package loader_test

import (
	"fmt"
	"log"

	"github.com/gptrun/gptrun/loader"
)

func ExampleOpen() {
	f, err := loader.Open("../testdata/tiny/llama/llama-q8_0.gguf")
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	arch, _, err := f.Meta.String("general.architecture")
	if err != nil {
		log.Fatal(err)
	}
	t, _ := f.Tensor("token_embd.weight")
	fmt.Println(arch, t.Type, t.Shape, len(t.Data))
	// Output: llama Q8_0 [64 640] 43520
}
