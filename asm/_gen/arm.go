package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// General registers of arm64 that hold the arguments.
const (
	armDst   = 0 // dst
	armLd    = 1 // bytes from one token's row to the next
	armPanel = 2 // panel, running
	armAct   = 3 // activations, running
	armSteps = 4 // steps left
)

// encoding is how a vector instruction of arm64 is spelled, in GNU's assembly,
// and encoded: D, N and M are registers, which take bits 0, 5 and 16 on, and I is
// a constant between first and last, placed by imm, in which parentheses leave
// nothing to the assembler's precedence, which is not Go's.
type encoding struct {
	text        string
	base        uint32
	imm         string // an expression of i
	first, last int
}

const (
	same16b = "vD.16b, vN.16b, vM.16b"
	same4s  = "vD.4s, vN.4s, vM.4s"
	elem4s  = "vD.4s, vN.4s, vM.s[I]"
	lane    = "((i&1)<<21)|((i>>1)<<11)" // the number of a lane of 32 bits of M
)

// encodings are the instructions that assembly for arm64 is made of, by the names
// of their macros; I ends those with an element or a constant for an operand.
var encodings = map[string]encoding{
	"AND_16B":   {"and " + same16b, 0x4e201c00, "", 0, 0},
	"BIC_16B":   {"bic " + same16b, 0x4e601c00, "", 0, 0},
	"ORR_16B":   {"orr " + same16b, 0x4ea01c00, "", 0, 0},
	"EOR_16B":   {"eor " + same16b, 0x6e201c00, "", 0, 0},
	"BIT_16B":   {"bit " + same16b, 0x6ea01c00, "", 0, 0},
	"BIF_16B":   {"bif " + same16b, 0x6ee01c00, "", 0, 0},
	"SLI_16B":   {"sli vD.16b, vN.16b, #I", 0x6f005400, "((8+i)<<16)", 0, 7},
	"SRI_16B":   {"sri vD.16b, vN.16b, #I", 0x6f004400, "((16-i)<<16)", 1, 8},
	"USHR_4S":   {"ushr vD.4s, vN.4s, #I", 0x6f000400, "((64-i)<<16)", 1, 32},
	"USHL_4S":   {"ushl " + same4s, 0x6ea04400, "", 0, 0},
	"UMAX_4S":   {"umax " + same4s, 0x6ea06400, "", 0, 0},
	"CMHI_4S":   {"cmhi " + same4s, 0x6ea03400, "", 0, 0},
	"SUB_4S":    {"sub " + same4s, 0x6ea08400, "", 0, 0},
	"SUB_16B":   {"sub " + same16b, 0x6e208400, "", 0, 0},
	"UZP1_16B":  {"uzp1 " + same16b, 0x4e001800, "", 0, 0},
	"UZP2_16B":  {"uzp2 " + same16b, 0x4e005800, "", 0, 0},
	"UZP1_8H":   {"uzp1 vD.8h, vN.8h, vM.8h", 0x4e401800, "", 0, 0},
	"UZP2_8H":   {"uzp2 vD.8h, vN.8h, vM.8h", 0x4e405800, "", 0, 0},
	"MOVI_16B":  {"movi vD.16b, #0xI", 0x4f00e400, "((i>>5)<<16)|((i&31)<<5)", 0, 255},
	"MOVI_2D":   {"movi vD.2d, #0xI", 0x6f00e400, "i", 0, 0},
	"USHR_16B":  {"ushr vD.16b, vN.16b, #I", 0x6f000400, "((16-i)<<16)", 1, 8},
	"SHL_16B":   {"shl vD.16b, vN.16b, #I", 0x4f005400, "((8+i)<<16)", 0, 7},
	"SHL_4S":    {"shl vD.4s, vN.4s, #I", 0x4f005400, "((32+i)<<16)", 0, 31},
	"ZIP1_4S":   {"zip1 " + same4s, 0x4e803800, "", 0, 0},
	"ZIP2_4S":   {"zip2 " + same4s, 0x4e807800, "", 0, 0},
	"ZIP1_8H":   {"zip1 vD.8h, vN.8h, vM.8h", 0x4e403800, "", 0, 0},
	"ZIP2_8H":   {"zip2 vD.8h, vN.8h, vM.8h", 0x4e407800, "", 0, 0},
	"ZIP1_2D":   {"zip1 vD.2d, vN.2d, vM.2d", 0x4ec03800, "", 0, 0},
	"UZP1_4S":   {"uzp1 " + same4s, 0x4e801800, "", 0, 0},
	"UZP2_4S":   {"uzp2 " + same4s, 0x4e805800, "", 0, 0},
	"TBL_16B":   {"tbl vD.16b, {vN.16b}, vM.16b", 0x4e000000, "", 0, 0},
	"DUP_4S":    {"dup vD.4s, vN.s[I]", 0x4e040400, "(i<<19)", 0, 3},
	"DUP_2D":    {"dup vD.2d, vN.d[I]", 0x4e080400, "(i<<20)", 0, 1},
	"ADD_4S":    {"add " + same4s, 0x4ea08400, "", 0, 0},
	"ADDP_4S":   {"addp " + same4s, 0x4ea0bc00, "", 0, 0},
	"SADDLP_4S": {"saddlp vD.4s, vN.8h", 0x4e602800, "", 0, 0},
	"MUL_4S":    {"mul " + same4s, 0x4ea09c00, "", 0, 0},
	"MLA_4S":    {"mla " + same4s, 0x4ea09400, "", 0, 0},
	"MLS_4S":    {"mls " + same4s, 0x6ea09400, "", 0, 0},
	"MLS_4SI":   {"mls " + elem4s, 0x6f804000, lane, 0, 3},
	"SMULL_8H":  {"smull vD.8h, vN.8b, vM.8b", 0x0e20c000, "", 0, 0},
	"SMULL2_8H": {"smull2 vD.8h, vN.16b, vM.16b", 0x4e20c000, "", 0, 0},
	"SMLAL_8H":  {"smlal vD.8h, vN.8b, vM.8b", 0x0e208000, "", 0, 0},
	"SMLAL2_8H": {"smlal2 vD.8h, vN.16b, vM.16b", 0x4e208000, "", 0, 0},
	"SDOT_4SI":  {"sdot vD.4s, vN.16b, vM.4b[I]", 0x4f80e000, lane, 0, 3},
	"SMMLA_4S":  {"smmla vD.4s, vN.16b, vM.16b", 0x4e80a400, "", 0, 0},
	"SXTL_8H":   {"sxtl vD.8h, vN.8b", 0x0f08a400, "", 0, 0},
	"UXTL_8H":   {"uxtl vD.8h, vN.8b", 0x2f08a400, "", 0, 0},
	"SXTL_4S":   {"sxtl vD.4s, vN.4h", 0x0f10a400, "", 0, 0},
	"UXTL_4S":   {"uxtl vD.4s, vN.4h", 0x2f10a400, "", 0, 0},
	"SXTL2_4S":  {"sxtl2 vD.4s, vN.8h", 0x4f10a400, "", 0, 0},
	"UXTL2_4S":  {"uxtl2 vD.4s, vN.8h", 0x6f10a400, "", 0, 0},
	"SCVTF_4S":  {"scvtf vD.4s, vN.4s", 0x4e21d800, "", 0, 0},
	"SCVTF_4SI": {"scvtf vD.4s, vN.4s, #I", 0x4f00e400, "((64-i)<<16)", 1, 32},
	"FCVTL_4S":  {"fcvtl vD.4s, vN.4h", 0x0e217800, "", 0, 0},
	"FCVTL2_4S": {"fcvtl2 vD.4s, vN.8h", 0x4e217800, "", 0, 0},
	"SHLL_4S":   {"shll vD.4s, vN.4h, #16", 0x2e613800, "", 0, 0},
	"SHLL2_4S":  {"shll2 vD.4s, vN.8h, #16", 0x6e613800, "", 0, 0},
	"FCVTN_4H":  {"fcvtn vD.4h, vN.4s", 0x0e216800, "", 0, 0},
	"FCVTN2_8H": {"fcvtn2 vD.8h, vN.4s", 0x4e216800, "", 0, 0},
	"FCVTNS_4S": {"fcvtns vD.4s, vN.4s", 0x4e21a800, "", 0, 0},
	"FRINTN_4S": {"frintn vD.4s, vN.4s", 0x4e218800, "", 0, 0},
	"FNEG_4S":   {"fneg vD.4s, vN.4s", 0x6ea0f800, "", 0, 0},
	"FABS_4S":   {"fabs vD.4s, vN.4s", 0x4ea0f800, "", 0, 0},
	"FCMGT_4S":  {"fcmgt " + same4s, 0x6ea0e400, "", 0, 0},
	"FMIN_4S":   {"fmin " + same4s, 0x4ea0f400, "", 0, 0},
	"FMAX_4S":   {"fmax " + same4s, 0x4e20f400, "", 0, 0},
	"FADD_4S":   {"fadd " + same4s, 0x4e20d400, "", 0, 0},
	"FSUB_4S":   {"fsub " + same4s, 0x4ea0d400, "", 0, 0},
	"FDIV_4S":   {"fdiv " + same4s, 0x6e20fc00, "", 0, 0},
	"FMUL_4S":   {"fmul " + same4s, 0x6e20dc00, "", 0, 0},
	"FMUL_4SI":  {"fmul " + elem4s, 0x4f809000, lane, 0, 3},
	"FMLA_4S":   {"fmla " + same4s, 0x4e20cc00, "", 0, 0},
	"FMLA_4SI":  {"fmla " + elem4s, 0x4f801000, lane, 0, 3},
	"FMLS_4S":   {"fmls " + same4s, 0x4ea0cc00, "", 0, 0},
	"FMLS_4SI":  {"fmls " + elem4s, 0x4f805000, lane, 0, 3},
}

