package kernels

import "github.com/gptrun/gptrun/quant"

// Set is one tier's implementation of every operation. All tiers give the same
// bits. dst may be the same slice as an input of the same shape.
type Set struct {
	// Name is the tier: generic, avx2, avx512, neon, dotprod or i8mm.
	Name string

	// PanelRows is the number of rows of a panel of a quantized type,
	// FloatPanelRows of F32, F16 and BF16.
	PanelRows, FloatPanelRows int
	// Tokens is the largest number of tokens a tile of a quantized type takes,
	// FloatTokens of F32, F16 and BF16. Neither exceeds MaxTokens.
	Tokens, FloatTokens int

	// Tile multiplies one panel with one group of tokens, by weight type,
	// activation form and number of tokens.
	Tile [quant.NumTypes]Tiles
	// Pack packs panels, by weight type; where it is nil, Go does. See PackFunc.
	Pack [quant.NumTypes]PackFunc
	// RecordBytes is the size of the activation record of one token's block of
	// 32 columns, by form (FormInt8 and FormInt16). Its layout is the tier's own.
	RecordBytes [NumForms]int
	// QuantizeRow writes one token's activation records for x (a multiple of
	// 32 values): the record of block i goes to dst[i*stride:]. form is FormInt8
	// or FormInt16.
	QuantizeRow func(dst []byte, stride int, x []float32, form Form)

	// RMSNorm writes x·r·w, r = 1/sqrt(mean(x²) + eps), to dst.
	RMSNorm func(dst, x, w []float32, eps float32)
	// LayerNorm writes (x−mean)·r·w + b; b may be nil.
	LayerNorm func(dst, x, w, b []float32, eps float32)
	// Add adds x to dst.
	Add func(dst, x []float32)
	// Scale multiplies dst by f.
	Scale func(dst []float32, f float32)
	// SiLUMul writes SiLU(gate)·up, GELUMul GELU(gate)·up (tanh form).
	SiLUMul, GELUMul func(dst, gate, up []float32)
	// SiLU, GELU (tanh form) and GELUErf are elementwise.
	SiLU, GELU, GELUErf func(dst, x []float32)
	// Exp is elementwise.
	Exp func(dst, x []float32)
	// RoPEAdjacent rotates the pairs (x[2i], x[2i+1]), RoPEHalves the pairs
	// (x[i], x[i+n]), by the angle with cos[i] and sin[i]; n = len(cos) and
	// len(x) = 2n.
	RoPEAdjacent, RoPEHalves func(x, cos, sin []float32)
	// ToF16 and FromF16 convert, rounding to nearest even.
	ToF16   func(dst []uint16, src []float32)
	FromF16 func(dst []float32, src []uint16)

	// The parts of attention over one chunk; see Attention.
	Attn AttnOps
}

// MaxTokens bounds Set.Tokens and Set.FloatTokens.
const MaxTokens = 12

// TileFunc computes dst[t*ld+r] for every row r of the panel and every token t
// of the group: R rows (padding rows included) times T tokens. steps is the
// number of k values for float types and of blocks of 32 k for the others. act
// is one group as PackAct writes it.
type TileFunc func(dst *float32, ld int, panel, act *byte, steps int)

// PackFunc packs columns of all rows of a panel: steps blocks of 32 columns, a
// multiple of 8 where the type has super-blocks of 256, from rows rowBytes apart
// in a file. It reads exactly these, and prefetches as many bytes in order, from
// `ahead` bytes past src on.
type PackFunc func(dst, src *byte, rowBytes, steps, ahead int)

// Tiles holds a type's tile functions: index by activation form, then by
// tokens (1…Set.Tokens).
type Tiles [NumForms][MaxTokens + 1]TileFunc

// Form is how a matrix product's activations are stored.
type Form uint8

const (
	FormFloat Form = iota // float32, for float weights
	FormInt8              // one int8 term a value, blocks of 32
	FormInt16             // two int8 terms a value (q = 128·hi + lo), blocks of 32

	NumForms = 3 // tables indexed by Form have this length
)
