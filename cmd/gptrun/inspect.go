package main

import (
	"bufio"
	"context"
	"fmt"
	"strconv"

	"github.com/gptrun/gptrun/loader"
)

func defineInspect(f *flags) func(context.Context, *terminal, []string) error {
	var in modelName
	var asJSON bool
	f.example("gptrun inspect -m model.gguf", "metadata, then tensors with types and shapes")
	f.example("gptrun inspect -m model.gguf --json | jq .metadata", "the same for programs")
	f.group("Model")
	in.define(f)
	f.group("Output")
	f.toggle(&asJSON, "json", `print {"path":…, "bytes":…, "parameters":…, "metadata":{…}, "tensors":[{"name":…, "type":…, "shape":[…], "bytes":…}]}`)
	return func(ctx context.Context, t *terminal, _ []string) (err error) {
		path, err := in.model(ctx, t)
		if err != nil {
			return err
		}
		file, err := loader.Open(path)
		if err != nil {
			return err
		}
		defer closing(file, &err)
		out := bufio.NewWriterSize(t.out, 1<<16)
		if asJSON {
			err = inspectJSON(out, file)
		} else {
			inspectText(out, file)
		}
		if e := out.Flush(); err == nil {
			err = e
		}
		return err
	}
}

func parameters(file *loader.File) (n int64) {
	for _, t := range file.Tensors {
		n += int64(t.Elements())
	}
	return n
}

func inspectText(out *bufio.Writer, file *loader.File) {
	fmt.Fprintf(out, "%q: %d bytes, %d parameters\n\n", file.Path(), file.Size(), parameters(file))
	for _, key := range file.Meta.Keys() {
		v, _ := file.Meta.Value(key)
		fmt.Fprintf(out, "%s = %s\n", printable(key), v)
	}
	fmt.Fprintf(out, "\n%d tensors\n", len(file.Tensors))
	for _, t := range file.Tensors {
		fmt.Fprintf(out, "%-40s %-7s %-20s %12d bytes\n", printable(t.Name), t.Type, fmt.Sprint(t.Shape), len(t.Data))
	}
}

func inspectJSON(out *bufio.Writer, file *loader.File) error {
	b := append([]byte(nil), `{"path":`...)
	b = appendString(b, file.Path())
	b = fmt.Appendf(b, `,"bytes":%d,"parameters":%d,"metadata":{`, file.Size(), parameters(file))
	for i, key := range file.Meta.Keys() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, key), ':')
		v, _ := file.Meta.Value(key)
		text, err := v.MarshalJSON()
		if err != nil {
			return fmt.Errorf("key %q: %w", key, err)
		}
		b = append(b, text...)
	}
	b = append(b, `},"tensors":`...)
	b = appendList(b, file.Tensors, func(b []byte, t loader.Tensor) []byte {
		b = append(b, `{"name":`...)
		b = appendString(b, t.Name)
		b = append(b, `,"type":`...)
		b = appendString(b, t.Type.String())
		b = append(b, `,"shape":`...)
		b = appendList(b, t.Shape, func(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) })
		return fmt.Appendf(b, `,"bytes":%d}`, len(t.Data))
	})
	_, err := out.Write(append(b, "}\n"...))
	return err
}
