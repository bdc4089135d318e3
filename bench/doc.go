// Package bench measures whole models and single kernels: go test -bench over
// the files in $GPTRUN_LAB/models (Prefill, Decode), over every kernel beside
// what the machine can do at most (Kernels, Limits), and scripts that run a peer
// beside gptrun.
package bench
