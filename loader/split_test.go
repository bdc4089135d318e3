package loader_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/loader"
	"github.com/gptrun/gptrun/loader/gguftest"
)

// parts are a model in three parts: all of its metadata is in the first, and a
// tensor in each.
func parts() []*gguftest.File {
	whole := sound()
	var files []*gguftest.File
	for i, tensor := range whole.Tensors {
		file := &gguftest.File{}
		if i == 0 {
			file.Meta = whole.Meta
		}
		file.Set("split.no", uint16(i))
		file.Set("split.count", uint16(len(whole.Tensors)))
		file.Set("split.tensors.count", int32(len(whole.Tensors)))
		file.Tensors = []gguftest.Tensor{tensor}
		files = append(files, file)
	}
	return files
}

// writeParts writes the parts that are not nil, and returns the folder.
func writeParts(t *testing.T, files []*gguftest.File) string {
	dir := t.TempDir()
	for i, file := range files {
		if file != nil {
			require.NoError(t, os.WriteFile(partPath(dir, i+1), file.Bytes(), 0o644))
		}
	}
	return dir
}

func partPath(dir string, i int) string {
	return filepath.Join(dir, fmt.Sprintf("m-%05d-of-00003.gguf", i))
}

func TestASplitModelOpensWhole(t *testing.T) {
	files := parts()
	dir := writeParts(t, files)
	m, err := loader.Open(partPath(dir, 1))
	require.NoError(t, err)
	defer m.Close()
	require.Equal(t, openBytes(t, sound()).Tensors, m.Tensors)
	size := 0
	for _, file := range files {
		size += len(file.Bytes())
	}
	require.EqualValues(t, size, m.Size())
	arch, _, err := m.Meta.String("general.architecture")
	require.NoError(t, err)
	require.Equal(t, "llama", arch)
	for _, tensor := range m.Tensors {
		m.Release(tensor.Data)
	}
	require.NoError(t, m.Close())
}

func TestAFileThatIsItsOnlyPartNeedsNoPartsName(t *testing.T) {
	file := sound()
	file.Set("split.count", uint16(1))
	file.Set("split.no", uint16(0))
	m, err := loader.Open(file.Write(t, "model.gguf"))
	require.NoError(t, err)
	require.NoError(t, m.Close())
	openBytes(t, file)
}

func TestSplitModelsThatLieAreRefused(t *testing.T) {
	tests := []struct {
		name string
		lie  func(files []*gguftest.File)
		part int // the part at fault
		says string
	}{
		{"a part is missing", func(f []*gguftest.File) { f[2] = nil }, 3, ""},
		{"a part is no model", func(f []*gguftest.File) { f[1].Magic = "zzzz" }, 2, `not a GGUF file: it begins with "zzzz"`},
		{"a part's tensor is past its end", func(f []*gguftest.File) { f[2].Tensors[0].Offset = new(uint64(1 << 30)) }, 3, `tensor "blk.0.norm": offset 1073741824 is past the end`},
		{"a tensor is in two parts", func(f []*gguftest.File) { f[2].Tensors[0].Name = "blk.0.q" }, 3, `tensor "blk.0.q" is there twice`},
		{"a part says it is another", func(f []*gguftest.File) { f[2].Set("split.no", uint16(1)) }, 3, `make it part 2 of 3`},
		{"a part says it is of another split", func(f []*gguftest.File) { f[1].Set("split.count", uint16(4)) }, 2, `make it part 2 of 4`},
		{"a part says nothing", func(f []*gguftest.File) { f[1].Meta = nil }, 2, `make it part 1 of 0`},
		{"the count differs from the name's", func(f []*gguftest.File) { f[0].Set("split.count", uint16(2)) }, 1, `its name must end in -00001-of-00002.gguf`},
		{"tensors are missing", func(f []*gguftest.File) { f[2].Tensors = nil }, 1, `the parts hold 2 tensors, key "split.tensors.count" is 3`},
		{"more parts than may be", func(f []*gguftest.File) { f[0].Set("split.count", uint16(65535)) }, 1, `at most 10000 parts are supported`},
		{"a negative number of tensors", func(f []*gguftest.File) { f[0].Set("split.tensors.count", int32(-1)) }, 1, `key "split.tensors.count": -1 must not be negative`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files := parts()
			test.lie(files)
			dir := writeParts(t, files)
			_, err := loader.Open(partPath(dir, 1))
			require.ErrorContains(t, err, partPath(dir, test.part)+": ")
			require.ErrorContains(t, err, test.says)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestAMissingPartIsNamed(t *testing.T) {
	files := parts()
	files[1] = nil
	dir := writeParts(t, files)
	_, err := loader.Open(partPath(dir, 1))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "part 2 of 3: "+partPath(dir, 2)+": ")
}

func TestOpeningALaterPartNamesTheFirst(t *testing.T) {
	dir := writeParts(t, parts())
	_, err := loader.Open(partPath(dir, 2))
	require.ErrorIs(t, err, loader.ErrFormat)
	require.EqualError(t, err, "loader: "+partPath(dir, 2)+": it is part 2 of 3; open the first, "+partPath(dir, 1))
}
