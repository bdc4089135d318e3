// Package loader turns files into named tensors and typed metadata. It knows
// formats and no models. Formats: GGUF versions 2 and 3, little-endian, whole
// or split (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
//
// A file is mapped read-only, so opening costs no memory and hardly any time,
// and it is checked whole before anything is handed out: every count against
// the bytes that are left, every tensor against the file's real size. A bad
// file gets an error of one line that says what is wrong and where, never a
// panic, nor memory out of proportion.
//
// A mapped file that shrinks cannot be read any more where it was: whoever
// reads tensors does it under Guard, which turns the fault into ErrFault. The
// methods of this package guard themselves.
package loader
