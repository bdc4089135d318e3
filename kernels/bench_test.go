package kernels

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gptrun/gptrun/quant"
)

// benchShapes are rows × columns × tokens: SmolLM2-135M's largest layer matrix
// for one token (GB/s of weights counts) and for a prompt.
var benchShapes = [][3]int{{1536, 576, 1}, {1536, 576, 120}, {1536, 768, 1}, {1536, 768, 120}}

// BenchmarkMatmul is named type/form/tier/rows×columns×tokens; bytes are those
// of the packed weights.
func BenchmarkMatmul(b *testing.B) {
	for _, t := range quant.Types() {
		info, _ := quant.Lookup(t)
		for _, f := range forms(t) {
			for _, s := range Available() {
				for _, shape := range benchShapes {
					rows, cols, tokens := shape[0], shape[1], shape[2]
					if (info.BlockLen == superCols) != (cols%superCols == 0) {
						continue
					}
					name := fmt.Sprintf("%s/%s/%s/%dx%dx%d", strings.ToLower(info.Name), formNames[f], s.Name, rows, cols, tokens)
					b.Run(name, func(b *testing.B) { benchMatmul(b, s, t, f, rows, cols, tokens) })
				}
			}
		}
	}
}

var formNames = [NumForms]string{"float", "int8", "int16"}

func benchMatmul(b *testing.B, s *Set, t quant.Type, f Form, rows, cols, tokens int) {
	r := rand.New(rand.NewPCG(1, 2))
	src, _ := randomRows(r, t, rows, cols)
	act := packAct(s, f, randomValues(r, tokens*cols), cols, tokens)
	panels := packPanels(s, t, src, rows, cols)
	dst, tmp := make([]float32, rows*tokens), make([]float32, s.PanelRowsOf(t)*MaxTokens)
	b.SetBytes(int64(len(panels)))
	for b.Loop() {
		s.MulPanels(dst, rows, t, panels, rows, cols, f, act, tokens, tmp)
	}
	perOp := 2 * float64(rows) * float64(cols) * float64(tokens)
	b.ReportMetric(perOp*float64(b.N)/b.Elapsed().Seconds()/1e9, "GOP/s")
}

// BenchmarkPackAct's bytes are the values read.
func BenchmarkPackAct(b *testing.B) {
	const cols, tokens = 2048, 6
	x := randomValues(rand.New(rand.NewPCG(1, 2)), tokens*cols)
	for _, s := range Available() {
		for f := range Form(NumForms) {
			b.Run(formNames[f]+"/"+s.Name, func(b *testing.B) {
				dst := make([]byte, s.ActBytes(f, tokens, cols))
				b.SetBytes(int64(4 * len(x)))
				for b.Loop() {
					s.PackAct(f, dst, x, cols, cols, tokens, 0)
				}
			})
		}
	}
}