// registers are the letters of an encoding's registers, in order.
func (e encoding) registers() (letters []string) {
	for _, l := range []string{"D", "N", "M"} {
		if strings.Contains(e.text, "v"+l) {
			letters = append(letters, l)
		}
	}
	return letters
}

const macroFile = "words_arm64.h"

// macros is the header file of encodings.
func macros() string {
	var b strings.Builder
	b.WriteString(`// Code generated by go run ./_gen; DO NOT EDIT.

// Vector instructions of arm64 that Go's assembler lacks, and some of those it
// has, so that all operands stand in one order: destination first, as in GNU's
// assembly. Operands are the numbers of registers D, N and M and a constant I.
// A test disassembles them.
`)
	for _, name := range slices.Sorted(maps.Keys(encodings)) {
		e := encodings[name]
		limits, args, sum := "", "", fmt.Sprintf("0x%08x", e.base)
		for i, l := range e.registers() {
			l = strings.ToLower(l)
			args += ", " + l
			sum += []string{"|" + l, "|(" + l + "<<5)", "|(" + l + "<<16)"}[i]
		}
		if e.imm != "" {
			limits = fmt.Sprintf("; I = %d..%d", e.first, e.last)
			args += ", i"
			sum += "|" + e.imm
		}
		fmt.Fprintf(&b, "\n// %s%s\n#define %s(%s) WORD $(%s)\n", e.text, limits, name, args[2:], sum)
	}
	return b.String()
}

