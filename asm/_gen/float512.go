package main

import (
	"fmt"
	"strings"
)

const floatTokens512 = 6

func floatFile512(w *floatWeight) (name, text string, funcs []string) {
	var s source
	fileHead(&s, w.about512())
	for tokens := 1; tokens <= floatTokens512; tokens++ {
		fn := fmt.Sprintf("Matmul%sx%dAVX512", w.name, tokens)
		w.write512(&s, fn, tokens)
		funcs = append(funcs, fn)
	}
	return fmt.Sprintf("matmul_%s_avx512_amd64.s", strings.ToLower(w.name)), s.b.String(), funcs
}

func (w *floatWeight) about512() string {
	return fmt.Sprintf(`Matrix product of %s weights: one panel of 64 rows times 1 to %d tokens.
%s
Algebra: none; each result is one chain of FMAs. %s
An FMA takes 4 cycles and one or two start in each: 4 vectors of 16 rows and the tokens
make as many chains as there are registers for.

Layout of a panel, %d bytes for each k: 64 rows' weights; activations: T fp32 for each k.

	k = 0: row 0, row 1 … row 63 | k = 1: row 0 …

Registers: Z0.. sums (vector v of token t in Z[4t+v]), Z28 to Z31 weights.
DI dst, SI bytes from token to token, BX panel, CX activations, DX k left.

Tails: steps may be any number above 0. Missing rows of a panel are zero and their
results are not used.`, w.name, floatTokens512, floatLoop, w.exact(), floatRows*w.bytes)
}

func (w *floatWeight) write512(s *source, name string, tokens int) {
	const vectors = floatRows / 16
	acc := func(token, v int) zmm { return zmm(vectors*token + v) }
	weights := func(v int) zmm { return zmm(28 + v) }
	s.function(name, fmt.Sprintf("%d rows, %s.", floatRows, plural(tokens, "token")))
	for i := range tokens {
		for v := range vectors {
			s.ins("acc = +0", "VPXORD", acc(i, v), acc(i, v), acc(i, v))
		}
	}
	s.loopHead("k")
	for v := range vectors {
		from := mem(regPanel, 16*v*w.bytes)
		what := fmt.Sprintf("w of rows %d..%d", 16*v, 16*v+15)
		switch w.name {
		case "F32":
			s.ins(what, "VMOVUPS", from, weights(v))
		case "F16":
			s.ins(what, "VCVTPH2PS", from, weights(v))
		case "BF16":
			s.ins(what, "VPMOVZXWD", from, weights(v))
			s.ins("to the upper half", "VPSLLD", "$16", weights(v), weights(v))
		}
	}
	for i := range tokens {
		for v := range vectors {
			s.ins(fmt.Sprintf("acc = FMA(w, x%d, acc)", i), "VFMADD231PS.BCST", mem(regAct, 4*i), weights(v), acc(i, v))
		}
	}
	s.ins("next k", "ADDQ", imm(floatRows*w.bytes), regPanel)
	s.ins("", "ADDQ", imm(4*tokens), regAct)
	s.ins("", "DECQ", regSteps)
	s.ins("", "JNZ", "k")
	s.line("")
	for i := range tokens {
		for v := range vectors {
			s.ins(fmt.Sprintf("dst of token %d", i), "VMOVUPS", acc(i, v), mem(regDst, 64*v))
		}
		if i+1 < tokens {
			s.ins("", "ADDQ", regLd, regDst)
		}
	}
	s.end()
}
