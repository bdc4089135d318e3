package kernels

import "github.com/gptrun/gptrun/quant"

// layout says how a quantized type lies in a panel of R rows. A panel is a
// sequence of blocks of 32 columns; types with super-blocks of 256 columns have
// head bytes before every eighth. Within a block the rows' values of one kind
// stand together: first byte scales, then planes of codes, then float scales.
//
// A plane is a sequence of vectors of R lanes of four bytes, lane = row. Group
// j of a block is its columns 4j…4j+3, one in each byte b of a lane:
//
//	nibble plane, 4 vectors: vector v holds group 2v in the low nibbles and
//	                         group 2v+1 in the high ones
//	bit plane, 1 vector:     bit j of byte b belongs to column 4j+b
//	pair plane, 2 vectors:   vector p, bits 2i and 2i+1 belong to group 4p+i
//	byte plane, 8 vectors:   vector j holds group j
//
//	type    head        block
//	Q4_0                nibbles, f16 d
//	Q4_1                nibbles, f16 d, f16 m
//	Q5_0                nibbles, bits, f16 d
//	Q5_1                nibbles, bits, f16 d, f16 m
//	Q8_0                bytes (code + 128), f16 d
//	IQ4_NL              nibbles, f16 d
//	MXFP4               nibbles, f32 d
//	IQ4_XS  f16 d       int8 scale, nibbles
//	Q4_K    f16 d, dmin byte scale, byte min, nibbles
//	Q5_K    f16 d, dmin byte scale, byte min, nibbles, bits
//	Q6_K    f16 d       two int8 scales, nibbles, pairs (bits 4 and 5)
//	Q3_K    f16 d       two int8 scales, pairs, bits (bit 2)
//	Q2_K    f16 d, dmin two bytes (scale, min<<4), pairs
type layout struct {
	head, block int // bytes a row
	// pack packs two whole rows; it takes its argument by value because what
	// is passed to a function value by pointer lies on the heap.
	pack func(p packing)
}

var layouts = [quant.NumTypes]layout{
	quant.Q4_0:   {0, 18, packQ4_0},
	quant.Q4_1:   {0, 20, packQ4_1},
	quant.Q5_0:   {0, 22, packQ5_0},
	quant.Q5_1:   {0, 24, packQ5_1},
	quant.Q8_0:   {0, 34, packQ8_0},
	quant.IQ4_NL: {0, 18, packQ4_0},
	quant.MXFP4:  {0, 20, packMXFP4},
	quant.IQ4_XS: {2, 17, packIQ4_XS},
	quant.Q4_K:   {4, 18, packQ4_K},
	quant.Q5_K:   {4, 22, packQ5_K},
	quant.Q6_K:   {2, 26, packQ6_K},
	quant.Q3_K:   {2, 14, packQ3_K},
	quant.Q2_K:   {4, 10, packQ2_K},
}

const (
	blockCols = 32
	superCols = 256
)

// PanelRowsOf is the number of rows of a panel of type t.
func (s *Set) PanelRowsOf(t quant.Type) int {
	if t.Quantized() {
		return s.PanelRows
	}
	return s.FloatPanelRows
}

// Panels is the number of panels that rows of type t make.
func (s *Set) Panels(t quant.Type, rows int) int {
	r := s.PanelRowsOf(t)
	return (rows + r - 1) / r
}

// PanelBytes is the size of a panel of type t with the given columns.
func (s *Set) PanelBytes(t quant.Type, cols int) int {
	r := s.PanelRowsOf(t)
	if !t.Quantized() {
		info, _ := quant.Lookup(t)
		return r * cols * info.BlockBytes
	}
	l := &layouts[t]
	return r * (cols/blockCols*l.block + cols/superCols*l.head)
}

// PackPanel packs rows (at most a panel's) of cols values of type t, as GGUF
// has them in src, into dst, which has PanelBytes bytes. Missing rows become
// rows of zeros.
func (s *Set) PackPanel(t quant.Type, dst, src []byte, rows, cols int) {
	r, from := s.PanelRowsOf(t), 0
	if rows < r {
		clear(dst)
	} else if s.Pack[t] != nil {
		from = s.packColumns(t, dst, src, rows, cols)
	}
	switch {
	case from == cols:
	case t == quant.F32:
		packWords(dst, src, rows, from, cols, r)
	case !t.Quantized():
		packHalves(dst, src, rows, from, cols, r)
	default:
		packRows(t, dst, src, rows, r)
	}
}

// packRows packs rows of a quantized type into a panel of r rows.
func packRows(t quant.Type, dst, src []byte, rows, r int) {
	rowBytes := len(src) / rows
	for row := 0; row < rows; row += 2 {
		p := packing{dst: dst, a: src[row*rowBytes : (row+1)*rowBytes], row: row, rows: r}
		if row+1 < rows {
			p.b, p.stride = src[(row+1)*rowBytes:(row+2)*rowBytes], 1
		} else {
			p.b = zeroBlock[:]
		}
		layouts[t].pack(p)
	}
}

const (
	// packSteps blocks of 32 columns are packed in one call of assembly: some
	// microseconds.
	packSteps = 64
	// packAhead is how far ahead of what is read the file is prefetched, at least:
	// the next panel, or a later one where panels are small.
	packAhead = 16 << 10
)

// packColumns packs a panel that has all its rows with the tier's assembly, as
// many blocks of 32 columns as there are, and returns how many columns that is.
func (s *Set) packColumns(t quant.Type, dst, src []byte, rows, cols int) int {
	info, _ := quant.Lookup(t)
	rowBytes, blocks := len(src)/rows, cols/blockCols
	perStep := s.PanelBytes(t, cols-cols%blockCols) / max(1, blocks)
	for from := 0; from < blocks; from += packSteps {
		n := min(packSteps, blocks-from)
		at := from * blockCols / info.BlockLen * info.BlockBytes
		// A call reads parts of all rows, but what follows is prefetched in order.
		ahead := max(packAhead, len(src)) + at*(rows-1)
		callPack(s.Pack[t], dst[from*perStep:], src[at:], rowBytes, n, ahead)
	}
	return blocks * blockCols
}

// callPack is a real call around an assembly routine, as call is.
//
//go:noinline
func callPack(f PackFunc, dst, src []byte, rowBytes, steps, ahead int) {
	f(&dst[0], &src[0], rowBytes, steps, ahead)
}
