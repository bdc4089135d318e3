package main

import "fmt"

// General registers of attention's tiles on arm64.
const (
	armOut    = 0  // rows that are written
	armLdo    = 1  // bytes from row to row
	armIn     = 2  // rows of factors
	armLdi    = 3  // bytes from row to row
	armKV     = 4  // keys or values
	armDim    = 5  // scores: channels; values: bytes from position to position
	armTiles  = 6  // panels or groups of 8 channels left
	armStep   = 7  // scores: bytes of a panel; values: positions
	armRows   = 8  // first of the rows of factors, running
	armN      = 14 // channels or positions left
	armSide   = 15 // scores: the second panel; values: the tile's channels, running
	armOutRow = 16 // a row that is written
)

const scoresAboutARM = scoresLoop + `
A vector holds 4 positions of one channel, so that no sum runs across lanes; FMLA
takes a query's factor from a lane of its vector of 4 channels. A tile is one panel,
16 positions; with up to three queries it is two panels, to have enough independent
sums.

Registers: v0… the sums, by query, then 4 positions; then the queries' channels and
keys as float32.
R0 s, R1 bytes from row to row; R2 q, R3 bytes from row to row; R4 keys, running, R15
those of the second panel; R5 dim; R6 panels left; R7 bytes of a panel; R8… the
queries, running; R14 channels left; R16 a row of s.

Tails: what is left of 4 channels goes one by one. A panel is always whole.
`

const valuesAboutARM = valuesLoop + `
A vector holds 4 channels of one position, so that no sum runs across lanes; FMLA
takes a query's weight from a lane of its vector of 4 positions. The channels are taken
some vectors at a time, whose sums stay in registers over all positions; then by 16
and by 8.

Registers: v0… the sums, by query, then 4 channels; then the queries' weights and
values as float32.
R0 o, R1 bytes from row to row; R2 e, R3 bytes from row to row; R4 values of the tile's
channels, R15 the same, running, R5 bytes from position to position; R6 groups of 8
channels left; R7 positions; R8… the queries' weights, running; R14 positions left;
R16 a row of o.

Tails: what is left of 4 positions goes one by one. The caller does what is left of 8
channels.
`

// armTileRegs are the vector registers of a tile of queries by pairs of vectors.
type armTileRegs struct {
	*source
	e              element
	queries, pairs int
}

func (t armTileRegs) acc(q, v int) int { return q*2*t.pairs + v }

func (t armTileRegs) factor(q int) int { return t.acc(t.queries, q) }

// argumentsOf loads the arguments, 8 bytes each, into registers from R0 on.
func (s *source) argumentsOf(names ...string) {
	for i, name := range names {
		s.gop("", "MOVD", fmt.Sprintf("%s+%d(FP)", name, 8*i), gr(i))
	}
}

func scoresFuncARM(s *source, e element, q int, name, args string) {
	s.line("\n// func %s(%s)", name, args)
	s.line("TEXT ·%s(SB), NOSPLIT, $0-56", name)
	s.argumentsOf("s", "lds", "q", "ldq", "k", "dim", "panels")
	s.gop("floats to bytes", "LSL", "$2", gr(armLdo), gr(armLdo))
	s.gop("floats to bytes", "LSL", "$2", gr(armLdi), gr(armLdi))
	s.gop("", "MOVD", imm(2*e.bytes), gr(armStep))
	s.gop("bytes of a panel", "MUL", gr(armDim), gr(armStep), gr(armStep))
	const one = "panels1"
	if q <= 3 {
		s.label("panels2")
		s.gop("", "CMP", "$2", gr(armTiles))
		s.gop("", "BLT", one)
		s.gop("the second panel", "ADD", gr(armStep), gr(armKV), gr(armSide))
		scoresTileARM(s, e, q, []int{armKV, armSide})
		s.gop("it is done too", "MOVD", gr(armSide), gr(armKV))
		s.advance("", armOut, 128)
		s.gop("", "SUB", "$2", gr(armTiles))
		s.gop("", "B", "panels2")
	}
	s.label(one)
	s.gop("", "CBZ", gr(armTiles), "done")
	scoresTileARM(s, e, q, []int{armKV})
	s.advance("", armOut, 64)
	s.gop("", "SUB", "$1", gr(armTiles))
	s.gop("", "B", one)
	s.label("done")
	s.line("\tRET")
}

// scoresTileARM is q queries by the 16 positions of each of one or two panels.
func scoresTileARM(s *source, e element, q int, panels []int) {
	t := armTileRegs{s, e, q, 2 * len(panels)}
	for i := range t.factor(0) {
		t.vop("sum = +0", "MOVI_2D", i, 0)
	}
	row := 2 * e.bytes // of one channel
	t.overFactors(fmt.Sprintf("channels%d", len(panels)), armDim, func(i int) {
		for pair := range t.pairs {
			t.products(i, pair, panels[pair/2], i*row+pair%2*e.bytes)
		}
	}, func(n int) {
		for _, p := range panels {
			t.advance("", p, n*row)
		}
	})
	t.sums(t.store)
}

