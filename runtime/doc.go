// Package runtime runs a model: it binds a file's tensors to an architecture,
// packs the weights, and evaluates batches of tokens of one or several
// sequences, each with its own cache of keys and values.
package runtime
