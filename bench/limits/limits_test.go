package limits

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/runtime/pool"
)

func TestReadersAddUpEveryWord(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{256, 512, 64 << 10} {
		b := make([]byte, n)
		want := uint64(0)
		for i := 0; i < n; i += 8 {
			v := r.Uint64()
			binary.LittleEndian.PutUint64(b[i:], v)
			want += v
		}
		require.Equal(t, want, readWords(b), "Go, %d bytes", n)
		for tier, read := range readers {
			if available(tier) {
				require.Equal(t, want, read(b), "%s, %d bytes", tier, n)
			}
		}
	}
}

// With operands of one every accumulator counts its multiplications, so that a
// loop that does other work than it says shows here.
func TestLoopsDoTheOperationsTheyCount(t *testing.T) {
	for _, s := range kernels.Available() {
		for _, l := range []*Loop{Products(s.Name), Sums(s.Name)} {
			if l == nil {
				continue
			}
			t.Run(s.Name+"/"+l.Name, func(t *testing.T) {
				rounds := 3
				if l.Name == "VPMADDUBSW ymm" { // adds nothing up
					rounds = 1
				}
				var acc [64]byte
				l.Run(&acc, rounds)
				require.Equal(t, l.Ops*rounds, 2*total(l.Name, acc[:]))
			})
		}
	}
}

// total adds up the lanes as the instruction has them.
func total(name string, acc []byte) (n int) {
	for i := 0; i < len(acc); i += 4 {
		v := binary.LittleEndian.Uint32(acc[i:])
		switch name {
		case "VPMADDUBSW ymm":
			n += int(v&0xffff) + int(v>>16)
		case "SDOT", "SMMLA", "VPDPBUSD zmm":
			n += int(v)
		default:
			n += int(math.Float32frombits(v))
		}
	}
	return n
}

func TestEveryAssemblyTierHasItsSums(t *testing.T) {
	for _, s := range kernels.Available() {
		require.Equal(t, s.Name != "generic", Sums(s.Name) != nil, s.Name)
	}
	require.Nil(t, Products("no such tier"))
}

func TestRatesAreOfTheBestRun(t *testing.T) {
	const slow = 20 * time.Millisecond
	runs := 0
	l := Limit{Work: 1, Run: func() {
		if runs++; runs == 1 {
			time.Sleep(slow)
		}
	}}
	require.Greater(t, l.Rate(2*slow), 1/float64(slow), "thousands of runs took no time")
}

func TestLimitsCountWhatTheyDo(t *testing.T) {
	p := pool.New(2)
	defer p.Close()
	p.Lock()
	defer p.Unlock()
	limits := map[string]Limit{
		"stream": Stream(p, make([]byte, 3<<20+5)),
		"reread": Reread(p, 1000, 3),
	}
	require.Equal(t, float64(3<<20), limits["stream"].Work)
	require.Equal(t, 768.0*3*2, limits["reread"].Work)
	if l := Sums(kernels.Available()[len(kernels.Available())-1].Name); l != nil {
		limits["sums"] = l.Repeat(p, 6000)
		require.Equal(t, float64(l.Ops)*6000*2, limits["sums"].Work)
	}
	for name, l := range limits {
		require.Positive(t, l.Rate(time.Millisecond), name)
	}
}
