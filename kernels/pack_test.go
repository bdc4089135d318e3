package kernels

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/quant"
)

// requireGoPanel packs guarded rows with s and compares every byte with what the
// packers in Go write.
func requireGoPanel(t testing.TB, s *Set, typ quant.Type, src []byte, rows, cols int) {
	t.Helper()
	plain := *s
	plain.Pack = [quant.NumTypes]PackFunc{}
	n := s.PanelBytes(typ, cols)
	want, got := dirty(n), guardedBytes(t, n)
	copy(got, want)
	plain.PackPanel(typ, want, src, rows, cols)
	guarded := guardedBytes(t, len(src))
	copy(guarded, src)
	s.PackPanel(typ, got, guarded, rows, cols)
	if !bytes.Equal(want, got) {
		i := 0
		for want[i] == got[i] {
			i++
		}
		require.Failf(t, "different bytes", "%s, %s, %d rows, %d columns: byte %d is %#x, want %#x", s.Name, typ, rows, cols, i, got[i], want[i])
	}
}

// packedCols are numbers of columns around a call's and of none, one and some
// blocks, with a rest where the type allows it.
func packedCols(typ quant.Type) []int {
	info, _ := quant.Lookup(typ)
	if info.BlockLen == 1 {
		return []int{1, 31, 32, 33, 100, packSteps*blockCols - 1, packSteps*blockCols + 37}
	}
	per := max(1, packSteps*blockCols/info.BlockLen)
	return []int{info.BlockLen, 2 * info.BlockLen, 3 * info.BlockLen, per * info.BlockLen, (2*per + 1) * info.BlockLen}
}

func TestEveryTierPacksLikeGo(t *testing.T) {
	forEachTier(t, func(t *testing.T, s *Set) {
		for _, typ := range quant.Types() {
			info, _ := quant.Lookup(typ)
			t.Run(typ.String(), func(t *testing.T) {
				r := rand.New(rand.NewPCG(3, uint64(typ)))
				for _, cols := range packedCols(typ) {
					for _, rows := range []int{s.PanelRowsOf(typ), 1, s.PanelRowsOf(typ) - 1} {
						src := make([]byte, rows*cols/info.BlockLen*info.BlockBytes)
						for i := range src {
							src[i] = byte(r.Uint32())
						}
						requireGoPanel(t, s, typ, src, rows, cols)
					}
				}
			})
		}
	})
}

// Every byte a block may have at any place, with all others zero: a bit that
// goes astray is seen by itself.
func TestEveryBitIsPackedLikeGo(t *testing.T) {
	forEachTier(t, func(t *testing.T, s *Set) {
		for _, typ := range quant.Types() {
			info, _ := quant.Lookup(typ)
			rows, cols := s.PanelRowsOf(typ), max(info.BlockLen, blockCols)
			rowBytes := cols / info.BlockLen * info.BlockBytes
			src := make([]byte, rows*rowBytes)
			for bit := range 8 * rowBytes {
				clear(src)
				src[bit/8+bit%rows*rowBytes] = 1 << (bit % 8)
				plain := *s
				plain.Pack = [quant.NumTypes]PackFunc{}
				n := s.PanelBytes(typ, cols)
				want, got := make([]byte, n), make([]byte, n)
				plain.PackPanel(typ, want, src, rows, cols)
				s.PackPanel(typ, got, src, rows, cols)
				require.True(t, bytes.Equal(want, got), "%s: bit %d of a row", typ, bit)
			}
		}
	})
}

// FuzzEveryTierPacksLikeGo takes a file's bytes from the fuzzer, repeated as
// often as the shape asks.
func FuzzEveryTierPacksLikeGo(f *testing.F) {
	types := quant.Types()
	r := rand.New(rand.NewPCG(2, 9))
	for i := range types {
		data := make([]byte, 256)
		for j := range data {
			data[j] = byte(r.Uint32())
		}
		f.Add(byte(i), byte(0), uint16(3), data)
	}
	tiers := Available()[1:]
	f.Fuzz(func(t *testing.T, which, missing byte, blocks uint16, data []byte) {
		if len(data) == 0 {
			return
		}
		typ := types[int(which)%len(types)]
		info, _ := quant.Lookup(typ)
		n := 1 + int(blocks)%(2*packSteps*blockCols/info.BlockLen)
		for _, s := range tiers {
			rows := s.PanelRowsOf(typ) - int(missing)%s.PanelRowsOf(typ)
			src := make([]byte, rows*n*info.BlockBytes)
			for i := range src {
				src[i] = data[i%len(data)]
			}
			requireGoPanel(t, s, typ, src, rows, n*info.BlockLen)
		}
	})
}

// BenchmarkPack is named type/tier/rows×columns; bytes are those of the file. The
// rows are more than the caches hold, so that they come from memory, as they do
// when a model is loaded; the panels are written to one place over and over.
func BenchmarkPack(b *testing.B) {
	const bytesOfFile = 96 << 20
	for _, t := range quant.Types() {
		info, _ := quant.Lookup(t)
		for _, s := range Available() {
			for _, cols := range []int{576, 768, 1536, 2048} {
				if cols%info.BlockLen != 0 {
					continue
				}
				rows, rowBytes := s.PanelRowsOf(t), cols/info.BlockLen*info.BlockBytes
				panels := bytesOfFile / (rows * rowBytes)
				b.Run(fmt.Sprintf("%s/%s/%dx%d", strings.ToLower(info.Name), s.Name, panels*rows, cols), func(b *testing.B) {
					src, dst := make([]byte, panels*rows*rowBytes), make([]byte, s.PanelBytes(t, cols))
					for i := range src {
						src[i] = byte(i * 7)
					}
					b.SetBytes(int64(len(src)))
					for b.Loop() {
						for i := range panels {
							s.PackPanel(t, dst, src[i*rows*rowBytes:(i+1)*rows*rowBytes], rows, cols)
						}
					}
				})
			}
		}
	}
}
