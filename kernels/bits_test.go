package kernels

import (
	"hash/crc32"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/quant"
)

// The bits of one product of every type, the same on every machine. A sum
// changes only where the order of operations that ARCHITECTURE.md defines does.
func TestProductsHaveTheSameBitsOnEveryMachine(t *testing.T) {
	for _, s := range Available() {
		for _, typ := range quant.Types() {
			r := rand.New(rand.NewPCG(11, uint64(typ)))
			const rows, cols, tokens = 11, 512, 5
			src, _ := randomRows(r, typ, rows, cols)
			uniform := func() float32 { return float32(r.IntN(1<<20)-1<<19) / 1024 }
			info, _ := quant.Lookup(typ)
			for i := 0; i < len(src); i += info.BlockBytes {
				for _, at := range halves[typ] {
					le.PutUint16(src[i+at:], quant.F32ToF16(uniform()/64))
				}
				switch typ {
				case quant.F32:
					le.PutUint32(src[i:], math.Float32bits(uniform()))
				case quant.BF16:
					le.PutUint16(src[i:], quant.F32ToBF16(uniform()))
				}
			}
			x := make([]float32, tokens*cols)
			for i := range x {
				x[i] = uniform()
			}
			var got []uint32
			for _, f := range forms(typ) {
				var b []byte
				for _, v := range multiply(s, typ, src, rows, cols, x, tokens, f) {
					b = le.AppendUint32(b, math.Float32bits(v))
				}
				got = append(got, crc32.ChecksumIEEE(b))
			}
			require.Equal(t, productSums[typ], got, "%s %s", s.Name, typ)
		}
	}
}

// productSums are CRC-32 of the outputs, by activation form.
var productSums = map[quant.Type][]uint32{
	quant.F32:    {0xe41e6b69},
	quant.F16:    {0xf15ec255},
	quant.Q4_0:   {0x1b2428fa, 0x2a191722},
	quant.Q4_1:   {0xf48e8a20, 0xb89d3616},
	quant.Q5_0:   {0x796354ee, 0x1a61f798},
	quant.Q5_1:   {0x97c2fc54, 0x9e79562b},
	quant.Q8_0:   {0xe7b85715, 0x99e8101c},
	quant.Q2_K:   {0x1839c13d, 0x49b411e1},
	quant.Q3_K:   {0x271c24f5, 0x01cc0fa7},
	quant.Q4_K:   {0x96490855, 0x6c2a39d0},
	quant.Q5_K:   {0x1888bb54, 0x7224e69e},
	quant.Q6_K:   {0x979e9644, 0x932a089e},
	quant.IQ4_NL: {0x6bace8a9, 0x34ff0825},
	quant.IQ4_XS: {0xb6aa509c, 0x2f02f521},
	quant.BF16:   {0x3a84bb44},
	quant.MXFP4:  {0xde1f54eb, 0x27fd5010},
}
