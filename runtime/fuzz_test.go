package runtime

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/loader"
)

// FuzzModel runs models whose header, metadata and tensor table have bytes
// changed: each is refused or runs, and none panics. The input is a list of
// changes of four bytes: a place (3 bytes) and a value.
func FuzzModel(f *testing.F) {
	for _, arch := range tinyArchs {
		f.Add(arch, []byte{})
		f.Add(arch, []byte{200, 1, 0, 255, 201, 1, 0, 255})
	}
	files := map[string][]byte{}
	for _, arch := range tinyArchs {
		b, err := os.ReadFile(tinyPath(arch, "q8_0"))
		require.NoError(f, err)
		files[arch] = b
	}
	f.Fuzz(func(t *testing.T, arch string, changes []byte) {
		file, ok := files[arch]
		if !ok {
			return
		}
		data := append([]byte(nil), file...)
		for ; len(changes) >= 4; changes = changes[4:] {
			at := int(changes[0]) | int(changes[1])<<8 | int(changes[2])<<16
			data[at%len(data)] = changes[3]
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