// vop writes a vector instruction: the numbers of its registers, destination
// first, and where it has one a constant.
func (s *source) vop(remark, name string, operands ...int) {
	e, ok := encodings[name]
	n := len(e.registers())
	if e.imm != "" {
		n++
	}
	if !ok || n != len(operands) || e.imm != "" && (operands[n-1] < e.first || operands[n-1] > e.last) {
		panic(fmt.Sprint("no such instruction: ", name, operands))
	}
	s.remarked(fmt.Sprintf("%s(%s)", name, strings.Trim(strings.ReplaceAll(fmt.Sprint(operands), " ", ", "), "[]")), remark)
}

func (s *source) remarked(text, remark string) {
	if remark != "" {
		text = fmt.Sprintf("%-26s // %s", text, remark)
	}
	s.line("\t%s", text)
}

// vmem writes a load or store of 16, 8 or 4 bytes, offset from a general
// register.
func (s *source) vmem(remark string, store bool, size, v, base, offset int) {
	op := map[int]string{16: "FMOVQ", 8: "FMOVD", 4: "FMOVS"}[size]
	text := fmt.Sprintf("%s %s, F%d", op, mem(gr(base), offset), v)
	if store {
		text = fmt.Sprintf("%s F%d, %s", op, v, mem(gr(base), offset))
	}
	s.remarked(text, remark)
}

func (s *source) load(remark string, v, base, offset int) {
	s.vmem(remark, false, 16, v, base, offset)
}

func (s *source) store(remark string, v, base, offset int) {
	s.vmem(remark, true, 16, v, base, offset)
}

// gop writes an instruction on general registers.
func (s *source) gop(remark, op string, operands ...string) {
	s.remarked(op+" "+strings.Join(operands, ", "), remark)
}

// gr is a general register's name.
func gr(n int) string { return fmt.Sprintf("R%d", n) }

// functionArm opens a function of the tiles' signature and loads its arguments.
func (s *source) functionArm(name, what string) {
	s.line("\n// func %s(dst *float32, ld int, panel, act *byte, steps int)", name)
	s.line("// %s", what)
	s.line("TEXT ·%s(SB), NOSPLIT, $0-40", name)
	s.argumentsARM()
}

func (s *source) argumentsARM() {
	for i, arg := range []string{"dst+0", "ld+8", "panel+16", "act+24", "steps+32"} {
		s.gop("", "MOVD", arg+"(FP)", gr(i))
	}
	s.gop("floats to bytes", "LSL", "$2", gr(armLd), gr(armLd))
}

// loopHeadArm is a label that a loop comes back to.
func (s *source) loopHeadArm(name string) {
	s.line("\n\tPCALIGN $16")
	s.line("%s:", name)
}

// advance adds to a general register.
func (s *source) advance(remark string, reg, n int) { s.gop(remark, "ADD", imm(n), gr(reg)) }

// again goes back to a label until n more steps are done.
func (s *source) again(remark string, reg, n int, label string) {
	s.gop(remark, "SUBS", imm(n), gr(reg))
	s.gop("", "BNE", label)
}
