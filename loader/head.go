package loader

import "bytes"

// ReadMetadata reads the metadata at the beginning of a GGUF file that need not
// be there any further. The error says nothing about the file where data may
// be too short.
func ReadMetadata(data []byte) (*Metadata, error) {
	r := &reader{b: data}
	_, keys, err := r.header()
	if err != nil {
		return nil, err
	}
	m, err := r.metadata(keys)
	if err != nil {
		return nil, err
	}
	return &m, nil
}

// CheckMagic refuses a file that begins with data, of at least four bytes, and
// is no GGUF file. It names formats that people take for GGUF.
func CheckMagic(data []byte) error {
	if !bytes.HasPrefix(data, []byte("GGUF")) {
		return notGGUF(data)
	}
	return nil
}
