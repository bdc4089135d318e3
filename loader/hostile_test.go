package loader_test

import (
	"bytes"
	"math"
	goruntime "runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/loader/gguftest"
	"github.com/gptrun/gptrun/quant"
)

// sound is a small file with a bit of everything.
func sound() *gguftest.File {
	return &gguftest.File{
		Meta: []gguftest.Pair{
			{Key: "general.architecture", Value: "llama"},
			{Key: "general.alignment", Value: uint32(64)},
			{Key: "llama.block_count", Value: uint32(1)},
			{Key: "tokenizer.ggml.tokens", Value: []string{"<s>", "a", ""}},
			{Key: "tokenizer.ggml.scores", Value: []float32{0, 1, 2}},
			{Key: "nested", Value: []any{[]int32{1}, []string{"x"}}},
		},
		Tensors: []gguftest.Tensor{
			{Name: "token_embd.weight", Type: quant.F32, Shape: []uint64{4, 3}, Data: bytes.Repeat([]byte{1}, 48)},
			{Name: "blk.0.q", Type: quant.Q4_0, Shape: []uint64{64, 2}, Data: bytes.Repeat([]byte{2}, 72)},
			{Name: "blk.0.norm", Type: quant.F32, Shape: []uint64{4}, Data: bytes.Repeat([]byte{3}, 16)},
		},
	}
}

func TestASoundFileOpens(t *testing.T) {
	for _, version := range []uint32{2, 3} {
		file := sound()
		file.Version = version
		m := openBytes(t, file)
		require.Len(t, m.Tensors, 3)
		q, ok := m.Tensor("blk.0.q")
		require.True(t, ok)
		require.Equal(t, loader.Tensor{Name: "blk.0.q", Type: quant.Q4_0, Shape: []int{64, 2}, Data: bytes.Repeat([]byte{2}, 72)}, q)
		require.Equal(t, 128, q.Elements())
		require.Equal(t, 2, q.Rows())
		require.Equal(t, 72, cap(q.Data), "appending must not reach into the next tensor")
		_, ok = m.Tensor("absent")
		require.False(t, ok)
		require.Empty(t, m.Path())
		require.EqualValues(t, len(file.Bytes()), m.Size())
		require.NoError(t, m.Close())
		require.NoError(t, m.Close())
	}
}

