// Package exec runs a forward pass: the operations of package kernels over all
// tokens of a batch, split over the workers of a pool.
//
// A [Pass] holds the activations of up to a fixed number of tokens and has a
// method for each operation; an architecture calls them in the order in which
// data flows. Work is split by outputs and never by sums, so the bits of a
// result do not depend on the number of workers, nor on how tokens are batched.
package exec
