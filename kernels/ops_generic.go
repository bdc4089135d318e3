package kernels

// AttnOps are the parts of attention.
type AttnOps struct{}

// fillOpsGeneric fills in everything but the matrix products.
func fillOpsGeneric(s *Set) {}
