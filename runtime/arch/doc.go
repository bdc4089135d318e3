// Package arch holds the model architectures: one file and one row of the
// table each.
//
// An architecture reads its hyperparameters and binds the file's tensors by
// name, checking every shape, and then states its forward pass as a page of
// operations in the order in which data flows.
package arch
