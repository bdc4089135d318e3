package runtime

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/loader/gguftest"
)

// FuzzModel runs models whose header, metadata and tensor table have bytes
// changed: each is refused or runs, and none panics. The input is a list of
// changes of three bytes: a place (2 bytes) and a value.
func FuzzModel(f *testing.F) {
	for _, arch := range tinyArchs {
		f.Add(arch, []byte{})
		f.Add(arch, []byte{200, 1, 255, 201, 1, 255})
	}
	type model struct {
		data   []byte
		header int // bytes before the tensors'
	}
	models := map[string]model{}
	for _, arch := range tinyArchs {
		file := tinyFile(f, arch, "q8_0")
		file.Meta = slices.DeleteFunc(file.Meta, func(p gguftest.Pair) bool { return strings.HasPrefix(p.Key, "tokenizer.") })
		data := file.Bytes()
		header := len(data)
		for _, t := range file.Tensors {
			header -= len(t.Data)
		}
		models[arch] = model{data, header}
	}
	f.Fuzz(func(t *testing.T, arch string, changes []byte) {
		m, ok := models[arch]
		if !ok {
			return
		}
		data := bytes.Clone(m.data)
		for ; len(changes) >= 3; changes = changes[3:] {
			data[int(binary.LittleEndian.Uint16(changes))%m.header] = changes[2]
		}
		runHostile(t, data)
	})
}

// runHostile evaluates a few tokens with a model that may be anything.
func runHostile(t *testing.T, data []byte) {
	file, err := loader.OpenBytes(data)
	if err != nil {
		return
	}
	defer file.Close()
	m, err := New(file, Options{Threads: 1, Context: 16, Batch: 4})
	if err != nil {
		return
	}
	defer m.Close()
	b, s := m.NewBatch(), m.NewSequence()
	if b.Add(s, []int32{0, 1}, 2) != nil || b.Run(context.Background()) != nil {
		return
	}
	_, err = b.Logits(1)
	require.NoError(t, err)
}
