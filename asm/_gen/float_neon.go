package main

import (
	"fmt"
	"strings"
)

const (
	floatRowsARM   = 32 // of a float type's panel
	floatTokensARM = 6  // at most in a tile
	floatWeightARM = 24 // first of four registers of weights
	floatActARM    = 28 // first of two of activations
)

func floatFileARM(w *floatWeight) (name, text string, funcs []string) {
	var s source
	fileHeadOf(&s, "arm64", w.aboutARM())
	s.line("\n#include \"%s\"", macroFile)
	for tokens := 1; tokens <= floatTokensARM; tokens++ {
		fn := fmt.Sprintf("Matmul%sx%dNEON", w.name, tokens)
		w.writeARM(&s, fn, tokens)
		funcs = append(funcs, fn)
	}
	return fmt.Sprintf("matmul_%s_neon_arm64.s", strings.ToLower(w.name)), s.b.String(), funcs
}

func (w *floatWeight) aboutARM() string {
	exact := map[string]string{
		"F32":  "Weights are multiplied as they lie.",
		"F16":  "FCVTL widens weights exactly.",
		"BF16": "A weight's 16 bits are the upper half of an fp32: SHLL widens it.",
	}[w.name]
	return fmt.Sprintf(`Matrix product of %s weights: one panel of %d rows times 1 to %d tokens.
%s
Algebra: none; each result is one chain of FMAs. %s
An FMA takes 2 to 4 cycles and two to four start in each, so that at least 8 chains run
side by side: up to 3 tokens take all rows at once, more take the upper 16 rows after the
lower ones.

Layout of a panel, %d bytes for each k: %d rows' weights; activations: T fp32 for each k.

	k = 0: row 0, row 1 … row %d | k = 1: row 0 …

Registers: v0.. sums (vector v of token t in v[t·vectors+v]), v24 to v27 weights, v28 and
v29 activations. R0 dst, R1 bytes from token to token, R2 panel, R3 activations, R4 k
left; with 4 tokens or more R5 panel, R6 activations and R7 k of the rows being
multiplied, R8 dst of a token, R9 runs of rows left.

Tails: steps may be any number above 0. Missing rows of a panel are zero and their
results are not used.`, w.name, floatRowsARM, floatTokensARM,
		strings.ReplaceAll(floatLoop, "k*64", fmt.Sprintf("k*%d", floatRowsARM)), exact, floatRowsARM*w.bytes, floatRowsARM, floatRowsARM-1)
}

// floatTileARM is one function.
type floatTileARM struct {
	*source
	w       *floatWeight
	tokens  int
	vectors int // of 4 rows, at once
}

func (w *floatWeight) writeARM(s *source, name string, tokens int) {
	t := floatTileARM{s, w, tokens, floatRowsARM / 4}
	if tokens > 3 {
		t.vectors /= 2
	}
	s.functionArm(name, fmt.Sprintf("%d rows, %s; %d rows at once.", floatRowsARM, plural(tokens, "token"), 4*t.vectors))
	if 4*t.vectors == floatRowsARM {
		t.rows(armDst, armPanel, armAct, armSteps)
	} else {
		const panel, act, steps, row, runs = 5, 6, 7, 8, 9
		s.gop("", "MOVD", imm(floatRowsARM/4/t.vectors), gr(runs))
		s.label("rows")
		s.gop("", "MOVD", gr(armPanel), gr(panel))
		s.gop("", "MOVD", gr(armAct), gr(act))
		s.gop("", "MOVD", gr(armSteps), gr(steps))
		s.gop("", "MOVD", gr(armDst), gr(row))
		t.rows(row, panel, act, steps)
		s.advance("next rows", armPanel, 4*t.vectors*w.bytes)
		s.advance("", armDst, 16*t.vectors)
		s.again("", runs, 1, "rows")
	}
	s.line("\tRET")
}

func (t floatTileARM) acc(token, v int) int { return token*t.vectors + v }

// rows emits the product of some rows; the registers are used up.
func (t floatTileARM) rows(dst, panel, act, steps int) {
	for i := range t.tokens * t.vectors {
		t.vop("acc = +0", "MOVI_2D", i, 0)
	}
	t.loopHeadArm("k")
	t.activations(act)
	for first := 0; first < t.vectors; first += 4 {
		t.weights(panel, first)
		for v := first; v < first+4; v++ {
			for i := range t.tokens {
				t.vop(fmt.Sprintf("acc = FMA(w, x%d, acc)", i), "FMLA_4SI", t.acc(i, v), floatWeightARM+v-first, floatActARM+i/4, i%4)
			}
		}
	}
	t.advance("next k", panel, floatRowsARM*t.w.bytes)
	t.advance("", act, 4*t.tokens)
	t.again("", steps, 1, "k")
	t.line("")
	for i := range t.tokens {
		for v := range t.vectors {
			t.store(fmt.Sprintf("dst of token %d", i), t.acc(i, v), dst, 16*v)
		}
		if i+1 < t.tokens {
			t.gop("", "ADD", gr(armLd), gr(dst))
		}
	}
}

// activations emits the tokens' values, and reads no more than these.
func (t floatTileARM) activations(act int) {
	to, left, offset := floatActARM, t.tokens, 0
	if left >= 4 {
		t.vmem("tokens 0..3", false, 16, to, act, 0)
		to, left, offset = to+1, left-4, 16
	}
	switch left {
	case 1:
		t.vmem("the last token", false, 4, to, act, offset)
	case 2:
		t.vmem("two tokens", false, 8, to, act, offset)
	case 3:
		t.vmem("tokens 0 and 1", false, 8, to, act, offset)
		t.vmem("token 2", false, 4, to+1, act, offset+8)
		t.vop("beside them", "ZIP1_2D", to, to, to+1)
	}
}

// weights emits four vectors of weights as fp32.
func (t floatTileARM) weights(panel, first int) {
	for i := 0; i < 4; i += 4 / t.w.bytes {
		v := first + i
		to := floatWeightARM + i
		what := fmt.Sprintf("w of rows %d..%d", 4*v, 4*v+16/t.w.bytes-1)
		t.load(what, to, panel, 4*v*t.w.bytes)
		switch t.w.name {
		case "F16":
			t.vop("", "FCVTL2_4S", to+1, to)
			t.vop("", "FCVTL_4S", to, to)
		case "BF16":
			t.vop("to the upper half", "SHLL2_4S", to+1, to)
			t.vop("", "SHLL_4S", to, to)
		}
	}
}
