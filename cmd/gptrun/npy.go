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
// version 1.0), row by row. A plain file gets its name when it is whole, so that
// what was there before is lost only to a success.
type npyWriter struct {
	path string
	file *os.File // path itself where that is no plain file, such as a pipe
	buf  *bufio.Writer
	row  []byte
}

// npyAlign is the multiple of bytes that the header takes.
const npyAlign = 64

func createNPY(path string, rows, columns int) (*npyWriter, error) {
	name := path + ".part"
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		name = path
	}
	file, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	w := &npyWriter{path: path, file: file, buf: bufio.NewWriterSize(file, 1<<20)}
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

// close ends the file; after a failure nothing is left of it.
func (w *npyWriter) close(failed bool) error {
	err := w.buf.Flush()
	if e := w.file.Close(); err == nil {
		err = e
	}
	name := w.file.Name()
	if name == w.path {
		return err
	}
	if !failed && err == nil {
		err = os.Rename(name, w.path)
	}
	if failed || err != nil {
		_ = os.Remove(name)
	}
	return err
}
