package quant

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDecodeEqualsTheReference(t *testing.T) {
	for _, typ := range Types() {
		t.Run(typ.String(), func(t *testing.T) {
			src := readTestdata(t, typ.String()+".blocks")
			want := float32s(readTestdata(t, typ.String()+".f32"))
			info, ok := Lookup(typ)
			require.True(t, ok)
			require.Zero(t, len(src)%info.BlockBytes)
			require.Len(t, want, len(src)/info.BlockBytes*info.BlockLen)
			got := make([]float32, len(want))
			info.Decode(got, src)
			for i := range want {
				require.True(t, sameFloat(want[i], got[i]), "block %d, element %d: want %v (%#x), got %v (%#x)",
					i/info.BlockLen, i%info.BlockLen, want[i], math.Float32bits(want[i]), got[i], math.Float32bits(got[i]))
			}
		})
	}
}

// FuzzDecode demands of any bytes that decoding them writes exactly the
// elements of their whole blocks, and each block's as if it were alone.
func FuzzDecode(f *testing.F) {
	for _, typ := range Types() {
		src, err := os.ReadFile(filepath.Join("testdata", typ.String()+".blocks"))
		require.NoError(f, err)
		f.Add(uint8(typ), src[:min(len(src), 3*table[typ].BlockBytes+1)])
	}
	f.Fuzz(func(t *testing.T, typ uint8, data []byte) {
		info, ok := Lookup(Type(typ))
		if !ok {
			return
		}
		blocks := len(data) / info.BlockBytes
		src := data[: blocks*info.BlockBytes : blocks*info.BlockBytes]
		n := blocks * info.BlockLen

		// Two fills tell what was not written; each is left whole past the end.
		whole, alone := filled(n+1, 1.5), filled(n+1, -2.5)
		info.Decode(whole[:n], src)
		for b := range blocks {
			info.Decode(alone[b*info.BlockLen:(b+1)*info.BlockLen], src[b*info.BlockBytes:(b+1)*info.BlockBytes])
		}
		require.Equal(t, float32(1.5), whole[n])
		require.Equal(t, float32(-2.5), alone[n])
		for i := range n {
			require.True(t, sameFloat(whole[i], alone[i]), "element %d: %v among others, %v alone", i, whole[i], alone[i])
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	const elements = 4096
	for _, typ := range Types() {
		info := table[typ]
		b.Run(fmt.Sprintf("%s/%d", typ, elements), func(b *testing.B) {
			src := make([]byte, elements/info.BlockLen*info.BlockBytes)
			for i := range src {
				src[i] = byte(i*37 + 11)
			}
			dst := make([]float32, elements)
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				info.Decode(dst, src)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/elements, "ns/element")
		})
	}
}

func readTestdata(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	require.NotEmpty(t, data)
	return data
}

func float32s(data []byte) []float32 {
	f := make([]float32, len(data)/4)
	for i := range f {
		f[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return f
}

func filled(n int, v float32) []float32 {
	f := make([]float32, n)
	for i := range f {
		f[i] = v
	}
	return f
}

// sameFloat compares bits; any NaN equals any NaN.
func sameFloat(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}
