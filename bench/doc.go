// Package bench measures whole models and single kernels: go test -bench over
// the files in $GPTRUN_LAB/models (Prefill, Decode, DecodeTogether), over every
// kernel beside what the machine can do at most (Kernels, Limits). The command
// compare and the scripts run a peer beside gptrun, and share.sh other processes;
// results holds what they have found.
package bench