// A hostile file, and what its error must say.
var hostile = []struct {
	name string
	lie  func(f *gguftest.File)
	says string
}{
	{"magic of nothing known", func(f *gguftest.File) { f.Magic = "ABCD" }, `not a GGUF file: it begins with "ABCD"`},
	{"magic with control bytes", func(f *gguftest.File) { f.Magic = "\x1b[2J" }, `it begins with "\x1b[2J"`},
	{"GGJT", func(f *gguftest.File) { f.Magic = "tjgg" }, "a GGJT file"},
	{"GGML", func(f *gguftest.File) { f.Magic = "lmgg" }, "a GGML file"},
	{"zip", func(f *gguftest.File) { f.Magic = "PK\x03\x04" }, "a zip archive"},
	{"safetensors", func(f *gguftest.File) { f.Magic = "\x40\x02\x00\x00\x00\x00\x00\x00{\"__metadata__\"" }, "a safetensors file"},
	{"Git LFS pointer", func(f *gguftest.File) { f.Magic = "version https://git-lfs.github.com/spec/v1\n" }, "git lfs pull"},
	{"HTML", func(f *gguftest.File) { f.Magic = "<!DOCTYPE html>" }, "an HTML page"},
	{"version 1", func(f *gguftest.File) { f.Version = 1 }, "GGUF version 1 is not supported"},
	{"version 4", func(f *gguftest.File) { f.Version = 4 }, "GGUF version 4 is not supported"},
	{"big-endian", func(f *gguftest.File) { f.Version = 3 << 24 }, "big-endian GGUF (version 3) is not supported"},

	{"more tensors than fit", func(f *gguftest.File) { f.TensorCount = new(uint64(1 << 40)) }, "1099511627776 tensors do not fit"},
	{"2⁶⁴−1 tensors", func(f *gguftest.File) { f.TensorCount = new(uint64(math.MaxUint64)) }, "18446744073709551615 tensors do not fit"},
	{"one tensor more than there is", func(f *gguftest.File) { f.TensorCount = new(uint64(4)) }, "tensor"},
	{"more keys than fit", func(f *gguftest.File) { f.KeyCount = new(uint64(math.MaxUint64)) }, "18446744073709551615 metadata keys do not fit"},
	{"one key more than there is", func(f *gguftest.File) { f.KeyCount = new(uint64(7)) }, "a tensor's name at byte"},

	{"empty key", func(f *gguftest.File) { f.Meta[0].Key = "" }, "a metadata key of 0 bytes"},
	{"key of 65536 bytes", func(f *gguftest.File) { f.Meta[0].Key = strings.Repeat("k", 65536) }, "a metadata key of 65536 bytes"},
	{"key twice", func(f *gguftest.File) { f.Meta[1].Key = "general.architecture" }, `key "general.architecture" is there twice`},
	{"key with a newline", func(f *gguftest.File) { f.Meta[0].Key, f.Meta[1].Key = "a\nb", "a\nb" }, `key "a\nb" is there twice`},
	{"long key twice", func(f *gguftest.File) {
		f.Meta[0].Key, f.Meta[1].Key = strings.Repeat("k", 65535), strings.Repeat("k", 65535)
	}, strings.Repeat("k", 100) + `" is there twice`},
	{"unknown value type", func(f *gguftest.File) { f.Set("k", gguftest.Raw{Kind: 13}) }, `key "k": unknown value type 13`},
	{"unknown array type", func(f *gguftest.File) { f.Set("k", gguftest.Array{Elem: 99}) }, `key "k": unknown array type 99`},
	{"string longer than the file", func(f *gguftest.File) {
		f.Set("k", gguftest.Raw{Kind: loader.KindString, Payload: []byte{0, 0, 0, 0, 0, 0, 0, 0x80}})
	}, `key "k": a string at byte`},
	{"array of 2⁶³ bytes", func(f *gguftest.File) { f.Set("k", gguftest.Array{Elem: loader.KindUint8, Len: 1 << 63}) }, `key "k": an array of 9223372036854775808 values of type uint8`},
	{"array whose size overflows", func(f *gguftest.File) { f.Set("k", gguftest.Array{Elem: loader.KindUint64, Len: 1 << 61}) }, `key "k": an array of 2305843009213693952 values`},
	{"array of 2⁶⁰ strings", func(f *gguftest.File) { f.Set("k", gguftest.Array{Elem: loader.KindString, Len: 1 << 60}) }, `key "k": an array of 1152921504606846976 values`},
	{"array of 2⁶⁰ arrays", func(f *gguftest.File) { f.Set("k", gguftest.Array{Elem: loader.KindArray, Len: 1 << 60}) }, `key "k": an array of 1152921504606846976 values`},
	{"arrays nested without end", func(f *gguftest.File) {
		var v any = []int32{1}
		for range 1000 {
			v = []any{v}
		}
		f.Set("k", v)
	}, `key "k": arrays are nested more than 4 deep`},

	{"alignment 0", func(f *gguftest.File) { f.Set("general.alignment", uint32(0)) }, `key "general.alignment" is 0; it must be a power of two`},
	{"alignment 48", func(f *gguftest.File) { f.Set("general.alignment", uint32(48)) }, `key "general.alignment" is 48`},
	{"alignment 2", func(f *gguftest.File) { f.Set("general.alignment", uint32(2)) }, `key "general.alignment" is 2`},
	{"alignment 2⁶³", func(f *gguftest.File) { f.Set("general.alignment", uint64(1<<63)) }, `key "general.alignment" is 9223372036854775808`},
	{"alignment in letters", func(f *gguftest.File) { f.Set("general.alignment", "32") }, `key "general.alignment" is of type string`},

	{"tensor without a name", func(f *gguftest.File) { f.Tensors[0].Name = "" }, "a tensor's name of 0 bytes"},
	{"tensor's name of 65 bytes", func(f *gguftest.File) { f.Tensors[0].Name = strings.Repeat("n", 65) }, "a tensor's name of 65 bytes"},
	{"tensor twice", func(f *gguftest.File) { f.Tensors[2].Name = "blk.0.q" }, `tensor "blk.0.q" is there twice`},
	{"no dimensions", func(f *gguftest.File) { f.Tensors[1].Dims = new(uint32(0)) }, `tensor "blk.0.q" has 0 dimensions`},
	{"five dimensions", func(f *gguftest.File) { f.Tensors[1].Shape = []uint64{64, 1, 1, 1, 1} }, `tensor "blk.0.q" has 5 dimensions`},
	{"2³²−1 dimensions", func(f *gguftest.File) { f.Tensors[1].Dims = new(uint32(math.MaxUint32)) }, `tensor "blk.0.q" has 4294967295 dimensions`},
	{"dimension 0", func(f *gguftest.File) { f.Tensors[1].Shape[1] = 0 }, `tensor "blk.0.q": dimension 1 is 0`},
	{"dimension 2⁶³", func(f *gguftest.File) { f.Tensors[1].Shape[1] = 1 << 63 }, `tensor "blk.0.q": dimension 1 is 9223372036854775808`},
	{"shape whose size overflows", func(f *gguftest.File) { f.Tensors[1].Shape = []uint64{1 << 30, 1 << 30, 1 << 30} }, `tensor "blk.0.q": shape [1073741824 1073741824 1073741824] has too many values`},
	{"shape whose size overflows to 0", func(f *gguftest.File) { f.Tensors[1].Shape = []uint64{1 << 30, 1 << 30, 1 << 30, 1 << 30} }, `tensor "blk.0.q": shape`},
	{"rows of half blocks", func(f *gguftest.File) { f.Tensors[1].Shape[0] = 48 }, `tensor "blk.0.q": rows of 48 values are not whole blocks of 32, as type Q4_0 has`},
	{"type that ggml has", func(f *gguftest.File) { f.Tensors[1].Type = 16 }, `tensor "blk.0.q" is of type 16 (IQ2_XXS), which is not supported`},
	{"type that nobody has", func(f *gguftest.File) { f.Tensors[1].Type = math.MaxUint32 }, `tensor "blk.0.q" is of type 4294967295, which is not supported`},
	{"offset off the alignment", func(f *gguftest.File) { f.Tensors[1].Offset = new(uint64(32)) }, `tensor "blk.0.q": offset 32 is no multiple of the alignment 64`},
	{"offset past the end", func(f *gguftest.File) { f.Tensors[1].Offset = new(uint64(81920)) }, `tensor "blk.0.q": offset 81920 is past the end of the data`},
	{"offset near 2⁶⁴", func(f *gguftest.File) { f.Tensors[1].Offset = new(uint64(math.MaxUint64 - 63)) }, `tensor "blk.0.q": offset 18446744073709551552 is past the end`},
	{"bytes past the end", func(f *gguftest.File) { f.Tensors[2].Shape = []uint64{4, 1 << 20} }, `tensor "blk.0.norm": its 16777216 bytes at offset 192 reach past the end of the data`},
	{"tensors that overlap", func(f *gguftest.File) { f.Tensors[2].Offset = new(uint64(128)) }, `tensors "blk.0.q" and "blk.0.norm" overlap at offset 128`},
	{"tensors at one place", func(f *gguftest.File) { f.Tensors[2].Offset = new(uint64(0)) }, "overlap at offset 0"},

	{"split count without end", func(f *gguftest.File) { f.Set("split.count", uint64(math.MaxUint64)) }, `key "split.count" is 18446744073709551615`},
	{"one part of several", func(f *gguftest.File) { f.Set("split.count", uint16(3)) }, "part 1 of a model in 3 parts"},
	{"part beyond the last", func(f *gguftest.File) { f.Set("split.count", uint16(3)); f.Set("split.no", uint16(3)) }, `key "split.no" is 3 of 3 parts`},
	{"split count in letters", func(f *gguftest.File) { f.Set("split.count", "3") }, `key "split.count" is of type string`},
}

