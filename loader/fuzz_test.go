package loader_test

import (
	"testing"

	"github.com/gptrun/gptrun/loader/gguftest"
)

func FuzzGGUF(f *testing.F) {
	f.Add(sound().Bytes())
	f.Add((&gguftest.File{}).Bytes())
	for _, h := range hostile {
		file := sound()
		h.lie(file)
		if data := file.Bytes(); len(data) < 4096 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) { readOrRefuse(t, data) })
}
