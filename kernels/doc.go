// Package kernels holds the operations of a decoder on slices: matrix
// products, attention, norms, rotary embedding and activation functions.
//
// Every operation has one defined order of floating-point operations (see
// ARCHITECTURE.md) and every tier, generic Go included, computes exactly those
// bits; the tests compare with ==. A [Set] is one tier's table of functions.
// Functions here are single-threaded and allocate nothing: package runtime
// splits the work.
package kernels
