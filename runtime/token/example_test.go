package token_test

import (
	"fmt"
	"path/filepath"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/runtime/token"
)

func ExampleFromMetadata() {
	f, err := loader.Open(filepath.Join("..", "..", "testdata", "tiny", "llama", "llama-f32.gguf"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	tok, err := token.FromMetadata(&f.Meta)
	if err != nil {
		fmt.Println(err)
		return
	}
	ids := tok.Encode(nil, "Hello world", true, false)
	fmt.Println(ids)
	fmt.Println(tok.Decode(ids))
	// Output:
	// [1 463 569 276 573 307 271 578 581]
	// Hello world
}

func ExampleStream() {
	tok, err := token.New(token.Config{
		Model: "gpt2", Pre: "gpt-2",
		Tokens: []string{"Ã", "©", "t"},
		BOS:    token.None, EOS: token.None, UNK: token.None, EOT: token.None, EOM: token.None,
		FIMPrefix: token.None, FIMSuffix: token.None, FIMMiddle: token.None,
		FIMPad: token.None, FIMRepo: token.None, FIMSeparator: token.None,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	s := tok.NewStream()
	for _, id := range []token.ID{0, 1, 2, 0, 1} {
		fmt.Printf("%q ", s.Next(id))
	}
	fmt.Printf("%q\n", s.Flush())
	// Output: "" "é" "t" "" "é" ""
}
