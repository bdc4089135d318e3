package kernels

// Float panels are transposed: rows of the file become columns. columnTile
// columns are done at a time, so that what is written stays in the first-level
// cache until its lines are full.
const columnTile = 32

// packWords packs the columns from `from` on of rows of 4-byte values into a
// panel of r rows.
func packWords(dst, src []byte, rows, from, cols, r int) {
	for ; from < cols; from += columnTile {
		to := min(from+columnTile, cols)
		for row := range rows {
			in := src[4*(row*cols+from) : 4*(row*cols+to)]
			out := dst[4*(from*r+row):]
			for {
				le.PutUint32(out, le.Uint32(in))
				if in = in[4:]; len(in) < 4 {
					break
				}
				out = out[4*r:]
			}
		}
	}
}

// packHalves packs the columns from `from` on of rows of 2-byte values into a
// panel of r rows, squares of 4 rows by 4 columns in registers.
func packHalves(dst, src []byte, rows, from, cols, r int) {
	for ; from < cols; from += columnTile {
		to := min(from+columnTile, cols)
		row := 0
		for ; row+4 <= rows; row += 4 {
			k := from
			for ; k+4 <= to; k += 4 {
				packSquare(dst[2*(k*r+row):], src[2*(row*cols+k):], 2*cols, 2*r)
			}
			packHalvesOneByOne(dst, src, row, row+4, k, to, cols, r)
		}
		packHalvesOneByOne(dst, src, row, rows, from, to, cols, r)
	}
}

// packSquare transposes 4 by 4 halves; ld and ldd are bytes between rows.
func packSquare(dst, src []byte, ld, ldd int) {
	x0, x1, x2, x3 := le.Uint64(src), le.Uint64(src[ld:]), le.Uint64(src[2*ld:]), le.Uint64(src[3*ld:])
	x0, x2 = x0&low32|x2<<32, x0>>32|x2&^low32
	x1, x3 = x1&low32|x3<<32, x1>>32|x3&^low32
	const even = 0xffff<<32 | 0xffff
	le.PutUint64(dst, x0&even|x1&even<<16)
	le.PutUint64(dst[ldd:], x0>>16&even|x1&^even)
	le.PutUint64(dst[2*ldd:], x2&even|x3&even<<16)
	le.PutUint64(dst[3*ldd:], x2>>16&even|x3&^even)
}

// packHalvesOneByOne packs the part of rows [row, rows) and columns [from, to).
func packHalvesOneByOne(dst, src []byte, row, rows, from, to, cols, r int) {
	for ; row < rows; row++ {
		for k := from; k < to; k++ {
			le.PutUint16(dst[2*(k*r+row):], le.Uint16(src[2*(row*cols+k):]))
		}
	}
}
