package quant

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTypesAreNumberedAndNamedAsInGGUF(t *testing.T) {
	// Number, name, elements and bytes of a block, from the GGUF specification.
	want := []struct {
		number      Type
		name        string
		len, bytes  int
		isQuantized bool
	}{
		{0, "F32", 1, 4, false}, {1, "F16", 1, 2, false},
		{2, "Q4_0", 32, 18, true}, {3, "Q4_1", 32, 20, true}, {6, "Q5_0", 32, 22, true},
		{7, "Q5_1", 32, 24, true}, {8, "Q8_0", 32, 34, true},
		{10, "Q2_K", 256, 84, true}, {11, "Q3_K", 256, 110, true}, {12, "Q4_K", 256, 144, true},
		{13, "Q5_K", 256, 176, true}, {14, "Q6_K", 256, 210, true},
		{20, "IQ4_NL", 32, 18, true}, {23, "IQ4_XS", 256, 136, true},
		{30, "BF16", 1, 2, false}, {39, "MXFP4", 32, 17, true},
	}
	var numbers []Type
	for _, w := range want {
		info, ok := Lookup(w.number)
		require.True(t, ok, w.name)
		require.Equal(t, w.name, info.Name)
		require.Equal(t, w.name, w.number.String())
		require.Equal(t, w.len, info.BlockLen, w.name)
		require.Equal(t, w.bytes, info.BlockBytes, w.name)
		require.Equal(t, w.isQuantized, w.number.Quantized(), w.name)
		numbers = append(numbers, w.number)
	}
	require.Equal(t, numbers, Types())
}

func TestLookupRefusesTypesThatAreNotRead(t *testing.T) {
	for _, typ := range []Type{4, 5, 9, 16, 29, 38, NumTypes, NumTypes + 1, math.MaxUint32} {
		_, ok := Lookup(typ)
		require.False(t, ok, "%d", typ)
	}
	require.Equal(t, "type 4294967295", Type(math.MaxUint32).String())
}

func TestDecodingNothingWritesNothing(t *testing.T) {
	for _, typ := range Types() {
		table[typ].Decode(nil, nil)
	}
}

func TestScaleMinK4UnpacksEveryGroup(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		var sc, mn [8]byte
		for j := range sc {
			sc[j], mn[j] = byte(rng.IntN(64)), byte(rng.IntN(64))
		}
		var packed [12]byte
		for j := range 4 {
			packed[j] = sc[j] | sc[j+4]>>4<<6
			packed[j+4] = mn[j] | mn[j+4]>>4<<6
			packed[j+8] = sc[j+4]&15 | mn[j+4]<<4
		}
		for j := range 8 {
			gotSc, gotMn := ScaleMinK4(j, packed[:])
			require.Equal(t, sc[j], gotSc, "group %d", j)
			require.Equal(t, mn[j], gotMn, "group %d", j)
		}
	}
}

func TestScalesQ3KUnpacksEveryGroup(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		var want [16]int8
		var packed [12]byte
		for i := range want {
			code := byte(rng.IntN(64))
			want[i] = int8(code) - 32
			packed[i%8] |= code & 15 << (i / 8 * 4)
			packed[8+i%4] |= code >> 4 << (i / 4 * 2)
		}
		require.Equal(t, want, ScalesQ3K(packed[:]))
	}
}

func TestE8M0HalfIsHalfThePowerOfTwo(t *testing.T) {
	for e := range 256 {
		require.Equal(t, float32(math.Ldexp(1, e-128)), E8M0Half(byte(e)), "%d", e)
	}
}
