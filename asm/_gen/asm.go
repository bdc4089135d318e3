package main

import (
	"fmt"
	"strings"
)

// reg is a vector register.
type reg int

func (r reg) String() string { return fmt.Sprintf("Y%d", int(r)) }

// low is the register's lower half.
func (r reg) low() string { return fmt.Sprintf("X%d", int(r)) }

// General registers, the same in every tile.
const (
	regDst   = "DI"  // dst, then the token's row of it
	regLd    = "SI"  // bytes from one token's row to the next
	regPanel = "BX"  // panel, running
	regAct   = "CX"  // activations, running
	regSteps = "DX"  // steps left
	regHead  = "R8"  // head of the super-block
	regCount = "R9"  // inner loop's steps left
	regAct2  = "R10" // activations of the third token on
)

// mem is a memory operand: a register and an offset.
func mem(base string, offset int) string {
	if offset == 0 {
		return "(" + base + ")"
	}
	return fmt.Sprintf("%d(%s)", offset, base)
}

func imm(v int) string { return fmt.Sprintf("$%d", v) }

// source collects the text of one assembly file.
type source struct {
	b strings.Builder
}

func (s *source) line(format string, args ...any) {
	fmt.Fprintf(&s.b, format+"\n", args...)
}

// ins writes one instruction, operands in Go's order (destination last), and
// what it means.
func (s *source) ins(comment, op string, operands ...any) {
	var list []string
	for _, o := range operands {
		list = append(list, fmt.Sprint(o))
	}
	text := fmt.Sprintf("\t%-13s %s", op, strings.Join(list, ", "))
	if comment != "" {
		text = fmt.Sprintf("%-56s // %s", text, comment)
	}
	s.line("%s", text)
}

// function opens a function of the tiles' signature and loads its arguments.
func (s *source) function(name, what string) {
	s.line("\n// func %s(dst *float32, ld int, panel, act *byte, steps int)", name)
	s.line("// %s", what)
	s.line("TEXT ·%s(SB), NOSPLIT, $0-40", name)
	s.ins("", "MOVQ", "dst+0(FP)", regDst)
	s.ins("", "MOVQ", "ld+8(FP)", regLd)
	s.ins("", "MOVQ", "panel+16(FP)", regPanel)
	s.ins("", "MOVQ", "act+24(FP)", regAct)
	s.ins("", "MOVQ", "steps+32(FP)", regSteps)
	s.ins("floats to bytes", "SHLQ", "$2", regLd)
}

func (s *source) end() {
	s.ins("", "VZEROUPPER")
	s.ins("", "RET")
}

func (s *source) label(name string) { s.line("\n%s:", name) }

// loopHead is a label that a loop comes back to.
func (s *source) loopHead(name string) {
	s.line("")
	s.ins("", "PCALIGN", "$32")
	s.line("%s:", name)
}

// blocks emits the loop over the blocks of a quantised panel; actBytes are a
// block's records of all tokens. super is emitted for each super-block, in types
// that have them.
func (s *source) blocks(w *weight, actBytes int, super, block func()) {
	if len(w.head) > 0 {
		s.loopHead("super")
		s.ins("head: the super-block's scales", "MOVQ", regPanel, regHead)
		s.ins("", "ADDQ", imm(w.bytes(w.head)), regPanel)
		super()
		s.ins("", "MOVQ", imm(superBlocks), regCount)
	}
	s.loopHead("block")
	block()
	s.ins("next block", "ADDQ", imm(w.bytes(w.block)), regPanel)
	s.ins("", "ADDQ", imm(actBytes), regAct)
	if len(w.head) > 0 {
		s.ins("", "DECQ", regCount)
		s.ins("", "JNZ", "block")
		s.ins("next super-block", "SUBQ", imm(superBlocks), regSteps)
		s.ins("", "JNZ", "super")
	} else {
		s.ins("", "DECQ", regSteps)
		s.ins("", "JNZ", "block")
	}
}

// constant is 32 bytes of read-only data.
type constant struct {
	name  string
	bytes [32]byte
	what  string
}

// repeat makes a constant of 32 bytes by repeating b.
func repeat(name, what string, b ...byte) constant {
	c := constant{name: name, what: what}
	for i := range c.bytes {
		c.bytes[i] = b[i%len(b)]
	}
	return c
}

func (c constant) String() string { return c.name + "<>(SB)" }

func (s *source) data(c constant) {
	s.line("\n// %s", c.what)
	for i := 0; i < 32; i += 8 {
		var v uint64
		for j := range 8 {
			v |= uint64(c.bytes[i+j]) << (8 * j)
		}
		s.line("DATA %s<>+%d(SB)/8, $0x%016x", c.name, i, v)
	}
	s.line("GLOBL %s<>(SB), RODATA|NOPTR, $32", c.name)
}
