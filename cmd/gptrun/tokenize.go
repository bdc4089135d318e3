package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/runtime/token"
)

func defineTokenize(f *flags) func(context.Context, *terminal, []string) error {
	var in input
	var asJSON, batch bool
	in.define(f)
	f.example(`gptrun tokenize -m model.gguf "Hello world"`, "one token a line")
	f.example(`jq .text lines.jsonl | gptrun tokenize -m model.gguf --batch`, "many texts with one start of gptrun")
	f.toggle(&batch, "batch", `read a JSON string from each line of standard input and print {"ids":[…]} for each`)
	f.group("Output")
	f.toggle(&asJSON, "json", `print {"ids":[…]}`)
	return func(ctx context.Context, t *terminal, args []string) (err error) {
		if batch && (len(args) > 0 || in.textFlag.typed || in.fileFlag.typed) {
			return usageError("--batch reads standard input and takes no other text")
		}
		path, err := in.model(ctx, t)
		if err != nil {
			return err
		}
		file, err := loader.Open(path)
		if err != nil {
			return err
		}
		defer closing(file, &err)
		tokenizer, err := token.FromMetadata(&file.Meta)
		if err != nil {
			return file.Named(err)
		}
		if batch {
			return tokenizeBatch(t, tokenizer)
		}
		text, err := in.read(t, args)
		if err != nil {
			return err
		}
		ids := tokenizer.Encode(nil, text, true, true)
		out := bufio.NewWriter(t.out)
		if asJSON {
			_, _ = out.Write(appendIDsObject(nil, ids))
		} else {
			for _, id := range ids {
				fmt.Fprintf(out, "%6d  %q\n", id, tokenizer.Piece(id, true))
			}
		}
		return out.Flush()
	}
}

// appendIDsObject appends a line with the object that tokenize prints.
func appendIDsObject(dst []byte, ids []int32) []byte {
	dst = append(dst, `{"ids":`...)
	dst = appendIDs(dst, ids)
	return append(dst, "}\n"...)
}

func tokenizeBatch(t *terminal, tokenizer *token.Tokenizer) error {
	in, out := bufio.NewReaderSize(t.in, 1<<16), bufio.NewWriterSize(t.out, 1<<16)
	var ids []int32
	var object []byte
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return out.Flush()
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		text, err := parseString(line)
		if err != nil {
			_ = out.Flush()
			return fmt.Errorf("standard input, line %d: not a JSON string: %w", number, err)
		}
		ids = tokenizer.Encode(ids[:0], text, true, true)
		object = appendIDsObject(object[:0], ids)
		if _, err := out.Write(object); err != nil {
			return err
		}
		if in.Buffered() == 0 { // the other side may wait for the answer
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
}

// parseString reads a JSON string; null is none.
func parseString(line []byte) (string, error) {
	var text *string
	err := json.Unmarshal(line, &text)
	if err == nil && text == nil {
		err = errors.New("it is null")
	}
	if err != nil {
		return "", err
	}
	return *text, nil
}
