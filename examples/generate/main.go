// Command generate continues a text with a model: the library in its least form.
//
//	go run ./examples/generate model.gguf "Once upon a time"
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/gptrun/gptrun"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: generate MODEL TEXT")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := generate(ctx, os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func generate(ctx context.Context, path, text string) error {
	model, err := gptrun.Open(path)
	if err != nil {
		return err
	}
	defer model.Close()
	session := model.NewSession()
	defer session.Close()
	for token, err := range session.Generate(ctx, text, gptrun.MaxTokens(64)) {
		if err != nil {
			return err
		}
		fmt.Print(token.Text)
	}
	fmt.Println()
	return nil
}