func TestHostileFilesAreRefusedInOneLine(t *testing.T) {
	for _, test := range hostile {
		t.Run(test.name, func(t *testing.T) {
			file := sound()
			test.lie(file)
			data := file.Bytes()
			requireRefusal(t, data, test.says)

			path := file.Write(t, "model.gguf")
			_, err := loader.Open(path)
			require.ErrorContains(t, err, "loader: "+path+": ")
		})
	}
}

// requireRefusal wants an error of one line that says so, quickly and within
// the memory that a refusal may take.
func requireRefusal(t *testing.T, data []byte, says string) {
	t.Helper()
	var before, after goruntime.MemStats
	goruntime.ReadMemStats(&before)
	start := time.Now()
	_, err := loader.OpenBytes(data)
	took := time.Since(start)
	goruntime.ReadMemStats(&after)
	require.ErrorContains(t, err, says)
	if !strings.Contains(says, "is of type string") {
		require.ErrorIs(t, err, loader.ErrFormat)
	}
	require.True(t, strings.HasPrefix(err.Error(), "loader: "), err.Error())
	for _, r := range err.Error() {
		require.False(t, r < ' ' || r == 0x7f, "control character in %q", err)
	}
	require.Less(t, len(err.Error()), 300)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20))
	require.Less(t, took, time.Second)
}

