// Package loader turns files into named tensors and typed metadata. It knows
// formats and no models.
//
// A file is mapped read-only and checked whole before anything is handed out:
// every count against the bytes that are left, every tensor against the file's
// real size. A bad file gets an error of one line that names what is wrong and
// where, never a panic.
package loader
