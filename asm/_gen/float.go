package main

import (
	"fmt"
	"strings"
)

const (
	floatRows   = 64  // of a float type's panel
	floatTokens = 6   // at most in a tile
	floatChunk  = 128 // k that all sub-tiles take before the next
)

// floatWeight describes a float type.
type floatWeight struct {
	name  string
	bytes int // of an element
}

var floats = []floatWeight{{"F32", 4}, {"F16", 2}, {"BF16", 2}}

// floatVectors is the number of vectors of 8 rows in a sub-tile: enough for 8
// chains of FMAs, whose latency is 4 cycles at two a cycle, and at most 16
// registers.
func floatVectors(tokens int) int {
	switch {
	case tokens == 1:
		return 8
	case tokens <= 3:
		return 4
	}
	return 2
}

func floatFile(w *floatWeight) (name, text string, funcs []string) {
	var s source
	fileHead(&s, w.about())
	for tokens := 1; tokens <= floatTokens; tokens++ {
		fn := fmt.Sprintf("Matmul%sx%dAVX2", w.name, tokens)
		w.write(&s, fn, tokens)
		funcs = append(funcs, fn)
	}
	return fmt.Sprintf("matmul_%s_avx2_amd64.s", strings.ToLower(w.name)), s.b.String(), funcs
}

func (w *floatWeight) about() string {
	return fmt.Sprintf(`Matrix product of %s weights: one panel of 64 rows times 1 to 6 tokens.
%s
Algebra: none; each result is one chain of FMAs. %s
An FMA takes 4 cycles and two start in each, so at least 8 chains run side by side:
1 token: all 64 rows, 8 vectors; 2 and 3 tokens: 32 rows, 4 vectors a token; 4 to 6
tokens: 16 rows, 2 vectors a token. Where the 64 rows take several such sub-tiles,
each runs over %d k before the next does, so that the panel comes from the first
caches; the sums wait in dst meanwhile, which rounds nothing.

Layout of a panel, %d bytes for each k: 64 rows' weights; activations: T fp32 for each k.

	k = 0: row 0, row 1 … row 63 | k = 1: row 0 …

Registers: Y0.. sums (vector v of token t in Y[t·vectors+v]); Y14 weights, Y15 activation
(3 tokens: Y12 to Y14 the activations, Y15 weights). DI dst, SI bytes from token to token,
BX panel, CX activations, DX k left; R8 k of the chunk, R9 k of the sub-tile left,
R10 panel and R11 activations in the sub-tile, R12 sub-tiles left, R13 token's row of dst.

Tails: steps may be any number above 0; the last chunk is shorter. Missing rows of a
panel are zero and their results are not used.`, w.name, floatLoop, w.exact(), floatChunk, floatRows*w.bytes)
}

// exact says how weights become fp32.
func (w *floatWeight) exact() string {
	return map[string]string{
		"F32":  "Weights are multiplied as they lie.",
		"F16":  "VCVTPH2PS widens weights exactly.",
		"BF16": "A weight's 16 bits are the upper half of an fp32: VPMOVZXWD and a shift widen it.",
	}[w.name]
}

const floatLoop = `The Go loop it equals:

	for r, t := range rows and tokens {
		acc := float32(0)
		for k := range steps {
			acc = FMA32(float32(panel[k*64+r]), act[k*T+t], acc)
		}
		dst[t*ld+r] = acc
	}
`

// floatTile is one function.
type floatTile struct {
	*source
	w       *floatWeight
	tokens  int
	vectors int
}

func (w *floatWeight) write(s *source, name string, tokens int) {
	t := floatTile{s, w, tokens, floatVectors(tokens)}
	s.function(name, fmt.Sprintf("%d rows, %s; %d rows at once.", floatRows, plural(tokens, "token"), 8*t.vectors))
	if t.vectors*8 == floatRows {
		t.whole()
	} else {
		t.chunks()
	}
	s.end()
}

func (t floatTile) acc(token, v int) reg { return reg(token*t.vectors + v) }

// step emits one k: every weight vector at panel times every token at act.
func (t floatTile) step(panel, act string) {
	x := func(token int) reg { return reg(15) }
	weight := reg(14)
	if t.tokens*t.vectors+t.tokens < 16 { // all activations in registers
		x = func(token int) reg { return reg(15 - t.tokens + token) }
		weight = 15
	}
	if t.vectors > t.tokens {
		for i := range t.tokens {
			t.ins(fmt.Sprintf("token %d", i), "VBROADCASTSS", mem(act, 4*i), x(i))
		}
		for v := range t.vectors {
			from := mem(panel, v*8*t.w.bytes)
			operand := any(weight)
			if t.tokens == 1 && t.w.name == "F32" {
				operand = from
			} else {
				t.load(from, weight, v)
			}
			for i := range t.tokens {
				t.ins(fmt.Sprintf("acc = FMA(w, x%d, acc)", i), "VFMADD231PS", operand, x(i), t.acc(i, v))
			}
		}
		return
	}
	for v := range t.vectors {
		t.load(mem(panel, v*8*t.w.bytes), reg(13+v), v)
	}
	for i := range t.tokens {
		t.ins(fmt.Sprintf("token %d", i), "VBROADCASTSS", mem(act, 4*i), reg(15))
		for v := range t.vectors {
			t.ins(fmt.Sprintf("acc = FMA(w, x%d, acc)", i), "VFMADD231PS", reg(13+v), reg(15), t.acc(i, v))
		}
	}
}