// The files that take most: as many keys or tensors as may be, each of them
// sound, and something wrong at the end.
func TestHugeFilesAreRefusedWithinMemory(t *testing.T) {
	t.Run("keys", func(t *testing.T) {
		file := sound()
		for i := range 1 << 17 {
			file.Meta = append(file.Meta, gguftest.Pair{Key: string(rune(0x10000 + i)), Value: uint8(1)})
		}
		requireRefusal(t, file.Bytes(), "131078 metadata keys; at most 65536 are supported")
		file.Meta = append(file.Meta[:1<<16-1], gguftest.Pair{Key: "last", Value: gguftest.Raw{Kind: 77}})
		requireRefusal(t, file.Bytes(), `key "last": unknown value type 77`)
	})
	t.Run("long keys", func(t *testing.T) {
		file := sound()
		for i := range 300 {
			file.Meta = append(file.Meta, gguftest.Pair{Key: strings.Repeat(string(rune(0x10000+i)), 16000), Value: uint8(1)})
		}
		requireRefusal(t, file.Bytes(), "have more than 16777216 bytes")
	})
	t.Run("tensors", func(t *testing.T) {
		file := &gguftest.File{}
		for i := range 1 << 16 {
			file.Tensors = append(file.Tensors, gguftest.Tensor{Name: string(rune(0x10000 + i)), Type: quant.F32, Shape: []uint64{1, 1, 1, 1}})
		}
		file.Tensors[1<<16-1].Name = string(rune(0x10000))
		requireRefusal(t, file.Bytes(), "is there twice")
	})
	t.Run("strings", func(t *testing.T) {
		file := sound()
		file.Set("k", make([]string, 1<<20))
		file.Tensors[2].Type = 77
		requireRefusal(t, file.Bytes(), `tensor "blk.0.norm" is of type 77`)
	})
}

// Wherever a file is cut, it is refused, but for padding after the last tensor.
func TestAFileCutAnywhereIsRefused(t *testing.T) {
	file := sound()
	data := file.Bytes()
	full := openBytes(t, file)
	used := 0
	for _, tensor := range full.Tensors {
		at := bytes.Index(data, tensor.Data)
		require.Positive(t, at)
		used = max(used, at+len(tensor.Data))
	}
	require.Less(t, used, len(data), "no padding to cut")
	for n := range len(data) {
		// The capacity ends with the length, so that reading on would panic.
		_, err := loader.OpenBytes(data[:n:n])
		if n >= used {
			require.NoError(t, err, "cut at byte %d", n)
			continue
		}
		require.ErrorIs(t, err, loader.ErrFormat, "cut at byte %d", n)
	}
}

// Whatever a byte is changed to, the file is read or refused.
func TestAFileChangedAnywhereIsReadOrRefused(t *testing.T) {
	data := sound().Bytes()
	for i := range data {
		for _, x := range []byte{0, 1, 2, 8, 9, 127, 128, 255, data[i] + 1, data[i] ^ 0x80} {
			changed := bytes.Clone(data)
			changed[i] = x
			readOrRefuse(t, changed)
		}
	}
}

// readOrRefuse opens data and, where it opens, reads all that it offers.
func readOrRefuse(t *testing.T, data []byte) {
	m, err := loader.OpenBytes(data)
	if err != nil {
		if strings.ContainsAny(err.Error(), "\n\x1b\x00") {
			t.Fatalf("control character in %q", err)
		}
		return
	}
	for _, key := range m.Meta.Keys() {
		v, ok := m.Meta.Value(key)
		if !ok {
			t.Fatalf("no value for %q", key)
		}
		_, err := v.Any()
		_, errJSON := v.MarshalJSON()
		if err != nil || errJSON != nil || v.String() == "" {
			t.Fatalf("key %q: %v, %v", key, err, errJSON)
		}
		for _, get := range getters {
			_, _, _ = get(&m.Meta, key)
		}
	}
	total := 0
	for _, tensor := range m.Tensors {
		found, ok := m.Tensor(tensor.Name)
		if !ok || len(found.Data) == 0 || found.Elements() != found.Rows()*found.Shape[0] {
			t.Fatalf("tensor %q: %+v", tensor.Name, found)
		}
		total += len(found.Data)
	}
	if total > len(data) {
		t.Fatalf("tensors of %d bytes in a file of %d", total, len(data))
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
}
