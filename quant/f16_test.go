package quant

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func isNaN16(h uint16) bool { return h&0x7fff > 0x7c00 }

func TestEveryHalfHasTheValueOfItsFields(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		got := F16ToF32(h)
		if isNaN16(h) {
			require.True(t, got != got, "%#04x", h)
			continue
		}
		exp, frac := int(h>>10&31), float64(h&0x3ff)
		want := math.Ldexp(1024+frac, exp-25)
		switch exp {
		case 0:
			want = math.Ldexp(frac, -24)
		case 31:
			want = math.Inf(1)
		}
		if h>>15 == 1 {
			want = math.Copysign(want, -1)
		}
		require.Equal(t, math.Float32bits(float32(want)), math.Float32bits(got), "%#04x", h)
	}
}

func TestEveryHalfSurvivesTheWayThroughSingle(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		if isNaN16(h) {
			require.True(t, isNaN16(F32ToF16(F16ToF32(h))), "%#04x", h)
			continue
		}
		require.Equal(t, h, F32ToF16(F16ToF32(h)), "%#04x", h)
	}
}

// Between each finite half and the next in magnitude, the middle goes to the
// even one and the singles beside the middle to the nearer one. Above 65504 the
// next one is 65536, which is infinity.
func TestRoundingBetweenHalvesIsToNearestEven(t *testing.T) {
	for h := range uint16(0x7c00) {
		next := float32(65536)
		if h < 0x7bff {
			next = F16ToF32(h + 1)
		}
		middle := (F16ToF32(h) + next) / 2 // exact
		even := h + h&1
		require.Equal(t, even, F32ToF16(middle), "above %#04x", h)
		require.Equal(t, h, F32ToF16(math.Nextafter32(middle, 0)), "above %#04x", h)
		require.Equal(t, h+1, F32ToF16(math.Nextafter32(middle, next)), "above %#04x", h)
		require.Equal(t, even|0x8000, F32ToF16(-middle), "below minus %#04x", h)
	}
}

func TestRoundingToHalvesEqualsTheReference(t *testing.T) {
	rows := readTestdata(t, "halves.bin")
	require.Zero(t, len(rows)%8)
	for ; len(rows) > 0; rows = rows[8:] {
		bits := binary.LittleEndian.Uint32(rows)
		f := math.Float32frombits(bits)
		f16, bf16 := binary.LittleEndian.Uint16(rows[4:]), binary.LittleEndian.Uint16(rows[6:])
		if f != f {
			require.True(t, isNaN16(F32ToF16(f)), "%#08x", bits)
			back := BF16ToF32(F32ToBF16(f))
			require.True(t, back != back, "%#08x", bits)
			continue
		}
		require.Equal(t, f16, F32ToF16(f), "%#08x (%v) to F16", bits, f)
		require.Equal(t, bf16, F32ToBF16(f), "%#08x (%v) to BF16", bits, f)
	}
}

func TestEveryBF16IsTheUpperHalfOfASingle(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		require.Equal(t, uint32(h)<<16, math.Float32bits(BF16ToF32(h)))
		if h&0x7fff <= 0x7f80 {
			require.Equal(t, h, F32ToBF16(BF16ToF32(h)))
		}
	}
}

func TestF16KeepsANaNsSignAndIsQuiet(t *testing.T) {
	require.Equal(t, uint16(0x7e00), F32ToF16(math.Float32frombits(0x7f800001)))
	require.Equal(t, uint16(0xfe00), F32ToF16(math.Float32frombits(0xff800001)))
	require.Equal(t, uint16(0x7fff), F32ToF16(math.Float32frombits(0x7fffffff)))
	require.Equal(t, uint16(0xffc0), F32ToBF16(math.Float32frombits(0xff800001)))
}