// load emits eight weights as fp32.
func (t floatTile) load(from string, to reg, v int) {
	what := fmt.Sprintf("w of rows %d..%d", 8*v, 8*v+7)
	switch t.w.name {
	case "F32":
		t.ins(what, "VMOVUPS", from, to)
	case "F16":
		t.ins(what, "VCVTPH2PS", from, to)
	case "BF16":
		t.ins(what, "VPMOVZXWD", from, to)
		t.ins("to the upper half", "VPSLLD", "$16", to, to)
	}
}

// whole emits the tile whose chains fit the registers for all rows.
func (t floatTile) whole() {
	for v := range t.vectors {
		t.ins("acc = +0", "VXORPS", t.acc(0, v), t.acc(0, v), t.acc(0, v))
	}
	t.loopHead("k")
	t.step(regPanel, regAct)
	t.ins("next k", "ADDQ", imm(floatRows*t.w.bytes), regPanel)
	t.ins("", "ADDQ", imm(4*t.tokens), regAct)
	t.ins("", "DECQ", regSteps)
	t.ins("", "JNZ", "k")
	t.line("")
	for v := range t.vectors {
		t.ins("dst", "VMOVUPS", t.acc(0, v), mem(regDst, 32*v))
	}
}

// chunks emits the tile that takes the rows in several sub-tiles.
func (t floatTile) chunks() {
	const chunk, left, panel, act, tiles, row = "R8", "R9", "R10", "R11", "R12", "R13"
	subTiles := floatRows / (8 * t.vectors)
	t.ins("dst = +0", "VXORPS", "Y0", "Y0", "Y0")
	t.ins("", "MOVQ", regDst, row)
	for i := range t.tokens {
		for v := range floatRows / 8 {
			t.ins("", "VMOVUPS", "Y0", mem(row, 32*v))
		}
		if i+1 < t.tokens {
			t.ins("", "ADDQ", regLd, row)
		}
	}
	t.loopHead("chunk")
	t.ins("min(k left, chunk)", "MOVQ", imm(floatChunk), chunk)
	t.ins("", "CMPQ", regSteps, chunk)
	t.ins("", "CMOVQLT", regSteps, chunk)
	t.ins("", "MOVQ", imm(subTiles), tiles)
	t.label("rows")
	t.rows("sums so far", row, func(token, v int) {
		t.ins("", "VMOVUPS", mem(row, 32*v), t.acc(token, v))
	})
	t.ins("", "MOVQ", chunk, left)
	t.ins("", "MOVQ", regPanel, panel)
	t.ins("", "MOVQ", regAct, act)
	t.loopHead("k")
	t.step(panel, act)
	t.ins("next k", "ADDQ", imm(floatRows*t.w.bytes), panel)
	t.ins("", "ADDQ", imm(4*t.tokens), act)
	t.ins("", "DECQ", left)
	t.ins("", "JNZ", "k")
	t.line("")
	t.rows("sums to dst", row, func(token, v int) {
		t.ins("", "VMOVUPS", t.acc(token, v), mem(row, 32*v))
	})
	t.ins("next rows", "ADDQ", imm(32*t.vectors), regDst)
	t.ins("", "ADDQ", imm(8*t.vectors*t.w.bytes), regPanel)
	t.ins("", "DECQ", tiles)
	t.ins("", "JNZ", "rows")
	t.ins("back to row 0", "SUBQ", imm(4*floatRows), regDst)
	t.ins("row 0 of the next chunk", "LEAQ", mem(panel, -8*t.vectors*(subTiles-1)*t.w.bytes), regPanel)
	t.ins("", "MOVQ", act, regAct)
	t.ins("", "SUBQ", chunk, regSteps)
	t.ins("", "JNZ", "chunk")
}

// rows emits f for every sum with row pointing at the token's row of dst.
func (t floatTile) rows(what, row string, f func(token, v int)) {
	t.ins(what, "MOVQ", regDst, row)
	for i := range t.tokens {
		for v := range t.vectors {
			f(i, v)
		}
		if i+1 < t.tokens {
			t.ins("", "ADDQ", regLd, row)
		}
	}
}
