//go:build amd64 && !purego

package asm_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"unsafe"

	"github.com/gptrun/gptrun/kernels"
	"github.com/gptrun/gptrun/quant"
)

type tileFn = func(dst *float32, ld int, panel, act *byte, steps int)

type def struct {
	name                                                              string
	head, blk                                                         int
	d, m, nib, bit, pair, byt, sc, mn, sc0, sc1                        int // -1 none
	dh, dmh                                                           int
	off                                                               int
	table                                                             []int
	bitAt, pairAt                                                     int
	f32d, signed, both                                                bool
}

var iq = []int{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}
var mx = []int{0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12}

func nd() def {
	return def{d: -1, m: -1, nib: -1, bit: -1, pair: -1, byt: -1, sc: -1, mn: -1, sc0: -1, sc1: -1, dh: -1, dmh: -1, bitAt: 4, pairAt: 0}
}
func mk(name string, f func(*def)) def { d := nd(); d.name = name; f(&d); return d }

var defs = []def{
	mk("Q4_0", func(d *def) { d.nib = 0; d.d = 128; d.blk = 144; d.off = 8 }),
	mk("Q4_1", func(d *def) { d.nib = 0; d.d = 128; d.m = 144; d.blk = 160 }),
	mk("Q5_0", func(d *def) { d.nib = 0; d.bit = 128; d.d = 160; d.blk = 176; d.off = 16 }),
	mk("Q5_1", func(d *def) { d.nib = 0; d.bit = 128; d.d = 160; d.m = 176; d.blk = 192 }),
	mk("Q8_0", func(d *def) { d.byt = 0; d.d = 256; d.blk = 272; d.off = 128 }),
	mk("IQ4_NL", func(d *def) { d.nib = 0; d.d = 128; d.blk = 144; d.table = iq }),
	mk("MXFP4", func(d *def) { d.nib = 0; d.d = 128; d.f32d = true; d.blk = 160; d.table = mx }),
	mk("IQ4_XS", func(d *def) { d.head = 16; d.dh = 0; d.sc = 0; d.signed = true; d.nib = 8; d.blk = 136; d.table = iq }),
	mk("Q4_K", func(d *def) { d.head = 32; d.dh = 0; d.dmh = 16; d.sc = 0; d.mn = 8; d.nib = 16; d.blk = 144 }),
	mk("Q5_K", func(d *def) { d.head = 32; d.dh = 0; d.dmh = 16; d.sc = 0; d.mn = 8; d.nib = 16; d.bit = 144; d.blk = 176 }),
	mk("Q6_K", func(d *def) { d.head = 16; d.dh = 0; d.sc0 = 0; d.sc1 = 8; d.signed = true; d.nib = 16; d.pair = 144; d.pairAt = 4; d.blk = 208; d.off = 32 }),
	mk("Q3_K", func(d *def) { d.head = 16; d.dh = 0; d.sc0 = 0; d.sc1 = 8; d.signed = true; d.pair = 16; d.bit = 80; d.bitAt = 2; d.blk = 112; d.off = 4 }),
	mk("Q2_K", func(d *def) { d.head = 32; d.dh = 0; d.dmh = 16; d.sc0 = 0; d.sc1 = 8; d.both = true; d.pair = 16; d.blk = 80 }),
}

func f16(b []byte) float32 { return quant.F16ToF32(binary.LittleEndian.Uint16(b)) }

func (d *def) code(blk []byte, r, k int) int {
	c := 0
	if d.nib >= 0 {
		v, rest := k/8, k%8
		x := blk[d.nib+32*v+4*r+rest%4]
		if rest >= 4 {
			x >>= 4
		}
		c |= int(x & 15)
	}
	if d.bit >= 0 {
		c |= int(blk[d.bit+4*r+k%4]>>(k/4)&1) << d.bitAt
	}
	if d.pair >= 0 {
		c |= int(blk[d.pair+32*(k/16)+4*r+k%4]>>(2*(k%16/4))&3) << d.pairAt
	}
	if d.byt >= 0 {
		c = int(blk[d.byt+32*(k/4)+4*r+k%4])
	}
	if d.table != nil {
		return d.table[c]
	}
	return c - d.off
}