func valuesFuncARM(s *source, e element, q int, name, args string) {
	s.line("\n// func %s(%s)", name, args)
	s.line("TEXT ·%s(SB), NOSPLIT, $0-64", name)
	s.argumentsOf("o", "ldo", "e", "lde", "v", "ldv", "vectors", "positions")
	s.gop("floats to bytes", "LSL", "$2", gr(armLdo), gr(armLdo))
	s.gop("floats to bytes", "LSL", "$2", gr(armLdi), gr(armLdi))
	s.gop("elements to bytes", "LSL", imm(e.bytes/16), gr(armDim), gr(armDim))
	widths := valuesWidths[q]
	for i, n := range widths {
		next := "done"
		if i+1 < len(widths) {
			next = fmt.Sprintf("vectors%d", widths[i+1])
		}
		s.label(fmt.Sprintf("vectors%d", n))
		s.gop("", "CMP", imm(n), gr(armTiles))
		s.gop("", "BLT", next)
		valuesTileARM(s, e, q, n)
		s.advance("", armOut, 32*n)
		s.advance("", armKV, e.bytes*n)
		s.gop("", "SUB", imm(n), gr(armTiles))
		s.gop("", "B", fmt.Sprintf("vectors%d", n))
	}
	s.label("done")
	s.line("\tRET")
}

// valuesTileARM is q queries by n groups of 8 channels.
func valuesTileARM(s *source, e element, q, n int) {
	t := armTileRegs{s, e, q, n}
	t.sums(t.load)
	t.gop("", "MOVD", gr(armKV), gr(armSide))
	t.overFactors(fmt.Sprintf("positions%d", n), armStep, func(i int) {
		for pair := range t.pairs {
			t.products(i, pair, armSide, pair*e.bytes)
		}
		t.gop("next position", "ADD", gr(armDim), gr(armSide))
	}, func(int) {})
	t.sums(t.store)
}

// sums emits f for every sum and its place in memory.
func (t armTileRegs) sums(f func(remark string, v, base, offset int)) {
	t.gop("", "MOVD", gr(armOut), gr(armOutRow))
	for q := range t.queries {
		for v := range 2 * t.pairs {
			f(fmt.Sprintf("sum[%d][%d:%d]", q, 4*v, 4*v+4), t.acc(q, v), armOutRow, 16*v)
		}
		if q+1 < t.queries {
			t.gop("", "ADD", gr(armLdo), gr(armOutRow))
		}
	}
}

// overFactors emits the loop over as many factors as a register says, four of them
// at a time, then one: products emits those of the i-th, next goes on by n.
func (t armTileRegs) overFactors(name string, count int, products func(i int), next func(n int)) {
	for q := range t.queries {
		if q == 0 {
			t.gop("", "MOVD", gr(armIn), gr(armRows))
			continue
		}
		t.gop("", "ADD", gr(armLdi), gr(armRows+q-1), gr(armRows+q))
	}
	t.gop("", "MOVD", gr(count), gr(armN))
	t.loopHeadArm(name)
	t.gop("", "CMP", "$4", gr(armN))
	t.gop("", "BLT", name+"Left")
	for q := range t.queries {
		t.remarked(fmt.Sprintf("VLD1.P 16(R%d), [V%d.S4]", armRows+q, t.factor(q)), fmt.Sprintf("factors of query %d", q))
	}
	for i := range 4 {
		products(i)
	}
	next(4)
	t.gop("", "SUB", "$4", gr(armN))
	t.gop("", "B", name)
	t.label(name + "Left")
	t.gop("", "CBZ", gr(armN), name+"Done")
	for q := range t.queries {
		t.remarked(fmt.Sprintf("FMOVS.P 4(R%d), F%d", armRows+q, t.factor(q)), fmt.Sprintf("factor of query %d", q))
	}
	products(0)
	next(1)
	t.gop("", "SUB", "$1", gr(armN))
	t.gop("", "B", name+"Left")
	t.label(name + "Done")
}

// products adds those of the factors in a lane and a pair of vectors, from memory.
// Pairs take turns in the registers that are left.
func (t armTileRegs) products(lane, pair, base, offset int) {
	first := t.factor(t.queries)
	v := first + 2*((lane*t.pairs+pair)%((32-first)/2))
	t.load("", v, base, offset)
	if t.e.bytes == 16 {
		t.vop("", "FCVTL2_4S", v+1, v)
		t.vop("", "FCVTL_4S", v, v)
	} else {
		t.load("", v+1, base, offset+16)
	}
	for q := range t.queries {
		for half := range 2 {
			t.vop(fmt.Sprintf("sum[%d] += factor[%d]*vector", q, q), "FMLA_4SI", t.acc(q, 2*pair+half), v+half, t.factor(q), lane)
		}
	}
}
