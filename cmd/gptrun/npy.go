package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"strings"
)

// npyWriter writes a NumPy array, float32 in C order (NumPy's "NPY format",
// version 1.0), row by row.
type npyWriter struct {
	file *os.File
	buf  *bufio.Writer
	row  []byte
}

// npyAlign is the multiple of bytes that the header takes.
const npyAlign = 64

func createNPY(path string, rows, columns int) (*npyWriter, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	w := &npyWriter{file: file, buf: bufio.NewWriterSize(file, 1<<20)}
	const prefix = 10 // magic, version, length
	dict := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", rows, columns)
	pad := npyAlign - (prefix+len(dict)+1)%npyAlign
	dict += strings.Repeat(" ", pad%npyAlign) + "\n"
	header := append([]byte("\x93NUMPY\x01\x00"), 0, 0)
	binary.LittleEndian.PutUint16(header[8:], uint16(len(dict)))
	_, err = w.buf.Write(append(header, dict...))
	return w, err
}

func (w *npyWriter) write(row []float32) error {
	w.row = w.row[:0]
	for _, v := range row {
		w.row = binary.LittleEndian.AppendUint32(w.row, math.Float32bits(v))
	}
	_, err := w.buf.Write(w.row)
	return err
}

// close ends the file; after a failure it is removed, if it is a plain file.
func (w *npyWriter) close(failed bool) error {
	err := w.buf.Flush()
	info, statErr := w.file.Stat()
	if e := w.file.Close(); err == nil {
		err = e
	}
	if (failed || err != nil) && statErr == nil && info.Mode().IsRegular() {
		_ = os.Remove(w.file.Name())
	}
	return err
}