func (d *def) size(steps int) int {
	n := steps * d.blk
	if d.head > 0 {
		n += steps / 8 * d.head
	}
	return n
}

func (d *def) ref(dst []float32, ld int, panel, act []byte, steps, T int, wide bool) {
	for r := range 8 {
		for t := range T {
			acc := float32(0)
			p := panel
			var head []byte
			for i := range steps {
				if d.head > 0 && i%8 == 0 {
					head, p = p[:d.head], p[d.head:]
				}
				b := p[:d.blk]
				p = p[d.blk:]
				rec := act[(i*T+t)*128:]
				fl := func(o int) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(rec[o:])) }
				in := func(o int) int { return int(int32(binary.LittleEndian.Uint32(rec[o:]))) }
				var half [2]int
				for k := range 32 {
					j := k / 4
					pos := []int{0, 2, 1, 3}[k%4]
					q := int(int16(binary.LittleEndian.Uint16(rec[32+8*j+2*pos:])))
					half[k/16] += d.code(b, r, k) * q
				}
				ad := fl(96)
				sum := half[0] + half[1]
				var dw float32
				switch {
				case d.f32d:
					dw = math.Float32frombits(binary.LittleEndian.Uint32(b[d.d+4*r:]))
				case d.d >= 0:
					dw = f16(b[d.d+2*r:])
				default:
					dw = f16(head[d.dh+2*r:])
				}
				if d.sc >= 0 {
					sc := float32(b[d.sc+r])
					if d.signed {
						sc = float32(int8(b[d.sc+r]))
					}
					dw *= sc
				}
				var mn [2]int
				if d.sc0 >= 0 {
					s := [2]int{int(b[d.sc0+r]), int(b[d.sc1+r])}
					if d.signed {
						s = [2]int{int(int8(b[d.sc0+r])), int(int8(b[d.sc1+r]))}
					}
					if d.both {
						mn = [2]int{s[0] >> 4, s[1] >> 4}
						s = [2]int{s[0] & 15, s[1] & 15}
					}
					sum = half[0]*s[0] + half[1]*s[1]
				}
				acc = kernels.FMA32(float32(sum), dw*ad, acc)
				switch {
				case d.m >= 0:
					acc = kernels.FMA32(f16(b[d.m+2*r:]), fl(100), acc)
				case d.mn >= 0:
					acc = kernels.FMA32(-(f16(head[d.dmh+2*r:]) * float32(b[d.mn+r])), fl(100), acc)
				case d.both:
					acc = kernels.FMA32(-f16(head[d.dmh+2*r:]), ad*float32(int32(mn[0]*in(108)+mn[1]*in(112))), acc)
				}
			}
			dst[t*ld+r] = acc
		}
	}
}

func randAct(rng *rand.Rand, n int, wide bool) []byte {
	act := make([]byte, n*128)
	for i := range n {
		rec := act[i*128:]
		N, H := 0, [2]int{}
		for k := range 32 {
			q := rng.IntN(255) - 127
			if rng.IntN(4) == 0 {
				q = 127 - 254*rng.IntN(2)
			}
			if wide {
				q = rng.IntN(2*16256+1) - 16256
				if rng.IntN(4) == 0 {
					q = 16256 * (1 - 2*rng.IntN(2))
				}
			} else {
				rec[k] = byte(int8(q))
			}
			pos := []int{0, 2, 1, 3}[k%4]
			binary.LittleEndian.PutUint16(rec[32+8*(k/4)+2*pos:], uint16(int16(q)))
			N += q
			H[k/16] += q
		}
		d := rng.Float32() * 0.01
		put := func(o int, v uint32) { binary.LittleEndian.PutUint32(rec[o:], v) }
		put(96, math.Float32bits(d))
		put(100, math.Float32bits(d*float32(N)))
		put(104, uint32(int32(N)))
		put(108, uint32(int32(H[0])))
		put(112, uint32(int32(H[1])))
	}
	return act
}

