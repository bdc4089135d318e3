package bench

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/runtime"
)

// BenchmarkLoad packs a model's weights, from the system's file cache into new
// memory, page faults included; bytes are those of the file.
func BenchmarkLoad(b *testing.B) {
	forEachFile(b, func(b *testing.B, path string) {
		info, err := os.Stat(path)
		require.NoError(b, err)
		b.SetBytes(info.Size())
		for b.Loop() {
			b.StopTimer()
			file, err := loader.Open(path)
			require.NoError(b, err)
			m, err := runtime.New(file, options(b))
			require.NoError(b, err)
			b.StartTimer()
			require.NoError(b, m.Load(context.Background()))
			b.StopTimer()
			require.NoError(b, m.Close())
			require.NoError(b, file.Close())
			b.StartTimer()
		}
	})
}