func (d *def) randPanel(rng *rand.Rand, steps int, tame bool) []byte {
	p := make([]byte, d.size(steps))
	for i := range p {
		p[i] = byte(rng.Uint32())
	}
	if !tame {
		return p
	}
	fix := func(b []byte) {
		for r := range 8 {
			binary.LittleEndian.PutUint16(b[2*r:], quant.F32ToF16(rng.Float32()*0.1-0.05))
		}
	}
	q := p
	for i := range steps {
		if d.head > 0 && i%8 == 0 {
			fix(q[d.dh:])
			if d.dmh >= 0 {
				fix(q[d.dmh:])
			}
			q = q[d.head:]
		}
		if d.f32d {
			for r := range 8 {
				binary.LittleEndian.PutUint32(q[d.d+4*r:], math.Float32bits(rng.Float32()))
			}
		} else if d.d >= 0 {
			fix(q[d.d:])
		}
		if d.m >= 0 {
			fix(q[d.m:])
		}
		q = q[d.blk:]
	}
	return p
}

func fnOf(name string) map[string]tileFn { return nil }

func eq(a, b float32) bool { return a == b || a != a && b != b }

func TestScratchQuantised(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	s := scratchSet()
	for _, d := range defs {
		var ty quant.Type
		for _, q := range quant.Types() {
			if q.String() == d.name || equalFold(q.String(), d.name) {
				ty = q
			}
		}
		for form := kernels.FormInt8; form <= kernels.FormInt16; form++ {
			wide := form == kernels.FormInt16
			for T := 1; T <= 4; T++ {
				for trial := range 12 {
					steps := 8 * (1 + rng.IntN(4))
					if d.head == 0 {
						steps = 1 + rng.IntN(30)
					}
					panel, act := d.randPanel(rng, steps, trial%3 != 0), randAct(rng, steps*T, wide)
					ld := 8 + rng.IntN(9)
					want, got := make([]float32, ld*T), make([]float32, ld*T)
					d.ref(want, ld, panel, act, steps, T, wide)
					s.Tile[ty][form][T](&got[0], ld, &panel[0], &act[0], steps)
					for i := range want {
						if !eq(want[i], got[i]) {
							t.Fatalf("%s form %d T %d steps %d: [%d] want %v got %v", d.name, form, T, steps, i, want[i], got[i])
						}
					}
				}
			}
		}
	}
	_ = reflect.TypeOf
}

func equalFold(a, b string) bool { return fmt.Sprintf("%s", a) == b }

func TestScratchFloat(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	s := scratchSet()
	for _, ty := range []quant.Type{quant.F32, quant.F16, quant.BF16} {
		for T := 1; T <= 6; T++ {
			for _, k := range []int{1, 2, 127, 128, 129, 256, 300, 511} {
				w := make([]float32, k*64)
				panel := make([]byte, 0, k*64*4)
				for i := range w {
					x := rng.Float32() - 0.5
					switch ty {
					case quant.F32:
						panel = binary.LittleEndian.AppendUint32(panel, math.Float32bits(x))
						w[i] = x
					case quant.F16:
						h := quant.F32ToF16(x)
						panel = binary.LittleEndian.AppendUint16(panel, h)
						w[i] = quant.F16ToF32(h)
					case quant.BF16:
						h := quant.F32ToBF16(x)
						panel = binary.LittleEndian.AppendUint16(panel, h)
						w[i] = quant.BF16ToF32(h)
					}
				}
				act := make([]float32, k*T)
				for i := range act {
					act[i] = rng.Float32() - 0.5
				}
				ld := 64 + rng.IntN(9)
				got := make([]float32, ld*T)
				s.Tile[ty][0][T](&got[0], ld, &panel[0], (*byte)(unsafe.Pointer(&act[0])), k)
				for tt := range T {
					for r := range 64 {
						acc := float32(0)
						for i := range k {
							acc = kernels.FMA32(w[i*64+r], act[i*T+tt], acc)
						}
						if acc != got[tt*ld+r] {
							t.Fatalf("%v T %d k %d r %d want %v got %v", ty, T, k, r, acc, got[tt*ld+r])
						}
					}
					for r := 64; r < ld; r++ {
						if got[tt*ld+r] != 0 {
							t.Fatal("wrote past")
						}
					}
				}
			}
		}
	}
}

func scratchSet() *kernels.Set {
	s, err := kernels.Select("avx2")
	if err != nil {
		panic(err)
	}
	return s
}
